#include "policy/actions.h"
#include "policy/checks.h"

namespace entente::policy {

// The only maker of Permits.
struct Engine {
  static Permit MakePermit(const Facts& facts, Obligations obligations) {
    Permit permit;
    permit.recipient_ = facts.recipient.org;
    permit.label_ = facts.label;
    permit.relationship_ = Name(facts.carrier->relationship);
    permit.obligations_ = obligations;
    permit.hops_left_ = HopsLeft(facts);
    permit.actions_ =
        ActionsAfterReceipt({facts.label, facts.constraints.pap, facts.question.iep ? &*facts.question.iep : nullptr,
                             facts.standing.terms.actions, !facts.constraints.exercise_id.empty()});
    return permit;
  }
};

Decision Evaluate(const Rules&, const Question& question) {
  const Facts facts(question);
  Decision decision{Denial{RejectReason::kInternal, false, {}, WithoutContent::kNothing}, {}};
  decision.trace.reserve(kChecks.size() + 1);
  bool permitted = true;
  const auto deny = [&](RejectReason reason, bool quarantine, std::string remedy) {
    if (permitted) decision.outcome = Denial{reason, quarantine, std::move(remedy), WithoutContent::kNothing};
    permitted = false;
  };
  for (const Check& check : kChecks) {
    Finding finding = check.run(facts);
    if (finding.result == Result::kFail) deny(finding.reason, check.name == kMarkingCheck, std::move(finding.remedy));
    decision.trace.push_back({std::string(check.name), finding.result, std::move(finding.detail)});
  }
  const Obligations obligations = ObligationsOf(facts);
  if (obligations != 0 && !question.honours_obligations) {
    deny(RejectReason::kPolicyUnsupported, false, "ask where what a permit obliges to is done");
    decision.trace.push_back({"obligations", Result::kFail, "nobody says that what a permit obliges to is done"});
  }
  if (permitted) {
    decision.outcome = Engine::MakePermit(facts, obligations);
  } else {
    std::get<Denial>(decision.outcome).instead = InsteadOf(facts);
  }
  return decision;
}

}  // namespace entente::policy
