#include <gtest/gtest.h>

#include "policy/sample_questions.h"
#include "policy/testing/cells.h"

// docs/policy.md, section 2, cell by cell.
namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using testing::CellQuestion;
using testing::Cells;
using enum RejectReason;

WithoutContent InsteadFor(const CellQuestion& cell, bool met) {
  if (!met) return WithoutContent::kNothing;
  if (cell.code == 'X') return WithoutContent::kEnvelope;
  if (cell.code == 'Y') return WithoutContent::kSignedPlaintext;
  return cell.code == 'M' ? WithoutContent::kMetadata : WithoutContent::kNothing;
}

RejectReason ReasonOfCell(const CellQuestion& cell, bool met) {
  if (testing::Permits(cell.code, met)) return kNone;
  if (cell.code == 'I') return kPolicyRelOnClear;
  return cell.relationship == Relationship::kGroup && !met ? kPolicyGroup : kPolicyTlp;
}

TEST(Matrix, TheCasesOfTheBaseTable) {
  int cases = 0;
  for (const bool met : {true, false}) {
    for (const CellQuestion& cell : Cells(met)) {
      ++cases;
      const Decision decision = Evaluate({}, cell.question);
      const RejectReason expected = ReasonOfCell(cell, met);
      EXPECT_EQ(ReasonFor(cell.question), expected) << cell.name;
      if (decision.permitted()) {
        EXPECT_EQ(decision.permit()->relationship(), Name(cell.relationship)) << cell.name;
        EXPECT_EQ(decision.permit()->label(), cell.label) << cell.name;
        EXPECT_EQ(decision.permit()->asks(Obligation::kSeatsOnly),
                  cell.code == 'N' && cell.relationship != Relationship::kSameOrg)
            << cell.name;
      } else {
        EXPECT_EQ(decision.denial()->instead, InsteadFor(cell, met)) << cell.name;
      }
    }
  }
  EXPECT_EQ(cases, 180);
}

TEST(Matrix, AnObserverOutsideTheCommunityGetsMetadataOfGreen) {
  Question question = SampleQuestion(Label::kGreen, SampleParty('o', "observer", "XE", PartyKind::kObserver));
  question.standing.community = false;
  question.standing.mandate = true;
  const Decision decision = Evaluate({}, question);
  ASSERT_NE(decision.denial(), nullptr);
  EXPECT_EQ(decision.denial()->instead, WithoutContent::kMetadata);
}

TEST(Matrix, WhoMayHaveAStricterLabelMayHaveEveryLooserOne) {
  for (const bool met : {true, false}) {
    for (const CellQuestion& cell : Cells(met)) {
      if (cell.label == Label::kClear || cell.relationship == Relationship::kGroup ||
          ReasonFor(cell.question) != kNone) {
        continue;
      }
      Question looser = cell.question;
      looser.constraints.label = static_cast<Label>(static_cast<int>(cell.label) - 1);
      EXPECT_EQ(ReasonFor(looser), kNone) << cell.name;
    }
  }
}

TEST(Matrix, GreenOutsideItsCommunityGoesToWhoMayHaveStricter) {
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.standing.community = false;
  EXPECT_EQ(ReasonFor(question), kPolicyTlp);
  question.constraints.addressees = {question.recipient.org};
  EXPECT_EQ(ReasonFor(question), kNone);
  question.constraints.addressees.clear();
  question.standing.client = question.standing.need_to_know.emplace(true);
  const Decision decision = Evaluate({}, question);
  ASSERT_TRUE(decision.permitted());
  EXPECT_EQ(decision.permit()->relationship(), "client");
}

// What present askers know: the record alone. Columns: nation, cert, private, research, observer, relay.
TEST(Matrix, ByTheRecordAlone) {
  constexpr std::pair<Label, const char*> kByRecord[] = {{Label::kClear, "PPPPP-"},
                                                         {Label::kGreen, "PPPPP-"},
                                                         {Label::kAmber, "AAAA--"},
                                                         {Label::kAmberStrict, "AAAA--"},
                                                         {Label::kRed, "------"}};
  for (const auto& [label, row] : kByRecord) {
    EXPECT_EQ(ReasonFor(SampleQuestion(label, Norlandia())), kNone);
    for (int kind = 0; kind < 6; ++kind) {
      Question question = SampleQuestion(label, SampleParty('r', "recipient", "XE", static_cast<PartyKind>(kind)));
      EXPECT_EQ(ReasonFor(question), row[kind] == 'P' ? kNone : kPolicyTlp) << model::Name(label) << kind;
      question.constraints.addressees = {question.recipient.org, SampleOrg('z')};
      EXPECT_EQ(ReasonFor(question), row[kind] == '-' ? kPolicyTlp : kNone) << model::Name(label) << kind;
    }
  }
}

TEST(Matrix, UnlabelledAndUnknownKindsReachNobody) {
  for (const int label : {0, 6, -1}) {
    const Question question = SampleQuestion(static_cast<Label>(label), Estovia());
    EXPECT_EQ(ReasonFor(question), label == 0 ? kNoLabel : kMarking);
  }
  const model::Party stranger = SampleParty('r', "stranger", "XE", static_cast<PartyKind>(6));
  EXPECT_EQ(ReasonFor(SampleQuestion(Label::kClear, stranger)), kPolicyTlp);
}

TEST(Matrix, ASharedOperatorIsOutsideAmberStrict) {
  for (const Label label : {Label::kAmber, Label::kAmberStrict}) {
    Question question = SampleQuestion(label, Estovia());
    question.constraints.addressees = {question.recipient.org};
    question.standing.shared_operator = true;
    EXPECT_EQ(ReasonFor(question), label == Label::kAmber ? kNone : kPolicyTlp);
  }
}

TEST(Matrix, WhoWasNeverVerifiedGetsWhatIsPublic) {
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.standing.unverified = true;
  EXPECT_EQ(ReasonFor(question), kPolicyTlp);
  question.constraints.label = Label::kClear;
  EXPECT_EQ(ReasonFor(question), kPolicyTlp);
  question.constraints.personal_data = PersonalData::kNone;
  question.names_victims = false;
  EXPECT_EQ(ReasonFor(question), kNone);
}

}  // namespace
}  // namespace entente::policy
