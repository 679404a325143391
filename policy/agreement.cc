#include "policy/constraints.h"
#include "policy/finding.h"

namespace entente::policy {
namespace {

using model::Label;
using enum RejectReason;

// What would let a label pass that is above the ceiling. The ceiling alone is named only where raising it is enough.
std::string RemedyAboveCeiling(const Facts& facts) {
  const std::string raise =
      "raise the ceiling of " + facts.recipient.name + " with entente peer add --ceiling " + LabelName(facts.label);
  const Finding matrix = CheckTlp(facts);
  if (matrix.result == Result::kFail) {
    const bool address = facts.direct && IsLabel(facts.label) && facts.label < Label::kRed &&
                         facts.relationships != 0 && matrix.remedy.find("--to") != std::string::npos;
    return address ? raise + ", and " + matrix.remedy : matrix.remedy;
  }
  const Finding hops = CheckHops(facts);
  return hops.result == Result::kFail ? hops.remedy : raise;
}

}  // namespace

Finding CheckAgreement(const Facts& facts) {
  if (facts.same_org) return Skip("own organisation");
  if (facts.to_public || facts.standing.unverified) return Skip("none is needed for what is public");
  const std::string& name = facts.recipient.name;
  const Terms& terms = facts.standing.terms;
  if (!facts.question.agreement || facts.recipient.org.IsZero()) {
    return Fail(kPolicyAgreement, "no agreement with " + name + " is in force",
                "accept " + name + " with entente peer add; where an agreement was ended, entente agreement propose " + name);
  }
  if (terms.suspended && !facts.question.hotline) {
    return Fail(kPolicySuspended, "the agreement with " + name + " is suspended",
                "both sides sign it anew: `entente agreement propose " + name + " --as-before`, and they accept");
  }
  if (facts.question.now >= terms.legal_until) {
    return Fail(kPolicyLegalBasis, "the legal basis of the agreement with " + name + " has lapsed",
                "agree a new one: `entente agreement propose " + name + " --as-before`");
  }
  if (!terms.covers) {
    return Fail(kPolicyScope, "the agreement with " + name + " does not cover objects of this class",
                "agree this class with " + name);
  }
  if (!IsLabel(facts.recipient.ceiling) || facts.label > facts.recipient.ceiling) {
    const std::string label = LabelName(facts.label), ceiling = LabelName(facts.recipient.ceiling);
    return Fail(kPolicyScope, label + " is above the ceiling agreed with " + name + ", " + ceiling,
                RemedyAboveCeiling(facts));
  }
  if (!IsLabel(terms.ceiling) || facts.label > terms.ceiling) {
    return Fail(kPolicyScope, LabelName(facts.label) + " is above what was agreed with " + name + ", " + LabelName(terms.ceiling),
                "agree more with " + name + ": `entente agreement propose " + name + " --ceiling " + LabelName(facts.label) + "`");
  }
  return Pass("in force");
}

}  // namespace entente::policy
