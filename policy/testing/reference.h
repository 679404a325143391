#pragma once

#include <optional>
#include <string>

#include "policy/policy.h"

namespace entente::policy::testing {

// What docs/policy.md says of a question. Written from the page alone, in another form than the engine and without its
// code, so that an error in one is no error in the other.
struct Answer {
  std::string reason = "NONE";  // by name
  std::string relationship;
  Obligations obligations = 0;
  Actions actions = 0;
  std::optional<uint32_t> hops_left;
  WithoutContent instead = WithoutContent::kNothing;
  bool operator==(const Answer&) const = default;
};
Answer Reference(const Question& question);
// The engine's answer in the same form, for comparison.
Answer Reported(const Decision& decision);

}  // namespace entente::policy::testing
