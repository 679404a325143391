#include <gtest/gtest.h>

#include "policy/sample_questions.h"

// docs/policy.md, section 2, cell by cell.
namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;

constexpr int kColumns = 7;
// Columns: own organisation, nation, cert, private, research, observer, relay. P permit, A permit when named, - deny.
constexpr std::pair<Label, const char*> kMatrix[] = {
    {Label::kClear, "PPPPPP-"},       {Label::kGreen, "PPPPPP-"}, {Label::kAmber, "PAAAA--"},
    {Label::kAmberStrict, "PAAAA--"}, {Label::kRed, "P------"},
};
constexpr const char* kRelationships[kColumns] = {
    "same_org", "peer_nation", "peer_nation", "private_partner", "private_partner", "observer", ""};

model::Party Recipient(int column) {
  if (column == 0) return Norlandia();
  return SampleParty('r', "recipient", "XE", static_cast<PartyKind>(column - 1));
}
std::string CellName(Label label, int column) {
  return std::string(model::Name(label)) + ", column " + std::to_string(column);
}

TEST(Matrix, WithNobodyNamed) {
  for (const auto& [label, row] : kMatrix) {
    for (int column = 0; column < kColumns; ++column) {
      const Question question = SampleQuestion(label, Recipient(column));
      const RejectReason expected = row[column] == 'P' ? RejectReason::kNone : RejectReason::kPolicyTlp;
      EXPECT_EQ(ReasonFor(question), expected) << CellName(label, column);
    }
  }
}

TEST(Matrix, WithTheRecipientNamed) {
  for (const auto& [label, row] : kMatrix) {
    for (int column = 0; column < kColumns; ++column) {
      Question question = SampleQuestion(label, Recipient(column));
      question.constraints.addressees = {question.recipient.org, SampleOrg('z')};
      const RejectReason expected = row[column] == '-' ? RejectReason::kPolicyTlp : RejectReason::kNone;
      EXPECT_EQ(ReasonFor(question), expected) << CellName(label, column);
    }
  }
}

TEST(Matrix, WithSomebodyElseNamed) {
  for (const auto& [label, row] : kMatrix) {
    for (int column = 0; column < kColumns; ++column) {
      Question question = SampleQuestion(label, Recipient(column));
      question.constraints.addressees = {SampleOrg('z')};
      RejectReason expected = row[column] == 'P' ? RejectReason::kPolicyAddressee : RejectReason::kPolicyTlp;
      if (column == 0) expected = RejectReason::kNone;
      EXPECT_EQ(ReasonFor(question), expected) << CellName(label, column);
    }
  }
}

TEST(Matrix, APermitNamesRecipientLabelAndRelationship) {
  for (const auto& [label, row] : kMatrix) {
    for (int column = 0; column < kColumns; ++column) {
      Question question = SampleQuestion(label, Recipient(column));
      question.constraints.addressees = {question.recipient.org};
      const Decision decision = Evaluate({}, question);
      ASSERT_EQ(decision.permitted(), row[column] != '-') << CellName(label, column);
      if (!decision.permitted()) continue;
      EXPECT_EQ(decision.permit()->recipient(), question.recipient.org);
      EXPECT_EQ(decision.permit()->label(), label);
      EXPECT_EQ(decision.permit()->relationship(), kRelationships[column]);
    }
  }
}

TEST(Matrix, WhoMayHaveAStricterLabelMayHaveEveryLooserOne) {
  for (int column = 0; column < kColumns; ++column) {
    for (size_t row = 1; row < std::size(kMatrix); ++row) {
      for (const bool named : {false, true}) {
        Question strict = SampleQuestion(kMatrix[row].first, Recipient(column));
        if (named) strict.constraints.addressees = {strict.recipient.org};
        Question loose = strict;
        loose.constraints.label = kMatrix[row - 1].first;
        if (ReasonFor(strict) == RejectReason::kNone) {
          EXPECT_EQ(ReasonFor(loose), RejectReason::kNone) << CellName(kMatrix[row].first, column);
        }
      }
    }
  }
}

TEST(Matrix, UnlabelledAndUnknownKindsReachNobody) {
  for (int column = 0; column < kColumns; ++column) {
    EXPECT_EQ(ReasonFor(SampleQuestion(Label::kUnlabelled, Recipient(column))), RejectReason::kNoLabel);
    EXPECT_EQ(ReasonFor(SampleQuestion(static_cast<Label>(6), Recipient(column))), RejectReason::kMarking);
    EXPECT_EQ(ReasonFor(SampleQuestion(static_cast<Label>(-1), Recipient(column))), RejectReason::kMarking);
  }
  const model::Party stranger = SampleParty('r', "stranger", "XE", static_cast<PartyKind>(6));
  EXPECT_EQ(ReasonFor(SampleQuestion(Label::kClear, stranger)), RejectReason::kPolicyTlp);
}

}  // namespace
}  // namespace entente::policy
