#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/entente/client.h"
#include "services/entente/output.h"

namespace entente::cli {

// The decision as people read it: verdict, numbered trace, what would change it. `demo play` shows the same.
// Its checks alone, and what would change it.
void PrintTrace(const Terminal& terminal, const google::protobuf::RepeatedPtrField<v1::TraceStep>& trace,
                const std::string& remedy);
void PrintExplanation(const Terminal& terminal, const std::string& id, const std::string& peer,
                      const v1::ExplainReply& reply);

}  // namespace entente::cli
