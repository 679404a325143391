#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/stix_object.h"

namespace entente::model {

inline constexpr size_t kMaxDerivedBytes = 1u << 20;  // of the source; from a larger object nothing is derived

// What is taken out of a copy of an object.
struct Redaction {
  std::vector<std::string> remove;      // names of top-level properties, as local rules name them
  std::vector<std::string> references;  // STIX ids that the copy may not name
};

// The two kinds of id that are computed from a name, without their type: UUIDs of version 5.
struct NamedIds {
  std::function<std::string(ByteView name)> derived;     // of derived objects, in a namespace of the origin's own
  std::function<std::string(ByteView name)> observable;  // of cyber-observables, in the namespace of STIX 2.1
};

// A new object with less in it (docs/formats/derived.md).
struct DerivedObject {
  Bytes content;  // canonical JSON (RFC 8785)
  std::string id;
  std::vector<std::string> removed;  // properties that are gone, and lists that lost references; sorted
};

// The same source, version and redaction give the same bytes and id, whatever order the redaction has and whatever it
// names that is not there. Refuses with kPolicyRule, and a sentence that holds no value: nothing is left to remove,
// the type needs what would go, a value that is removed stands elsewhere too, or more than is looked through.
// Does not ask who may have the result: policy does, of the result.
absl::StatusOr<DerivedObject> Derive(const StixObject& source, const Redaction& redaction, const NamedIds& ids);

}  // namespace entente::model
