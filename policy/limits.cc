#include "policy/finding.h"

// Limits on use: whose sector, IEP, PAP, purpose and time.
namespace entente::policy {
namespace {

using enum RejectReason;

// The declared use is among `permitted`.
Finding CheckUse(const Facts& facts, const std::vector<std::string>& permitted, const std::string& whose) {
  const std::optional<std::string>& use = facts.standing.use;
  if (!use) {
    return Fail(kPolicyUnsupported, "for " + Joined(permitted) + " only, and no use is agreed with " + Who(facts),
                "agree a use with " + Who(facts) + ", or its origin must publish it again without a purpose");
  }
  if (Holds(permitted, *use)) return Pass("for " + model::Escaped(*use, 64));
  return Fail(kPolicyPurpose, whose + " is for " + Joined(permitted) + ", not for " + model::Escaped(*use, 64),
              "its origin must publish it again for that purpose");
}

}  // namespace

Finding CheckSector(const Facts& facts) {
  const std::vector<std::string>& wanted = facts.constraints.sector_to;
  if (wanted.empty()) return Skip("no sector named");
  if (facts.same_org) return Pass("own organisation");
  const std::string who = Who(facts);
  if (facts.to_public) {
    return Fail(kPolicySector, "for sectors " + Joined(wanted) + ", and the public is in none",
                "its origin must publish it again without sectors");
  }
  for (const std::string& sector : facts.recipient.sectors) {
    if (Holds(wanted, sector)) return Pass("in sector " + model::Escaped(sector, 64));
  }
  return Fail(kPolicySector, "for sectors " + Joined(wanted) + ", and " + who + " is in none of them",
              "record the sector of " + who + " with entente peer add, if it is in one");
}

Finding CheckIep(const Facts& facts) {
  if (!facts.question.iep) return Skip("no IEP policy");
  if (facts.same_org) return Pass("own organisation");
  const model::Iep& iep = *facts.question.iep;
  if (facts.question.now < iep.start || facts.question.now >= iep.end) {
    return Fail(kPolicyIepDate, "its IEP policy counts at another time",
                "its provider must publish it under one that counts now");
  }
  if (iep.encrypt_in_transit && facts.question.plaintext) {
    return Fail(kPolicyIepPlain, "its IEP policy demands encryption on the way", "send it sealed");
  }
  if (!iep.unmodified_resale && facts.standing.reseller) {
    return Fail(kPolicyIepResale, "its IEP policy forbids resale, and " + Who(facts) + " resells",
                "agree with " + Who(facts) + " that it does not resell");
  }
  return Pass("kept");
}

Finding CheckPap(const Facts& facts) {
  if (facts.constraints.pap < model::Pap::kAmber) return Skip("actions not limited");
  if (facts.same_org) return Pass("own organisation");
  const std::optional<bool>& attested = facts.standing.terms.pap_attested;
  if (attested && *attested) return Pass("attested");
  const std::string again = "its origin must publish it again under PAP:GREEN or none";
  if (attested) return Fail(kPolicyPap, Who(facts) + " has not attested to keep PAP", again);
  return Fail(kPolicyUnsupported,
              "its PAP limits actions, and whether " + Who(facts) + " attested to keep it is not known", again);
}

Finding CheckPurpose(const Facts& facts) {
  const std::vector<std::string>& wanted = facts.constraints.purpose;
  const std::optional<std::vector<std::string>>& agreed = facts.standing.terms.purposes;
  if (facts.same_org) return wanted.empty() ? Skip("any purpose") : Pass("own organisation");
  if (!wanted.empty()) {
    Finding of_object = CheckUse(facts, wanted, "it");
    if (of_object.result == Result::kFail || !agreed) return of_object;
  }
  if (!agreed || facts.to_public) return Skip("any purpose");
  return CheckUse(facts, *agreed, "the agreement");
}

Finding CheckRetention(const Facts& facts) {
  if (facts.constraints.retain_until == absl::InfiniteFuture()) return Skip("no end");
  if (facts.question.now < facts.constraints.retain_until) return Pass("not over");
  return Fail(kPolicyUnsupported, "it was to be kept only until a moment that has passed",
              "its origin must publish it again with a later end");
}

}  // namespace entente::policy
