#include <gtest/gtest.h>

#include <algorithm>

#include "policy/sample_questions.h"

namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using enum RejectReason;

const Step& StepNamed(const Decision& decision, std::string_view check) {
  return *std::find_if(decision.trace.begin(), decision.trace.end(), [&](const Step& s) { return s.check == check; });
}
Question Addressed(Label label, const model::Party& recipient) {
  Question question = SampleQuestion(label, recipient);
  question.constraints.addressees = {recipient.org};
  return question;
}

TEST(Evaluate, TraceHoldsEveryCheckInTheDocumentedOrder) {
  const std::vector<std::string> expected = {
      "integrity",  "marking",       "recall", "embargo", "agreement", "releasability", "exercise", "group",    "tlp",
      "addressees", "personal_data", "sector", "iep",     "pap",       "hops",          "purpose",  "retention"};
  const Question permitted = SampleQuestion(Label::kGreen, Estovia()), denied = SampleQuestion(Label::kRed, Volt());
  for (const Question& question : {permitted, denied, Question{}}) {
    const Decision decision = Evaluate({}, question);
    std::vector<std::string> checks;
    for (const Step& step : decision.trace) checks.push_back(step.check);
    EXPECT_EQ(checks, expected);
  }
}

TEST(Evaluate, AnEmptyQuestionIsDenied) {
  EXPECT_EQ(ReasonFor(Question{}), kSignature);
}

TEST(Evaluate, UncheckedIntegrityDeniesEvenAtHomeAndDoesNotQuarantine) {
  Question question = SampleQuestion(Label::kUnlabelled, Norlandia());
  question.integrity = false;
  const Decision decision = Evaluate({}, question);
  ASSERT_NE(decision.denial(), nullptr);
  EXPECT_EQ(decision.denial()->reason, kSignature);
  EXPECT_FALSE(decision.denial()->quarantine);
  EXPECT_EQ(StepNamed(decision, "marking").result, Result::kFail);  // still evaluated
}

TEST(Evaluate, QuarantineTakesTheNamedReason) {
  const std::vector<std::pair<std::string, RejectReason>> held = {
      {"CONFLICT", kConflict}, {"NO_LABEL", kNoLabel}, {"rubbish", kMarking}, {"NONE", kMarking}};
  for (const auto& [name, reason] : held) {
    Question question = SampleQuestion(Label::kClear, Norlandia());
    question.quarantine = name;
    const Decision decision = Evaluate({}, question);
    ASSERT_NE(decision.denial(), nullptr) << name;
    EXPECT_EQ(decision.denial()->reason, reason) << name;
    EXPECT_TRUE(decision.denial()->quarantine) << name;
  }
}

TEST(Evaluate, NoAgreementDenies) {
  Question question = Addressed(Label::kAmber, Estovia());
  question.agreement = false;
  EXPECT_EQ(ReasonFor(question), kPolicyAgreement);
  question.recipient = Norlandia();
  EXPECT_EQ(ReasonFor(question), kNone);  // none is needed at home
}

TEST(Evaluate, TheEmptyOrganisationIsNobodyEvenToItself) {
  Question question = SampleQuestion(Label::kClear, Estovia());
  question.sender.org = question.recipient.org = OrgId();
  EXPECT_EQ(ReasonFor(question), kPolicyAgreement);
}

TEST(Evaluate, CeilingIsTheStrictestLabelThatPasses) {
  for (Label ceiling : {Label::kUnlabelled, Label::kClear, Label::kGreen, Label::kAmber, Label::kAmberStrict}) {
    for (Label label : {Label::kClear, Label::kGreen, Label::kAmber, Label::kAmberStrict}) {
      Question question = Addressed(label, Estovia());
      question.recipient.ceiling = ceiling;
      EXPECT_EQ(ReasonFor(question), label > ceiling ? kPolicyScope : kNone);
    }
  }
  Question question = Addressed(Label::kClear, Estovia());
  question.recipient.ceiling = static_cast<Label>(9);
  EXPECT_EQ(ReasonFor(question), kPolicyScope);
}

