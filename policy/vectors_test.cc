#include <gtest/gtest.h>

#include <functional>

#include "policy/sample_questions.h"

// Worked cases. Each changes an AMBER object that goes directly to Estovia, which it names, under an agreement with
// everything known.
namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using enum RejectReason;

struct Vector {
  const char* number;
  std::function<void(Question&, Constraints&)> change;
  RejectReason expected;
  const char* carries;  // the relationship, of a permit
};

Question Start() {
  Question question = SampleQuestion(Label::kAmber, Estovia());
  question.constraints.addressees = {question.recipient.org};
  question.hops_made = 0;
  question.honours_obligations = true;
  question.standing.need_to_know = true;
  question.standing.seat = false;
  question.standing.terms.pap_attested = true;
  return question;
}

void Public(Question& q, Constraints& c) {
  q.standing.public_channel = true;
  q.names_victims = false;
  c.addressees.clear();
  c.personal_data = PersonalData::kNone;
}

const std::vector<Vector>& LabelVectors() {
  static const std::vector<Vector> vectors = {
      {"1", [](auto& q, auto& c) { c.label = Label::kRed, q.standing.seat = true; }, kNone, "peer_nation"},
      {"2", [](auto&, auto& c) { c.label = Label::kRed; }, kPolicyTlp, ""},
      {"3",
       [](auto& q, auto& c) {
         q.hop = Hop::kOnward, q.recipient = Volt(), q.standing.client = true, c.addressees.clear();
       },
       kNone, "client"},
      {"4", [](auto& q, auto& c) { q.hop = Hop::kOnward, c.label = Label::kAmberStrict, q.standing.client = true; },
       kPolicyTlp, ""},
      {"5",
       [](auto& q, auto& c) {
         c.rel_to = {"AU", "CA"}, q.recipient.nation = "GB";
       },
       kPolicyRel, ""},
      {"6",
       [](auto& q, auto& c) {
         c.label = Label::kGreen, c.sg_id = Bytes(32, 'x'), q.hop = Hop::kOnward;
         q.standing.community = true, q.standing.group = GroupStanding();
       },
       kPolicyGroup, ""},
      {"7", [](auto& q, auto& c) { Public(q, c), c.label = Label::kGreen, q.hop = Hop::kOnward; }, kPolicyTlp, ""},
      {"8",
       [](auto& q, auto& c) {
         Public(q, c), c.post_embargo_label = Label::kClear, c.embargo_until = q.now + absl::Hours(2);
       },
       kPolicyEmbargo, ""},
      {"8, two hours later",
       [](auto& q, auto& c) { Public(q, c), c.post_embargo_label = Label::kClear, c.embargo_until = q.now; }, kNone,
       "public"},
      {"9", [](auto& q, auto& c) { Public(q, c), c.label = Label::kClear, c.personal_data = PersonalData::kPresent; },
       kPolicyTlp, ""},
      {"15",
       [](auto& q, auto& c) {
         c.label = Label::kGreen, q.iep.emplace().label = Label::kAmber, q.hop = Hop::kOnward,
         q.standing.community = true;
       },
       kPolicyTlp, ""},
      {"19", [](auto& q, auto& c) { c.label = Label::kGreen, q.recipient.kind = PartyKind::kRelay; }, kPolicyTlp, ""},
      {"20", [](auto& q, auto& c) { c.label = Label::kRed, q.recipient.kind = PartyKind::kObserver; }, kPolicyTlp, ""},
      {"21", [](auto&, auto& c) { c.label = Label::kUnlabelled; }, kNoLabel, ""},
      {"22", [](auto& q, auto& c) { c.label = Label::kGreen, q.recalled = true; }, kPolicyRecalled, ""},
  };
  return vectors;
}

void Ended(Question& q, Constraints& c) {
  c.sg_id = Bytes(32, 'c');
  q.standing.group.emplace().until = q.now - absl::Hours(1);
}

const std::vector<Vector>& OtherVectors() {
  static const std::vector<Vector> vectors = {
      {"10", [](auto&, auto& c) { c.exercise_id = "winter"; }, kPolicyExercise, ""},
      {"10, the other way", [](auto& q, auto&) { q.lane = "winter", q.standing.enrolled = true; }, kPolicyExercise, ""},
      {"10, enrolled", [](auto& q, auto& c) { c.exercise_id = q.lane = "winter", q.standing.enrolled = true; }, kNone,
       "peer_nation"},
      {"11", Ended, kPolicyCoalition, ""},
      {"12", [](auto& q, auto&) { q.standing.terms.suspended = true; }, kPolicySuspended, ""},
      {"13",
       [](auto& q, auto& c) {
         c.label = Label::kRed, q.standing.seat = true, q.standing.terms.suspended = q.hotline = true;
       },
       kNone, "peer_nation"},
      {"14",
       [](auto& q, auto& c) {
         c.label = Label::kGreen, c.pap = model::Pap::kRed, q.standing.terms.pap_attested = false;
       },
       kPolicyPap, ""},
      {"16", [](auto& q, auto& c) { c.orcon = true, q.hop = Hop::kOnward, q.recipient = Norlandia(); }, kPolicyOrcon,
       ""},
      {"16, with a token",
       [](auto& q, auto& c) {
         c.orcon = true, q.hop = Hop::kOnward, q.recipient = Norlandia(), q.release_token = true;
       },
       kNone, "same_org"},
      {"17", [](auto& q, auto& c) { c.sector_to = {"energy"}, q.recipient.sectors = {"health"}; }, kPolicySector, ""},
      {"18", [](auto& q, auto&) { q.names_victims = true; }, kNone, "peer_nation"},
  };
  return vectors;
}

TEST(Vectors, OfTheDesign) {
  for (const auto* list : {&LabelVectors(), &OtherVectors()}) {
    for (const Vector& vector : *list) {
      Question question = Start();
      vector.change(question, question.constraints);
      EXPECT_EQ(ReasonFor(question), vector.expected) << "T" << vector.number;
      const Decision decision = Evaluate({}, question);
      if (!decision.permitted()) continue;
      EXPECT_EQ(decision.permit()->relationship(), vector.carries) << "T" << vector.number;
    }
  }
}

TEST(Vectors, WhatGoesWithThem) {
  const auto ask = [](const std::function<void(Question&, Constraints&)>& change) {
    Question question = Start();
    change(question, question.constraints);
    return Evaluate({}, question);
  };
  EXPECT_TRUE(ask(LabelVectors()[0].change).permit()->asks(Obligation::kSeatsOnly));  // 1
  EXPECT_EQ(ask(LabelVectors()[2].change).permit()->hops_left(), 0u);  // 3: a client passes on no further
  EXPECT_TRUE(ask(OtherVectors().back().change).permit()->asks(Obligation::kRedactVictims));  // 18
  const auto carried = [&](size_t vector) {
    return ask([&](Question& q, Constraints& c) {
             LabelVectors()[vector].change(q, c);
             q.standing.mandate = true;
           })
        .denial()
        ->instead;
  };
  EXPECT_EQ(carried(11), WithoutContent::kEnvelope);  // 19
  EXPECT_EQ(carried(12), WithoutContent::kMetadata);  // 20
}

}  // namespace
}  // namespace entente::policy
