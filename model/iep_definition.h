#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "model/iep.h"
#include "model/json.h"

namespace entente::model {

inline constexpr std::string_view kIepExtension = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a";

// Whether the object is a marking-definition that carries the IEP extension, well formed or not.
bool IsIepDefinition(const JsonValue& object);

// The policy of an IEP 2.0 marking-definition (draft of 19 December 2022). Every statement of the policy has to be
// there in one of its words: what is missing, misspelt, of another kind or beside another marking language is not
// understood. Refuses with kMarking, with what and where. REQUIRES IsIepDefinition.
absl::StatusOr<Iep> ReadIep(const JsonValue& object);

}  // namespace entente::model