TEST(Evaluate, TheCeilingIsHeldAgainstTheLabelThatCounts) {
  Question question = Addressed(Label::kGreen, Estovia());
  question.recipient.ceiling = Label::kGreen;
  question.constraints.embargo_until = SampleNow() + absl::Seconds(1);
  EXPECT_EQ(ReasonFor(question), kPolicyScope);
  question.constraints.embargo_until = SampleNow();
  question.constraints.post_embargo_label = Label::kGreen;
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(Evaluate, NationsDecideReleasability) {
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.constraints.rel_to = {"CA", "XE"};
  EXPECT_EQ(ReasonFor(question), kNone);
  question.constraints.rel_to = {"AU", "CA"};
  EXPECT_EQ(ReasonFor(question), kPolicyRel);
  question.recipient = Norlandia();
  EXPECT_EQ(ReasonFor(question), kNone);  // an organisation keeps its own copy
  question = SampleQuestion(Label::kGreen, Estovia());
  question.constraints.not_rel_to = {"XE"};
  EXPECT_EQ(ReasonFor(question), kPolicyRel);
  question.constraints.not_rel_to = {"XN"};
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(Evaluate, AnUnknownNationIsReleasableToNothing) {
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.recipient.nation.clear();
  question.constraints.rel_to = {"XE"};
  EXPECT_EQ(ReasonFor(question), kPolicyRel);
  question.constraints.rel_to.clear();
  question.constraints.not_rel_to = {"XN"};
  EXPECT_EQ(ReasonFor(question), kPolicyRel);
}

TEST(Evaluate, ReleaseRestrictionsOnClearAreAContradictionForEverybody) {
  for (int which = 0; which < 4; ++which) {
    for (const model::Party& recipient : {Norlandia(), Estovia()}) {
      Question question = SampleQuestion(Label::kClear, recipient);
      if (which == 0) question.constraints.rel_to = {"XE"};
      if (which == 1) question.constraints.not_rel_to = {"AU"};
      if (which == 2) question.constraints.orcon = true;
      if (which == 3) question.constraints.sg_id = Bytes(32, 'g');
      EXPECT_EQ(ReasonFor(question), kPolicyRelOnClear) << which;
    }
  }
}

TEST(Evaluate, EmbargoRunsForAllButTheNamed) {
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.constraints.embargo_until = SampleNow() + absl::Seconds(1);
  EXPECT_EQ(ReasonFor(question), kPolicyEmbargo);
  question.constraints.addressees = {question.recipient.org};
  const Decision decision = Evaluate({}, question);
  ASSERT_TRUE(decision.permitted());
  EXPECT_EQ(decision.permit()->label(), Label::kAmberStrict);
  question.recipient.kind = PartyKind::kObserver;  // AMBER+STRICT counts, not GREEN
  EXPECT_EQ(ReasonFor(question), kPolicyTlp);
}

TEST(Evaluate, BehindTheEmbargoTheSignedLabelCounts) {
  Question question = SampleQuestion(Label::kRed, Estovia());
  question.constraints.embargo_until = SampleNow();
  question.constraints.post_embargo_label = Label::kClear;
  const Decision decision = Evaluate({}, question);
  ASSERT_TRUE(decision.permitted());
  EXPECT_EQ(decision.permit()->label(), Label::kClear);
  question.constraints.post_embargo_label = Label::kUnlabelled;
  EXPECT_EQ(ReasonFor(question), kPolicyTlp);  // stays RED
  question.constraints.label = Label::kGreen;
  EXPECT_EQ(ReasonFor(question), kPolicyTlp);  // AMBER+STRICT, and nobody is named
}

TEST(Evaluate, OnwardIsForTheOwnOrganisationOnly) {
  Question question = SampleQuestion(Label::kClear, Estovia());
  question.hop = Hop::kOnward;
  EXPECT_EQ(ReasonFor(question), kPolicyHops);
  question.recipient = Norlandia();
  EXPECT_EQ(ReasonFor(question), kNone);
  question.hop = static_cast<Hop>(2);
  EXPECT_EQ(ReasonFor(question), kPolicyHops);
}

TEST(Evaluate, SectorsMustMeet) {
  Question question = SampleQuestion(Label::kGreen, Volt());
  question.constraints.sector_to = {"energy", "water"};
  EXPECT_EQ(ReasonFor(question), kPolicySector);
  question.recipient.sectors = {"finance", "water"};
  EXPECT_EQ(ReasonFor(question), kNone);
  question.recipient = Norlandia();
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(Evaluate, PersonalDataCrossesNoBorder) {
  Question question = SampleQuestion(Label::kGreen, Volt());
  question.constraints.personal_data = PersonalData::kPresent;
  EXPECT_EQ(ReasonFor(question), kNone);
  question.recipient = Estovia();
  EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
  question.sender.nation = question.recipient.nation = "";
  EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
  question = SampleQuestion(Label::kGreen, Volt());
  question.constraints.personal_data = PersonalData::kSpecial;
  EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
  question.recipient = Norlandia();
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(Evaluate, WhatThisVersionCannotEvaluateStaysAtHome) {
  for (int which = 0; which < 4; ++which) {
    Question question = Addressed(Label::kAmber, Estovia());
    if (which == 0) question.constraints.purpose = {"blocking"};
    if (which == 1) question.constraints.pap = model::Pap::kAmber;
    if (which == 2) question.constraints.pap = model::Pap::kRed;
    if (which == 3) question.constraints.personal_data = PersonalData::kSpecial;
    EXPECT_EQ(ReasonFor(question), kPolicyUnsupported) << which;
    question.recipient = Norlandia();
    EXPECT_EQ(ReasonFor(question), kNone) << which;
  }
}

TEST(Evaluate, LoosePapAndHopLimitDoNotMatterOnADirectHop) {
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.constraints.pap = model::Pap::kGreen;
  question.constraints.hop_limit = 0;
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(Evaluate, AfterItsRetentionNobodyGetsIt) {
  for (const model::Party& recipient : {Norlandia(), Estovia()}) {
    Question question = SampleQuestion(Label::kGreen, recipient);
    question.constraints.retain_until = SampleNow() + absl::Microseconds(1);
    EXPECT_EQ(ReasonFor(question), kNone);
    question.constraints.retain_until = SampleNow();
    EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
  }
}

TEST(Evaluate, AdmissionAsksTheSameMatrixForOneself) {
  Question question = Addressed(Label::kAmber, Norlandia());
  question.sender = Estovia();
  EXPECT_EQ(ReasonFor(question), kNone);
  question.constraints.rel_to = {"XE"};
  EXPECT_EQ(ReasonFor(question), kPolicyRel);  // not the own organisation's object: no exemption
  question = SampleQuestion(Label::kRed, Norlandia());
  question.sender = Estovia();
  EXPECT_EQ(ReasonFor(question), kPolicyTlp);
}

TEST(Evaluate, ADenialSaysWhatWouldHaveToChange) {
  const Decision decision = Evaluate({}, Addressed(Label::kRed, Volt()));
  ASSERT_NE(decision.denial(), nullptr);
  EXPECT_NE(decision.denial()->remedy.find("volt-energy"), std::string::npos);
  EXPECT_NE(StepNamed(decision, "tlp").detail.find("RED"), std::string::npos);
  EXPECT_NE(StepNamed(decision, "tlp").detail.find("volt-energy"), std::string::npos);
}

TEST(Evaluate, TheRemedyAboveACeilingIsEnoughToShare) {
  const auto remedy = [](Label label, model::Party recipient) {
    recipient.ceiling = Label::kGreen;
    const Decision decision = Evaluate({}, SampleQuestion(label, recipient));
    EXPECT_EQ(decision.denial()->reason, kPolicyScope);
    return decision.denial()->remedy;
  };
  EXPECT_EQ(remedy(Label::kRed, Volt()).find("ceiling"), std::string::npos);  // RED goes to no other organisation
  EXPECT_NE(remedy(Label::kAmber, Volt()).find("--ceiling AMBER, and publish it again addressed"), std::string::npos);
}

TEST(Evaluate, ReceivedTextIsEscapedInTheTrace) {
  Question question = SampleQuestion(Label::kGreen, Volt());
  question.constraints.sector_to = {"back\\slash"};
  const Decision decision = Evaluate({}, question);
  EXPECT_NE(StepNamed(decision, "sector").detail.find("back\\\\slash"), std::string::npos);
}

}  // namespace
}  // namespace entente::policy
