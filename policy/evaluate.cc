#include "policy/checks.h"

namespace entente::policy {

// The only maker of Permits.
struct Engine {
  static Permit MakePermit(const Facts& facts) {
    Permit permit;
    permit.recipient_ = facts.recipient.org;
    permit.label_ = facts.label;
    permit.relationship_ = facts.relationship;
    return permit;
  }
};

Decision Evaluate(const Rules&, const Question& question) {
  const Facts facts(question);
  Decision decision{Denial{RejectReason::kInternal, false, {}}, {}};
  decision.trace.reserve(kChecks.size());
  bool permitted = true;
  for (const Check& check : kChecks) {
    Finding finding = check.run(facts);
    if (finding.result == Result::kFail && permitted) {
      permitted = false;
      decision.outcome = Denial{finding.reason, check.name == kMarkingCheck, std::move(finding.remedy)};
    }
    decision.trace.push_back({std::string(check.name), finding.result, std::move(finding.detail)});
  }
  if (permitted) decision.outcome = Engine::MakePermit(facts);
  return decision;
}

}  // namespace entente::policy
