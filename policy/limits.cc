#include "policy/finding.h"

namespace entente::policy {
namespace {

using enum RejectReason;

// Unknown nations count as foreign.
bool CrossesBorder(const Facts& facts) {
  return facts.question.sender.nation.empty() || facts.question.sender.nation != facts.recipient.nation;
}

}  // namespace

Finding CheckSector(const Facts& facts) {
  const std::vector<std::string>& wanted = facts.constraints.sector_to;
  if (wanted.empty()) return Skip("no sector named");
  if (facts.same_org) return Pass("own organisation");
  for (const std::string& sector : facts.recipient.sectors) {
    if (Holds(wanted, sector)) return Pass("in sector " + model::Escaped(sector, 64));
  }
  const std::string& name = facts.recipient.name;
  return Fail(kPolicySector, "for sectors " + Joined(wanted) + ", and " + name + " is in none of them",
              "record the sector of " + name + " with entente peer add, if it is in one");
}

Finding CheckPersonalData(const Facts& facts) {
  const PersonalData stated = facts.constraints.personal_data;
  if (stated == PersonalData::kUnstated || stated == PersonalData::kNone) return Skip("none stated");
  if (facts.same_org) return Pass("own organisation");
  if (stated == PersonalData::kPresent && !CrossesBorder(facts)) return Pass("stays in " + facts.recipient.nation);
  return Fail(kPolicyUnsupported,
              stated == PersonalData::kPresent
                  ? "it holds personal data, which this version sends across no border"
                  : "it holds special personal data, which this version sends to no other organisation",
              "its origin must remove the personal data and publish a new object");
}

Finding CheckPurpose(const Facts& facts) {
  if (facts.constraints.purpose.empty()) return Skip("any purpose");
  if (facts.same_org) return Pass("own organisation");
  return Fail(kPolicyUnsupported,
              "for " + Joined(facts.constraints.purpose) + " only, and no use is agreed with " + facts.recipient.name,
              "this version agrees no purposes; its origin must publish it again without one");
}

Finding CheckPap(const Facts& facts) {
  if (facts.constraints.pap < model::Pap::kAmber) return Skip("actions not limited");
  if (facts.same_org) return Pass("own organisation");
  return Fail(kPolicyUnsupported, "its PAP limits actions, and " + facts.recipient.name + " has not attested PAP",
              "this version has no PAP attestation; its origin must publish it again under PAP:GREEN or none");
}

Finding CheckRetention(const Facts& facts) {
  if (facts.constraints.retain_until == absl::InfiniteFuture()) return Skip("no end");
  if (facts.question.now < facts.constraints.retain_until) return Pass("not over");
  return Fail(kPolicyUnsupported, "it was to be kept only until a moment that has passed",
              "its origin must publish it again with a later end");
}

}  // namespace entente::policy
