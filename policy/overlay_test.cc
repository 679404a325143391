#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "policy/sample_questions.h"
#include "policy/testing/cells.h"

// Each check of docs/policy.md, section 3, on each cell that permits.
namespace entente::policy {
namespace {

using model::Label;
using testing::CellQuestion;
using enum RejectReason;

// What one check asks of a cell. Where it does not bind the cell, the question stays permitted.
struct Overlay {
  const char* name;
  RejectReason reason;
  std::function<void(Question&)> change;
  std::function<bool(const CellQuestion&)> binds;
};

bool Anybody(const CellQuestion&) {
  return true;
}
bool Others(const CellQuestion& cell) {
  return cell.relationship != Relationship::kSameOrg;
}
bool Parties(const CellQuestion& cell) {
  return Others(cell) && cell.relationship != Relationship::kPublic;
}
bool OnwardOthers(const CellQuestion& cell) {
  return Others(cell) && !cell.direct;
}
bool Onward(const CellQuestion& cell) {
  return !cell.direct;
}
absl::Time Over() {
  return SampleNow() - absl::Hours(1);
}

model::Iep& IepOf(Question& question) {
  return question.iep.emplace();
}

std::vector<Overlay> OfSoundnessAndAgreement() {
  return {
      {"integrity", kSignature, [](Question& q) { q.integrity = false; }, Anybody},
      {"quarantine", kConflict, [](Question& q) { q.quarantine = "CONFLICT"; }, Anybody},
      {"marking", kMarking, [](Question& q) { q.constraints.sector_to = {"two words"}; }, Anybody},
      {"recall", kPolicyRecalled, [](Question& q) { q.recalled = true; }, Anybody},
      {"embargo", kPolicyEmbargo,
       [](Question& q) {
         q.constraints.embargo_until = q.now + absl::Hours(2);
         q.constraints.addressees = {SampleOrg('z')};
       },
       Others},
      {"agreement", kPolicyAgreement, [](Question& q) { q.agreement = false; }, Parties},
      {"suspended", kPolicySuspended, [](Question& q) { q.standing.terms.suspended = true; }, Parties},
      {"legal basis", kPolicyLegalBasis, [](Question& q) { q.standing.terms.legal_until = q.now; }, Parties},
      {"class", kPolicyScope, [](Question& q) { q.standing.terms.covers = false; }, Parties},
      {"ceiling", kPolicyScope, [](Question& q) { q.recipient.ceiling = Label::kUnlabelled; }, Parties},
  };
}

std::vector<Overlay> OfRelease() {
  return {
      {"rel_to", kPolicyRel, [](Question& q) { q.constraints.rel_to = {"AU"}; }, Others},
      {"not_rel_to", kPolicyRel, [](Question& q) { q.constraints.not_rel_to = {"XE"}; }, Others},
      {"orcon", kPolicyOrcon, [](Question& q) { q.constraints.orcon = true; }, Onward},
      {"exercise", kPolicyExercise, [](Question& q) { q.constraints.exercise_id = "winter"; }, Others},
      {"lane", kPolicyExercise, [](Question& q) { q.lane = "winter"; }, Others},
      {"not enrolled", kPolicyExercise, [](Question& q) { q.lane = q.constraints.exercise_id = "winter"; }, Others},
      {"group", kPolicyGroup,
       [](Question& q) {
         q.constraints.sg_id = Bytes(kSharingGroupIdSize, 'h');
         q.standing.group = GroupStanding();
         q.standing.group->clients = false;
       },
       Others},
      {"coalition", kPolicyCoalition,
       [](Question& q) {
         q.constraints.sg_id = Bytes(kSharingGroupIdSize, 'h');
         q.standing.group = GroupStanding();
         q.standing.group->member = true;
         q.standing.group->until = Over();
       },
       Parties},
      {"addressees", kPolicyAddressee, [](Question& q) { q.constraints.addressees = {SampleOrg('z')}; }, Others},
  };
}

std::vector<Overlay> OfUse() {
  const auto personal = [](const CellQuestion& cell) { return Parties(cell); };
  return {
      {"personal data", kPolicyUnsupported, [](Question& q) { q.constraints.personal_data = PersonalData::kPresent; },
       personal},
      {"special", kPolicySpecial,
       [](Question& q) {
         q.constraints.personal_data = PersonalData::kSpecial;
         q.standing.terms.special_approved = false;
       },
       personal},
      {"sector", kPolicySector, [](Question& q) { q.constraints.sector_to = {"energy"}; }, Others},
      {"IEP before", kPolicyIepDate, [](Question& q) { IepOf(q).start = q.now + absl::Hours(1); }, Others},
      {"IEP after", kPolicyIepDate, [](Question& q) { IepOf(q).end = q.now; }, Others},
      {"IEP plain", kPolicyIepPlain, [](Question& q) { IepOf(q).encrypt_in_transit = q.plaintext = true; }, Others},
      {"IEP resale", kPolicyIepResale,
       [](Question& q) {
         IepOf(q).unmodified_resale = false;
         q.standing.reseller = true;
       },
       Others},
      {"PAP", kPolicyPap,
       [](Question& q) {
         q.constraints.pap = model::Pap::kRed;
         q.standing.terms.pap_attested = false;
       },
       Others},
      {"hops", kPolicyHops, [](Question& q) { q.hops_made = 2, q.constraints.hop_limit = 2; }, OnwardOthers},
      {"hops unknown", kPolicyHops, [](Question& q) { q.hops_made.reset(); }, OnwardOthers},
      {"purpose", kPolicyPurpose,
       [](Question& q) { q.constraints.purpose = {"blocking"}, q.standing.use = "marketing"; }, Others},
      {"agreed purpose", kPolicyPurpose,
       [](Question& q) { q.standing.terms.purposes = {"blocking"}, q.standing.use = "marketing"; }, Parties},
      {"retention", kPolicyUnsupported, [](Question& q) { q.constraints.retain_until = q.now; }, Anybody},
  };
}

// A release restriction on CLEAR, and a group on it, are contradictions before anything else is asked; the gate to the
// public asks for no personal data; a member of another group is none of this one.
RejectReason Expected(const Overlay& overlay, const CellQuestion& cell, const Question& changed) {
  const Constraints& c = changed.constraints;
  const bool restricted = !c.rel_to.empty() || !c.not_rel_to.empty() || c.orcon || !c.sg_id.empty();
  const bool sound = overlay.reason != kSignature && overlay.reason != kConflict && overlay.reason != kMarking;
  if (sound && cell.label == Label::kClear && restricted) return kPolicyRelOnClear;
  if (cell.relationship == Relationship::kPublic && c.personal_data != PersonalData::kNone) return kPolicyTlp;
  if (cell.relationship == Relationship::kPublic && overlay.reason == kPolicyCoalition) return kPolicyGroup;
  return overlay.binds(cell) ? overlay.reason : kNone;
}

class Overlays : public ::testing::TestWithParam<std::vector<Overlay> (*)()> {};
TEST_P(Overlays, OnEachCellThatPermits) {
  for (const Overlay& overlay : GetParam()()) {
    int bound = 0;
    for (const CellQuestion& cell : testing::Cells(true)) {
      if (!testing::Permits(cell.code, true)) continue;
      ASSERT_EQ(ReasonFor(cell.question), kNone) << cell.name;
      Question question = cell.question;
      overlay.change(question);
      const RejectReason expected = Expected(overlay, cell, question);
      EXPECT_EQ(ReasonFor(question), expected) << overlay.name << " on " << cell.name;
      bound += expected == overlay.reason ? 1 : 0;
    }
    EXPECT_GT(bound, 0) << overlay.name;
  }
}
INSTANTIATE_TEST_SUITE_P(Page, Overlays, ::testing::Values(OfSoundnessAndAgreement, OfRelease, OfUse));

// Of what carries no content.
TEST(OverlaysWithoutContent, OnlyTheFirstTwoTheExerciseAndTheContractBind) {
  for (const CellQuestion& cell : testing::Cells(true)) {
    if (std::string("XYM").find(cell.code) == std::string::npos) continue;
    for (const auto& list : {OfSoundnessAndAgreement(), OfRelease(), OfUse()}) {
      for (const Overlay& overlay : list) {
        Question question = cell.question;
        overlay.change(question);
        const Decision decision = Evaluate({}, question);
        ASSERT_NE(decision.denial(), nullptr) << overlay.name << " on " << cell.name;
        const bool recalled = overlay.reason == kPolicyRecalled && cell.relationship == Relationship::kRelay;
        const std::set<RejectReason> binding = {kSignature, kConflict, kMarking, kPolicyExercise};
        EXPECT_EQ(decision.denial()->instead == WithoutContent::kNothing, recalled || binding.contains(overlay.reason))
            << overlay.name << " on " << cell.name;
      }
    }
  }
}

}  // namespace
}  // namespace entente::policy
