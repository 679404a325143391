#pragma once

#include <array>
#include <optional>
#include <string>

#include "policy/matrix.h"
#include "policy/policy.h"

namespace entente::policy {

// What all checks of one question share.
struct Facts {
  explicit Facts(const Question& asked);
  const Question& question;
  const Constraints& constraints;
  const Standing& standing;
  const model::Party& recipient;
  bool same_org;           // the recipient is the sender's own organisation
  bool to_public;          // nobody in particular
  bool addressed;          // the recipient is named among the addressees
  bool direct;             // from the origin, or by its token
  bool embargoed;          // an embargo runs
  bool crosses_border;     // unknown nations count as foreign
  model::Label label;      // that counts now
  uint16_t relationships;  // bits of those that hold
  std::optional<Carrier> carrier;
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
inline constexpr size_t kCheckCount = 17;
extern const std::array<Check, kCheckCount> kChecks;
inline constexpr std::string_view kMarkingCheck = "marking";  // a failure here quarantines

// What a permit under these facts asks for and gives.
Obligations ObligationsOf(const Facts& facts);
// Onward hops that the recipient may still make; unset for no limit.
std::optional<uint32_t> HopsLeft(const Facts& facts);
// What may go where the content may not.
WithoutContent InsteadOf(const Facts& facts);

}  // namespace entente::policy
