#include "policy/checks.h"

#include "policy/constraints.h"
#include "policy/finding.h"

namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using enum RejectReason;

std::string LabelName(Label label) { return IsLabel(label) ? std::string(model::Name(label)) : "no label"; }

RejectReason ReasonNamed(std::string_view name) {
  for (const RejectEntry& info : AllRejectReasons()) {
    if (info.name == name && info.reason != kNone) return info.reason;
  }
  return kMarking;
}

Finding CheckIntegrity(const Facts& facts) {
  if (facts.question.integrity) return Pass("signed and well formed");
  return Fail(kSignature, "signature, schema and suite have not been checked",
              "its origin must send it again, signed");
}

Finding CheckMarking(const Facts& facts) {
  if (const std::string& held = facts.question.quarantine; !held.empty()) {
    const RejectReason reason = ReasonNamed(held);
    return Fail(reason, "held in quarantine: " + std::string(Describe(reason).meaning),
                "correct the object's markings and publish it again");
  }
  if (facts.constraints.label == Label::kUnlabelled) {
    return Fail(kNoLabel, "it has no TLP label", "publish it again with --tlp LABEL");
  }
  if (!IsLabel(facts.constraints.label)) {
    return Fail(kMarking, "its TLP label is unknown", "its origin must publish it again with a TLP 2.0 label");
  }
  if (const std::string_view what = WhatIsMalformed(facts.constraints); !what.empty()) {
    return Fail(kMarking, std::string(what), "its origin must correct its constraints and publish it again");
  }
  return Pass("TLP:" + LabelName(facts.constraints.label));
}

Finding CheckTlp(const Facts& facts);
Finding CheckHops(const Facts& facts);

// What would let a label pass that is above the ceiling. The ceiling alone is named only where raising it is enough.
std::string RemedyAboveCeiling(const Facts& facts) {
  if (const Finding hops = CheckHops(facts); hops.result == Result::kFail) return hops.remedy;
  const Finding matrix = CheckTlp(facts);
  const std::string raise = "raise the ceiling of " + facts.recipient.name + " with entente peer add --ceiling " +
                            LabelName(facts.label);
  if (matrix.result != Result::kFail) return raise;
  const bool address = facts.label < Label::kRed && IsLabel(facts.label) && !facts.relationship.empty() &&
                       facts.recipient.kind != PartyKind::kObserver;
  return address ? raise + ", and " + matrix.remedy : matrix.remedy;
}

Finding CheckAgreement(const Facts& facts) {
  if (facts.same_org) return Skip("own organisation");
  const std::string& name = facts.recipient.name;
  if (!facts.question.agreement || facts.recipient.org.IsZero()) {
    return Fail(kPolicyAgreement, "no agreement with " + name + " is in force",
                "accept " + name + " with entente peer add");
  }
  if (!IsLabel(facts.recipient.ceiling) || facts.label > facts.recipient.ceiling) {
    const std::string label = LabelName(facts.label), ceiling = LabelName(facts.recipient.ceiling);
    return Fail(kPolicyScope, label + " is above the ceiling agreed with " + name + ", " + ceiling,
                RemedyAboveCeiling(facts));
  }
  return Pass("in force");
}

Finding CheckReleasability(const Facts& facts) {
  const Constraints& limits = facts.constraints;
  if (RestrictsClear(limits)) {
    return Fail(kPolicyRelOnClear, "a release restriction on CLEAR is a contradiction",
                "its origin must raise the label or drop the restriction");
  }
  if (limits.orcon && facts.question.hop != Hop::kDirect) {
    return Fail(kPolicyOrcon, "its originator controls onward release and gave no token",
                "ask its originator to share it directly");
  }
  if (limits.rel_to.empty() && limits.not_rel_to.empty()) return Skip("not restricted");
  if (facts.same_org) return Pass("own organisation");
  const std::string& nation = facts.recipient.nation;
  const std::string whose = facts.recipient.name + (nation.empty() ? " (nation unknown)" : " (" + nation + ")");
  if (!limits.rel_to.empty() && !Holds(limits.rel_to, nation)) {
    return Fail(kPolicyRel, "releasable to " + Joined(limits.rel_to) + " only, not to " + whose,
                "its origin must publish it again releasable to " + (nation.empty() ? "that nation" : nation));
  }
  if (!limits.not_rel_to.empty() && (nation.empty() || Holds(limits.not_rel_to, nation))) {
    return Fail(kPolicyRel, "not releasable to " + Joined(limits.not_rel_to) + ", so not to " + whose,
                "its origin must publish it again without that exclusion");
  }
  return Pass("releasable to " + nation);
}

Finding CheckExercise(const Facts& facts) {
  if (facts.constraints.exercise_id.empty()) return Skip("no exercise");
  if (facts.same_org) return Pass("own organisation");
  return Fail(kPolicyExercise, "it belongs to an exercise in which " + facts.recipient.name + " is not enrolled",
              "this version has no exercise lane between organisations; publish it again outside the exercise");
}

