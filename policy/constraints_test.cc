#include "policy/constraints.h"

#include <gtest/gtest.h>

#include "policy/sample_questions.h"

namespace entente::policy {
namespace {

using model::Label;
using enum RejectReason;

Constraints Valid() {
  Constraints constraints;
  constraints.label = Label::kAmber;
  constraints.rel_to = {"GB", "XE"};
  constraints.not_rel_to = {"AU"};
  constraints.sector_to = {"energy", "water"};
  constraints.purpose = {"blocking"};
  constraints.addressees = {SampleOrg('a'), SampleOrg('b')};
  constraints.sg_id = Bytes(kSharingGroupIdSize, 'g');
  return constraints;
}
RejectReason After(const std::function<void(Constraints&)>& change) {
  Constraints constraints = Valid();
  change(constraints);
  const RejectReason reason = ReasonOf(CheckInput(constraints));
  // What publishing refuses as malformed is never permitted either, not even at home.
  Question question = SampleQuestion(constraints.label, Norlandia());
  question.constraints = constraints;
  if (reason == kMarking && !WhatIsMalformed(constraints).empty()) {
    EXPECT_EQ(ReasonFor(question), kMarking);
  }
  return reason;
}
std::vector<std::string> Words(size_t count) {
  std::vector<std::string> out;
  for (size_t i = 0; i < count; ++i) out.push_back(std::to_string(1000 + i));
  return out;
}

TEST(CheckInput, AcceptsEveryConstraintAtOnce) { EXPECT_EQ(After([](Constraints&) {}), kNone); }

TEST(CheckInput, LabelIsNeededAndKnown) {
  EXPECT_EQ(After([](Constraints& c) { c.label = Label::kUnlabelled; }), kNoLabel);
  EXPECT_EQ(After([](Constraints& c) { c.label = static_cast<Label>(6); }), kMarking);
}

TEST(CheckInput, ReleaseRestrictionsOnClearContradict) {
  Constraints bare;
  bare.label = Label::kClear;
  EXPECT_TRUE(CheckInput(bare).ok());
  for (int which = 0; which < 4; ++which) {
    Constraints constraints = bare;
    if (which == 0) constraints.rel_to = {"XE"};
    if (which == 1) constraints.not_rel_to = {"XE"};
    if (which == 2) constraints.orcon = true;
    if (which == 3) constraints.sg_id = Bytes(kSharingGroupIdSize, 'g');
    EXPECT_EQ(ReasonOf(CheckInput(constraints)), kPolicyRelOnClear) << which;
    constraints.label = Label::kAmber;
    EXPECT_TRUE(CheckInput(constraints).ok()) << which;
    constraints.embargo_until = SampleNow();
    constraints.post_embargo_label = Label::kClear;  // becomes CLEAR later: the same contradiction
    EXPECT_EQ(ReasonOf(CheckInput(constraints)), kPolicyRelOnClear) << which;
  }
}

TEST(CheckInput, NationsAreTwoCapitalsSortedOnceAndReal) {
  for (const std::vector<std::string>& nations : std::vector<std::vector<std::string>>{
           {"xe"}, {"XEX"}, {"X"}, {""}, {"XE", "XE"}, {"XE", "GB"}, {"G1"}, {"QA "}}) {
    EXPECT_EQ(After([&](Constraints& c) { c.rel_to = nations; }), kMarking);
    EXPECT_EQ(After([&](Constraints& c) { c.not_rel_to = nations; }), kMarking);
  }
  EXPECT_EQ(After([](Constraints& c) { c.rel_to = {"JX"}; }), kMarking);  // never assigned by ISO 3166-1
  EXPECT_EQ(After([](Constraints& c) { c.not_rel_to = {"GB"}; }), kMarking);  // named as well
}

TEST(CheckInput, WordsAreShortPrintableSortedOnce) {
  const std::vector<std::vector<std::string>> lists = {
      {""}, {"two words"}, {"tab\t"}, {"caf\xc3\xa9"}, {"b", "a"}, {"a", "a"}, {std::string(kMaxWordBytes + 1, 'a')}};
  for (const std::vector<std::string>& words : lists) {
    EXPECT_EQ(After([&](Constraints& c) { c.sector_to = words; }), kMarking);
    EXPECT_EQ(After([&](Constraints& c) { c.purpose = words; }), kMarking);
  }
  EXPECT_EQ(After([](Constraints& c) { c.purpose = {std::string(kMaxWordBytes, 'a')}; }), kNone);
}

TEST(CheckInput, ListsAreBounded) {
  EXPECT_EQ(After([](Constraints& c) { c.sector_to = Words(kMaxWords); }), kNone);
  EXPECT_EQ(After([](Constraints& c) { c.sector_to = Words(kMaxWords + 1); }), kMarking);
  std::vector<OrgId> many;
  for (size_t i = 1; i <= kMaxAddressees + 1; ++i) {
    Bytes id(30, 'a');
    AppendBigEndian(id, static_cast<uint16_t>(i));
    many.push_back(*OrgId::From(id));
  }
  EXPECT_EQ(After([&](Constraints& c) { c.addressees = many; }), kMarking);
  many.pop_back();
  EXPECT_EQ(After([&](Constraints& c) { c.addressees = many; }), kNone);
  std::vector<std::string> nations;
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z' && nations.size() <= kMaxNations; ++b) nations.push_back({a, b});
  }
  EXPECT_EQ(After([&](Constraints& c) { c.rel_to = nations, c.not_rel_to.clear(); }), kMarking);
}

TEST(CheckInput, AddresseesGroupAndEnumsAreWellFormed) {
  EXPECT_EQ(After([](Constraints& c) { c.addressees = {SampleOrg('b'), SampleOrg('a')}; }), kMarking);
  EXPECT_EQ(After([](Constraints& c) { c.addressees = {SampleOrg('a'), SampleOrg('a')}; }), kMarking);
  EXPECT_EQ(After([](Constraints& c) { c.addressees = {OrgId()}; }), kMarking);
  EXPECT_EQ(After([](Constraints& c) { c.sg_id = "short"; }), kMarking);
  EXPECT_EQ(After([](Constraints& c) { c.pap = static_cast<model::Pap>(5); }), kMarking);
  EXPECT_EQ(After([](Constraints& c) { c.personal_data = static_cast<PersonalData>(4); }), kMarking);
}

TEST(CheckInput, ALabelForAfterAnEmbargoNeedsAnEmbargo) {
  EXPECT_EQ(After([](Constraints& c) { c.post_embargo_label = Label::kGreen; }), kMarking);
  EXPECT_EQ(After([](Constraints& c) { c.post_embargo_label = Label::kGreen, c.embargo_until = SampleNow(); }), kNone);
  const auto unknown = [](Constraints& c) { c.post_embargo_label = Label(7), c.embargo_until = SampleNow(); };
  EXPECT_EQ(After(unknown), kMarking);
}

TEST(EffectiveLabel, FollowsTheEmbargo) {
  Constraints constraints;
  for (Label label : {Label::kClear, Label::kGreen, Label::kAmber, Label::kAmberStrict, Label::kRed}) {
    constraints.label = label;
    constraints.embargo_until = absl::InfinitePast();
    EXPECT_EQ(EffectiveLabel(constraints, SampleNow()), label);
    constraints.embargo_until = SampleNow();
    EXPECT_EQ(EffectiveLabel(constraints, SampleNow() - absl::Nanoseconds(1)), std::max(label, Label::kAmberStrict));
    EXPECT_EQ(EffectiveLabel(constraints, SampleNow()), std::max(label, Label::kAmberStrict));
    constraints.post_embargo_label = Label::kGreen;
    EXPECT_EQ(EffectiveLabel(constraints, SampleNow() - absl::Nanoseconds(1)), std::max(label, Label::kAmberStrict));
    EXPECT_EQ(EffectiveLabel(constraints, SampleNow()), Label::kGreen);
    constraints.post_embargo_label = Label::kUnlabelled;
  }
}

TEST(EffectiveLabel, AnEmbargoGivesNoLabelToTheUnlabelled) {
  Constraints constraints;
  constraints.embargo_until = SampleNow();
  EXPECT_EQ(EffectiveLabel(constraints, SampleNow()), Label::kUnlabelled);
}

}  // namespace
}  // namespace entente::policy
