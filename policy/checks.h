#pragma once

#include <array>
#include <string>

#include "policy/policy.h"

namespace entente::policy {

// What all checks of one question share.
struct Facts {
  explicit Facts(const Question& asked);
  const Question& question;
  const Constraints& constraints;
  const model::Party& recipient;
  bool same_org;        // the recipient is the sender's own organisation
  bool addressed;       // the recipient is named among the addressees
  model::Label label;   // that counts now
  std::string_view relationship;  // that would carry a permit; empty for none
};

// One check's answer. `reason` and `remedy` are set when it failed.
struct Finding {
  Result result;
  std::string detail;
  RejectReason reason = RejectReason::kNone;
  std::string remedy;
};

struct Check {
  std::string_view name;
  Finding (*run)(const Facts&);
};
// In reporting order: the first that fails gives a denial its reason. docs/policy.md explains each.
inline constexpr size_t kCheckCount = 15;
extern const std::array<Check, kCheckCount> kChecks;
inline constexpr std::string_view kMarkingCheck = "marking";  // a failure here quarantines

}  // namespace entente::policy
