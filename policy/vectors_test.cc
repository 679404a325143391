#include <gtest/gtest.h>

#include <functional>

#include "policy/sample_questions.h"

namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using enum RejectReason;

// The vectors of the design that concern a direct hop and what this version knows. Each changes an AMBER object that is
// addressed to Estovia; those of what is not there yet (seats, redaction) deny here.
struct Vector {
  int number;
  std::function<void(Question&, Constraints&)> change;
  RejectReason expected;
};
const std::vector<Vector>& DesignVectors() {
  static const std::vector<Vector> vectors = {
      {1, [](auto&, auto& c) { c.label = Label::kRed; }, kPolicyTlp},
      {2, [](auto&, auto& c) { c.label = Label::kRed, c.addressees.clear(); }, kPolicyTlp},
      {5, [](auto& q, auto& c) { c.rel_to = {"AU", "CA"}, q.recipient.nation = "GB"; }, kPolicyRel},
      {6, [](auto& q, auto& c) { c.sg_id = Bytes(32, 'g'), q.hop = Hop::kOnward; }, kPolicyGroup},
      {8, [](auto& q, auto& c) { c.embargo_until = q.now + absl::Hours(2), c.addressees.clear(); }, kPolicyEmbargo},
      {8, [](auto& q, auto& c) { c.embargo_until = q.now, c.post_embargo_label = Label::kClear; }, kNone},
      {10, [](auto&, auto& c) { c.exercise_id = "winter"; }, kPolicyExercise},
      {11, [](auto&, auto& c) { c.sg_id = Bytes(32, 'c'); }, kPolicyGroup},
      {12, [](auto& q, auto&) { q.agreement = false; }, kPolicyAgreement},
      {14, [](auto&, auto& c) { c.label = Label::kGreen, c.pap = model::Pap::kRed; }, kPolicyUnsupported},
      {16, [](auto& q, auto& c) { c.orcon = true, q.hop = Hop::kOnward, q.recipient = Norlandia(); }, kPolicyOrcon},
      {17, [](auto& q, auto& c) { c.sector_to = {"energy"}, q.recipient.sectors = {"health"}; }, kPolicySector},
      {18, [](auto&, auto& c) { c.personal_data = PersonalData::kPresent; }, kPolicyUnsupported},
      {19, [](auto& q, auto& c) { c.label = Label::kGreen, q.recipient.kind = PartyKind::kRelay; }, kPolicyTlp},
      {20, [](auto& q, auto& c) { c.label = Label::kRed, q.recipient.kind = PartyKind::kObserver; }, kPolicyTlp},
      {21, [](auto&, auto& c) { c.label = Label::kUnlabelled; }, kNoLabel},
  };
  return vectors;
}
TEST(Policy, DesignVectors) {
  for (const Vector& vector : DesignVectors()) {
    Question question = SampleQuestion(Label::kAmber, Estovia());
    question.constraints.addressees = {question.recipient.org};
    vector.change(question, question.constraints);
    EXPECT_EQ(ReasonFor(question), vector.expected) << "T" << vector.number;
  }
}

}  // namespace
}  // namespace entente::policy
