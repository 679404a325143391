#include "policy/actions.h"

#include <gtest/gtest.h>

// docs/policy.md, section 5.
namespace entente::policy {
namespace {

using model::Iep;
using model::Label;
using model::Pap;

// a0 to a6 as the page's columns, a5 apart.
Actions Without5(const ActionTerms& terms) {
  return ActionsAfterReceipt(terms) & ~32;
}

TEST(ActionsAfterReceipt, ByPap) {
  EXPECT_EQ(Without5({Label::kGreen, Pap::kRed, nullptr, {}, false}), 0b0000011);
  EXPECT_EQ(Without5({Label::kGreen, Pap::kAmber, nullptr, {}, false}), 0b0000111);
  EXPECT_EQ(Without5({Label::kGreen, Pap::kGreen, nullptr, {}, false}), 0b1011111);
  EXPECT_EQ(Without5({Label::kGreen, Pap::kClear, nullptr, {}, false}), 0b1011111);
}

TEST(ActionsAfterReceipt, WithoutPapAsAgreedAndOfRedOffline) {
  for (const Label label : {Label::kClear, Label::kGreen, Label::kAmber, Label::kAmberStrict}) {
    EXPECT_EQ(Without5({label, Pap::kUnset, nullptr, {}, false}), 0b0001111);
    EXPECT_EQ(Without5({label, Pap::kUnset, nullptr, Actions{1}, false}), 1);
    EXPECT_EQ(Without5({label, Pap::kUnset, nullptr, kAllActions, false}), 0b1011111);
    EXPECT_EQ(Without5({label, Pap::kGreen, nullptr, Actions{1}, false}), 0b1011111);  // the object says it
  }
  EXPECT_EQ(ActionsAfterReceipt({Label::kRed, Pap::kUnset, nullptr, kAllActions, false}), 0b0000011);
}

TEST(ActionsAfterReceipt, IepNarrows) {
  constexpr std::pair<Iep::Actions, int> kRows[] = {{Iep::Actions::kNone, 1},
                                                    {Iep::Actions::kContact, 1},
                                                    {Iep::Actions::kInternal, 3},
                                                    {Iep::Actions::kIndirect, 7},
                                                    {Iep::Actions::kDirect, 0b1011111}};
  for (const auto& [actions, expected] : kRows) {
    Iep iep;
    iep.actions = actions;
    EXPECT_EQ(Without5({Label::kGreen, Pap::kClear, &iep, {}, false}), expected);
    EXPECT_EQ(Without5({Label::kGreen, Pap::kRed, &iep, {}, false}), expected & 3);
  }
  Iep unknown;
  unknown.actions = static_cast<Iep::Actions>(9);
  EXPECT_EQ(Without5({Label::kGreen, Pap::kClear, &unknown, {}, false}), 1);
}

TEST(ActionsAfterReceipt, TellingTheAffectedFollowsLabelAndIep) {
  Iep iep;
  for (const Label label : {Label::kClear, Label::kGreen, Label::kAmber, Label::kAmberStrict, Label::kRed}) {
    const bool loose = label <= Label::kAmber;
    EXPECT_EQ((ActionsAfterReceipt({label, Pap::kRed, nullptr, {}, false}) & 32) != 0, loose);
    iep.notify_affected = true;
    EXPECT_EQ((ActionsAfterReceipt({label, Pap::kRed, &iep, {}, false}) & 32) != 0, loose);
    iep.notify_affected = false;
    EXPECT_EQ(ActionsAfterReceipt({label, Pap::kRed, &iep, {}, false}) & 32, 0);
  }
}

TEST(ActionsAfterReceipt, AnExerciseIsReadAndSearchedOnly) {
  EXPECT_EQ(ActionsAfterReceipt({Label::kClear, Pap::kClear, nullptr, {}, true}), 3);
}

TEST(ActionsAfterReceipt, WhatIsNoLabelAllowsNothing) {
  for (const int label : {-1, 0, 6})
    EXPECT_EQ(ActionsAfterReceipt({static_cast<Label>(label), Pap::kClear, nullptr, {}, false}), 0);
  EXPECT_EQ(Without5({Label::kClear, static_cast<Pap>(9), nullptr, {}, false}), 3);
}

}  // namespace
}  // namespace entente::policy