Finding CheckGroup(const Facts& facts) {
  if (facts.constraints.sg_id.empty()) return Skip("no sharing group");
  if (facts.same_org) return Pass("own organisation");
  return Fail(kPolicyGroup, facts.recipient.name + " is not known as a member of its sharing group",
              "this version knows no group memberships; publish it again without the group, addressed to " +
                  facts.recipient.name);
}

Finding CheckEmbargo(const Facts& facts) {
  if (!HasEmbargo(facts.constraints)) return Skip("no embargo");
  if (facts.question.now >= facts.constraints.embargo_until) return Pass("over; " + LabelName(facts.label) + " counts");
  if (facts.same_org || facts.addressed) return Pass("running, " + facts.recipient.name + " is named");
  const std::string end = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", facts.constraints.embargo_until, absl::UTCTimeZone());
  return Fail(kPolicyEmbargo,
              "the embargo is running until " + end + " and " + facts.recipient.name + " is not named for before its end",
              "wait for the embargo to end, or publish it again addressed to " + facts.recipient.name);
}

Finding CheckHops(const Facts& facts) {
  if (facts.question.hop == Hop::kDirect) return Pass("direct");
  if (facts.same_org && facts.question.hop == Hop::kOnward) return Pass("own organisation");
  return Fail(kPolicyHops, "it would be shared onward, and this version shares directly only",
              "ask its originator to share it with " + facts.recipient.name);
}

// The matrix, after its corrections: docs/policy.md has it as a table.
Finding CheckTlp(const Facts& facts) {
  const std::string& name = facts.recipient.name;
  if (!IsLabel(facts.label)) {
    return Fail(kPolicyTlp, "without a TLP label nobody may have it", "publish it again with --tlp LABEL");
  }
  if (facts.same_org) return Pass("own organisation");
  if (facts.recipient.kind == PartyKind::kRelay) {
    return Fail(kPolicyTlp, name + " is a relay, which never gets content", "accept it under another kind");
  }
  if (facts.relationship.empty()) {
    return Fail(kPolicyTlp, name + " is of an unknown kind", "accept it under a known kind");
  }
  if (facts.label <= Label::kGreen) return Pass(LabelName(facts.label) + " to " + std::string(facts.relationship));
  if (facts.recipient.kind == PartyKind::kObserver) {
    return Fail(kPolicyTlp, name + " is an observer, which gets no content above GREEN",
                "accept it under another kind");
  }
  if (facts.label == Label::kRed) {
    return Fail(kPolicyTlp, "RED goes to named seats only, never to an organisation such as " + name,
                "its origin must publish it under a looser label, addressed to " + name);
  }
  if (facts.addressed) return Pass(LabelName(facts.label) + ", named");
  return Fail(kPolicyTlp, LabelName(facts.label) + " goes only to named organisations, which " + name + " is not",
              "publish it again addressed to " + name + " (--to " + name + ")");
}

Finding CheckAddressees(const Facts& facts) {
  if (facts.constraints.addressees.empty()) return Skip("nobody named");
  if (facts.same_org) return Pass("own organisation");
  if (facts.addressed) return Pass("named");
  const std::string& name = facts.recipient.name;
  return Fail(kPolicyAddressee, "its publisher named addressees and " + name + " is none of them",
              "publish it again addressed to " + name + " (--to " + name + ")");
}

std::string_view RelationshipOf(const Question& question, bool same_org) {
  if (same_org) return "same_org";
  switch (question.recipient.kind) {
    case PartyKind::kNation:
    case PartyKind::kCert:
      return "peer_nation";
    case PartyKind::kPrivate:
    case PartyKind::kResearch:
      return "private_partner";
    case PartyKind::kObserver:
      return "observer";
    case PartyKind::kRelay:
      return {};
  }
  return {};
}

}  // namespace

Facts::Facts(const Question& asked)
    : question(asked),
      constraints(asked.constraints),
      recipient(asked.recipient),
      same_org(!asked.recipient.org.IsZero() && asked.sender.org == asked.recipient.org),
      addressed(Holds(asked.constraints.addressees, asked.recipient.org)),
      label(EffectiveLabel(asked.constraints, asked.now)),
      relationship(RelationshipOf(asked, same_org)) {}

const std::array<Check, kCheckCount> kChecks = {{
    {"integrity", CheckIntegrity},
    {kMarkingCheck, CheckMarking},
    {"agreement", CheckAgreement},
    {"releasability", CheckReleasability},
    {"exercise", CheckExercise},
    {"group", CheckGroup},
    {"embargo", CheckEmbargo},
    {"hops", CheckHops},
    {"tlp", CheckTlp},
    {"addressees", CheckAddressees},
    {"sector", CheckSector},
    {"personal_data", CheckPersonalData},
    {"purpose", CheckPurpose},
    {"pap", CheckPap},
    {"retention", CheckRetention},
}};

}  // namespace entente::policy
