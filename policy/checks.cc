#include "policy/checks.h"

#include "policy/constraints.h"
#include "policy/finding.h"

namespace entente::policy {
namespace {

using model::Label;
using enum RejectReason;

RejectReason ReasonNamed(std::string_view name) {
  for (const RejectEntry& info : AllRejectReasons()) {
    if (info.name == name && info.reason != kNone) return info.reason;
  }
  return kMarking;
}

bool EmbargoRuns(const Question& question) {
  return HasEmbargo(question.constraints) && question.now < question.constraints.embargo_until;
}

// The constraints' label, and the object's own IEP where that is stricter.
Label LabelThatCounts(const Question& question) {
  const Label label = EffectiveLabel(question.constraints, question.now);
  if (!question.iep || !IsLabel(label)) return label;
  return std::max(label, question.iep->label);
}

}  // namespace

std::string LabelName(Label label) {
  return IsLabel(label) ? std::string(model::Name(label)) : "no label";
}

Finding CheckIntegrity(const Facts& facts) {
  if (facts.question.integrity) return Pass("signed and well formed");
  return Fail(kSignature, "signature, schema and suite have not been checked", "its origin must send it again, signed");
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
  if (!IsLabel(facts.constraints.label) || !IsLabel(facts.label)) {
    return Fail(kMarking, "its TLP label is unknown", "its origin must publish it again with a TLP 2.0 label");
  }
  if (const std::string_view what = WhatIsMalformed(facts.constraints); !what.empty()) {
    return Fail(kMarking, std::string(what), "its origin must correct its constraints and publish it again");
  }
  return Pass("TLP:" + LabelName(facts.constraints.label));
}

Finding CheckRecall(const Facts& facts) {
  if (!facts.question.recalled) return Pass("not recalled");
  return Fail(kPolicyRecalled, "it was recalled", "nothing: what was recalled goes to nobody any more");
}

Finding CheckEmbargo(const Facts& facts) {
  if (!HasEmbargo(facts.constraints)) return Skip("no embargo");
  if (!facts.embargoed) return Pass("over; " + LabelName(facts.label) + " counts");
  if (facts.same_org) return Pass("running, own organisation");
  const std::string end = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", facts.constraints.embargo_until, absl::UTCTimeZone());
  const std::string wait = "wait for the embargo to end";
  if (facts.to_public || !facts.direct) {
    return Fail(kPolicyEmbargo, "the embargo is running until " + end + ", and nobody passes it on before its end",
                wait);
  }
  const std::string& name = facts.recipient.name;
  if (facts.addressed) return Pass("running, " + name + " is named");
  return Fail(kPolicyEmbargo,
              "the embargo is running until " + end + " and " + name + " is not named for before its end",
              wait + ", or publish it again addressed to " + name);
}

Facts::Facts(const Question& asked)
    : question(asked),
      constraints(asked.constraints),
      standing(asked.standing),
      recipient(asked.recipient),
      same_org(!asked.standing.public_channel && !asked.recipient.org.IsZero() &&
               asked.sender.org == asked.recipient.org),
      to_public(asked.standing.public_channel),
      addressed(!to_public && Holds(asked.constraints.addressees, asked.recipient.org)),
      direct(asked.hop == Hop::kDirect || (asked.hop == Hop::kOnward && asked.release_token)),
      embargoed(EmbargoRuns(asked)),
      crosses_border(to_public || asked.sender.nation.empty() || asked.sender.nation != asked.recipient.nation),
      label(LabelThatCounts(asked)),
      relationships(RelationshipsOf(*this)),
      carrier(FindCarrier(*this)) {}

const std::array<Check, kCheckCount> kChecks = {{
    {"integrity", CheckIntegrity},
    {kMarkingCheck, CheckMarking},
    {"recall", CheckRecall},
    {"embargo", CheckEmbargo},
    {"agreement", CheckAgreement},
    {"releasability", CheckReleasability},
    {"exercise", CheckExercise},
    {"group", CheckGroup},
    {"tlp", CheckTlp},
    {"addressees", CheckAddressees},
    {"personal_data", CheckPersonalData},
    {"sector", CheckSector},
    {"iep", CheckIep},
    {"pap", CheckPap},
    {"hops", CheckHops},
    {"purpose", CheckPurpose},
    {"retention", CheckRetention},
}};

}  // namespace entente::policy
