// Groups over the journal: what comes in, what a restart gives back, what admins sign, what others may have.
#include <gtest/gtest.h>

#include "exchange/testing/group_nodes.h"

namespace entente::exchange {
namespace {

using enum RejectReason;
using testing::GroupNodes;
using testing::TestNode;

class GroupsTest : public ::testing::Test {
 protected:
  void Found(uint32_t threshold = 1) {
    const absl::Status founded = n_.Found(threshold);
    ASSERT_TRUE(founded.ok()) << founded;
  }
  static void Do(TestNode& node) {
    const absl::Status done = node.groups->DoDuties();
    EXPECT_TRUE(done.ok()) << done;
  }
  void Pass(TestNode& from, TestNode& to) {
    const absl::Status passed = n_.Pass(from, to);
    EXPECT_TRUE(passed.ok()) << passed;
  }
  trust::GroupTerms Without(const TestNode& gone) {
    trust::GroupTerms terms = trust::TermsOf(*n_.norlandia.group_directory->Newest(n_.group));
    terms.members.erase(gone.org());
    std::erase(terms.issuers, gone.org());
    return terms;
  }
  GroupNodes n_;
};

TEST_F(GroupsTest, WhoIsInHasTheSameSecretAndNobodyElse) {
  Found();
  for (const TestNode* node : n_.all) EXPECT_EQ(n_.Epoch(*node), 1u) << node->self->identity.name();
  const RouteTag tag = n_.Seals(n_.norlandia)->tag;
  EXPECT_TRUE(n_.volt.group_directory->ForTag(tag, n_.volt.clock.now).ok());
  EXPECT_EQ(n_.Seals(n_.volt)->tag, tag);

  TestNode stranger("stranger");
  stranger.Accept(n_.norlandia);
  n_.norlandia.Accept(stranger);
  const auto answer = n_.norlandia.groups->AnswerFor(n_.group, stranger.org(), {});
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->documents.empty() && answer->epochs.empty() && answer->leaves.empty() && answer->rewraps.empty());
}

TEST_F(GroupsTest, EachGetsItsOwnSlotAlone) {
  Found();
  const auto for_volt = n_.norlandia.groups->AnswerFor(n_.group, n_.volt.org(), {});
  ASSERT_EQ(for_volt->epochs.size(), 1u);
  EXPECT_EQ(ReasonOf(n_.estovia.groups->TakeEpoch(for_volt->epochs[0], true)), kNone);  // on file already: not looked at
  n_.Forward(absl::Hours(24 * 6));  // 80 % of the epoch's life
  Do(n_.norlandia);
  const auto next = n_.norlandia.groups->AnswerFor(n_.group, n_.volt.org(), {.version = 9, .entry = 9, .epoch = 2});
  ASSERT_EQ(next->epochs.size(), 1u);
  EXPECT_EQ(ReasonOf(n_.estovia.groups->TakeEpoch(next->epochs[0], true)), kMemberHash);  // under a heartbeat that is not here yet
  Pass(n_.norlandia, n_.estovia);
  EXPECT_EQ(n_.Epoch(n_.estovia), 2u);
  const auto from_member = n_.volt.groups->AnswerFor(n_.group, n_.estovia.org(), {});
  EXPECT_TRUE(from_member->epochs.empty());  // a member holds no slots to hand out
  EXPECT_FALSE(from_member->documents.empty());
}

TEST_F(GroupsTest, ARestartGivesEverythingBack) {
  Found();
  n_.Forward(absl::Hours(1));
  ASSERT_TRUE(n_.volt.groups->Leave(n_.group).ok());
  Pass(n_.volt, n_.norlandia);
  Do(n_.norlandia);
  const RouteTag tag = n_.Seals(n_.norlandia)->tag;
  for (TestNode* node : n_.all) node->Restart();
  n_.Greet();
  EXPECT_EQ(n_.Epoch(n_.norlandia), 2u);
  EXPECT_EQ(n_.Seals(n_.norlandia)->tag, tag);
  EXPECT_EQ(n_.norlandia.group_directory->Left(n_.group), std::vector<OrgId>{n_.volt.org()});
  EXPECT_EQ(n_.SealsWhy(n_.volt), kNotMember);
  EXPECT_EQ(n_.norlandia.groups->AnswerFor(n_.group, n_.estovia.org(), {})->epochs.size(), 2u);  // slots, too
  Pass(n_.norlandia, n_.estovia);
  EXPECT_EQ(n_.Epoch(n_.estovia), 2u);
  EXPECT_TRUE(n_.norlandia.journal->Fsck(false)->problems.empty());
  EXPECT_TRUE(n_.estovia.journal->Fsck(true)->problems.empty());
}

// The epochs that it missed have drained, and each stands on the one before.
TEST_F(GroupsTest, WhoWasAwayForWeeksGoesOnWithItsGroup) {
  Found();
  for (int days = 0; days < 21; days += 3) {
    n_.Forward(absl::Hours(24 * 3));
    Do(n_.norlandia);
    Pass(n_.norlandia, n_.estovia);
  }
  ASSERT_GE(n_.Epoch(n_.norlandia), 3u);
  // The prekeys of the slots are gone by now, for which there are re-wraps.
  EXPECT_EQ(ReasonOf(n_.Pass(n_.norlandia, n_.volt)), kKeyGone);
  ASSERT_EQ(n_.Epoch(n_.volt), n_.Epoch(n_.norlandia));
  EXPECT_EQ(n_.Seals(n_.volt)->tag, n_.Seals(n_.norlandia)->tag);
}

TEST_F(GroupsTest, P32ATombstonesTagOutlivesItsSecretAndARestart) {
  Found();
  const RouteTag tag = n_.Seals(n_.volt)->tag;
  n_.Forward(absl::Hours(24 * 3));
  Do(n_.norlandia);  // a heartbeat is due at half of the document's life only
  n_.Forward(absl::Hours(24 * 3));
  Do(n_.norlandia);
  Pass(n_.norlandia, n_.volt);
  n_.Forward(absl::Hours(24 * 5));
  Do(n_.norlandia);
  Pass(n_.norlandia, n_.volt);
  Do(n_.volt);
  EXPECT_EQ(ReasonOf(n_.volt.group_directory->ForTag(tag, n_.volt.clock.now).status()), kEpochStale);
  n_.volt.Restart();
  EXPECT_EQ(ReasonOf(n_.volt.group_directory->ForTag(tag, n_.volt.clock.now).status()), kEpochStale);
  EXPECT_NE(n_.Epoch(n_.volt), 0u);
}

TEST_F(GroupsTest, AChangeOfTwoAdminsWaitsForBoth) {
  Found(/*threshold=*/2);
  EXPECT_EQ(n_.Version(n_.norlandia), 0u);
  const std::vector<v1::SignedMembership> waiting = n_.norlandia.groups->Proposals(n_.group);
  ASSERT_EQ(waiting.size(), 1u);
  ASSERT_TRUE(n_.estovia.groups->TakeProposal(waiting[0]).ok());
  EXPECT_EQ(n_.Version(n_.estovia), 0u);  // its operator has not said yes
  const auto signed_by_both = n_.estovia.groups->Sign(n_.estovia.groups->Proposals(n_.group)[0]);
  ASSERT_TRUE(signed_by_both.ok()) << signed_by_both.status();
  EXPECT_FALSE(signed_by_both->counts);  // Norlandia keeps the log
  ASSERT_TRUE(n_.norlandia.groups->TakeProposal(signed_by_both->document).ok());
  EXPECT_EQ(n_.Version(n_.norlandia), 1u);
  EXPECT_TRUE(n_.norlandia.groups->Proposals(n_.group).empty());
  Pass(n_.norlandia, n_.estovia);
  EXPECT_EQ(n_.Version(n_.estovia), 1u);
  const auto again = n_.norlandia.groups->Sign(signed_by_both->document);  // what counts already
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->counts);
}

TEST_F(GroupsTest, WhoIsNoAdminChangesNothing) {
  Found();
  EXPECT_EQ(ReasonOf(n_.volt.groups->Propose(n_.group, Without(n_.estovia)).status()), kUsage);
  v1::SignedMembership forged = *trust::MakeMembership(Without(n_.estovia), n_.volt.group_directory->Newest(n_.group).get(), n_.volt.clock.now);
  ASSERT_TRUE(trust::SignMembership(n_.volt.org(), *n_.volt.admin, forged).ok());
  EXPECT_EQ(ReasonOf(n_.norlandia.groups->TakeProposal(forged)), kParse);
  forged.clear_signatures();
  EXPECT_EQ(ReasonOf(n_.norlandia.groups->TakeProposal(forged)), kIssuer);
  EXPECT_TRUE(n_.norlandia.groups->Proposals(n_.group).empty());
}

TEST_F(GroupsTest, P29WhoIsTakenOutGetsNothingOfTheNextEpoch) {
  Found();
  n_.Forward(absl::Hours(1));
  const auto change = n_.norlandia.groups->Propose(n_.group, Without(n_.volt));
  ASSERT_TRUE(change.ok() && change->counts) << change.status();
  EXPECT_EQ(n_.SealsWhy(n_.norlandia), kEpochStale);  // a member is out that has the epoch
  Do(n_.norlandia);
  EXPECT_EQ(n_.Epoch(n_.norlandia), 2u);
  const auto answer = n_.norlandia.groups->AnswerFor(n_.group, n_.volt.org(), {});
  EXPECT_TRUE(answer->documents.empty() && answer->epochs.empty());
  const RouteTag next = n_.Seals(n_.norlandia)->tag;
  EXPECT_EQ(ReasonOf(n_.volt.group_directory->ForTag(next, n_.volt.clock.now).status()), RejectReason::kEpoch);
  Pass(n_.norlandia, n_.estovia);
  EXPECT_EQ(n_.Epoch(n_.estovia), 2u);
}

TEST_F(GroupsTest, P30WhoComesInGetsNoEpochOfBefore) {
  TestNode late("cert.late", "XL");
  for (TestNode* one : n_.all) {
    one->Accept(late);
    late.Accept(*one);
    GroupNodes::Hear(*one, late);
    GroupNodes::Hear(late, *one);
  }
  Found();
  const RouteTag before = n_.Seals(n_.norlandia)->tag;
  trust::GroupTerms terms = n_.Terms();
  terms.members[late.org()] = 1;
  late.clock.now += absl::Hours(1);
  n_.Forward(absl::Hours(1));
  ASSERT_TRUE(n_.norlandia.groups->Propose(n_.group, terms)->counts);
  Do(n_.norlandia);
  Pass(n_.norlandia, late);
  EXPECT_EQ(n_.Epoch(late), 2u);
  EXPECT_EQ(ReasonOf(late.group_directory->ForTag(before, late.clock.now).status()), RejectReason::kEpoch);
  late.Restart();
  EXPECT_EQ(n_.Epoch(late), 2u);  // version 1 alone would not have been followed: the run that began it counts as one
}

TEST_F(GroupsTest, AHeartbeatNeedsNoOperator) {
  Found();
  const bool norlandia_is_first = n_.norlandia.org() < n_.estovia.org();
  TestNode& first = norlandia_is_first ? n_.norlandia : n_.estovia;
  TestNode& second = norlandia_is_first ? n_.estovia : n_.norlandia;
  const auto versions = [&](const TestNode& node) {
    return n_.Version(node) + node.group_directory->History(n_.group)->announced().size();
  };
  n_.Forward(absl::Hours(84) - absl::Seconds(1));
  Do(first);
  EXPECT_EQ(versions(first), 1u);
  n_.Forward(absl::Seconds(1));
  Do(first);
  EXPECT_EQ(versions(first), 2u);
  Do(second);
  EXPECT_EQ(versions(second), 1u);  // its turn comes later
  Pass(first, second);
  Do(second);  // logs it, where it keeps the log
  Pass(second, first);
  n_.Forward(absl::Minutes(10));
  Do(second);
  for (const TestNode* node : {&first, &second}) EXPECT_EQ(versions(*node), 2u);
  EXPECT_EQ(n_.Version(first), 2u);
}

TEST_F(GroupsTest, AHeartbeatOfTwoIsSignedBySecondAdminsNode) {
  Found(/*threshold=*/2);
  ASSERT_TRUE(n_.estovia.groups->Sign(n_.norlandia.groups->Proposals(n_.group)[0]).ok());
  ASSERT_TRUE(n_.norlandia.groups->TakeProposal(n_.estovia.group_directory->History(n_.group)->announced().front()->wire()).ok());
  Pass(n_.norlandia, n_.estovia);
  n_.Forward(absl::Hours(85));  // behind both admins' turns
  Do(n_.norlandia);
  const auto waiting = n_.norlandia.groups->Proposals(n_.group);
  ASSERT_EQ(waiting.size(), 1u);
  ASSERT_TRUE(n_.estovia.groups->TakeProposal(waiting[0]).ok());
  const auto announced = n_.estovia.group_directory->History(n_.group)->announced();
  ASSERT_EQ(announced.size(), 1u);
  EXPECT_EQ(announced[0]->wire().signatures_size(), 2);
}

TEST_F(GroupsTest, WhoHadNoPrekeyGetsTheSecretOnceMore) {
  TestNode late("cert.late", "XL");
  for (TestNode* one : n_.all) {
    one->Accept(late);
    late.Accept(*one);
  }
  Found();
  trust::GroupTerms terms = n_.Terms();
  terms.members[late.org()] = 1;
  ASSERT_TRUE(n_.norlandia.groups->Propose(n_.group, terms)->counts);
  Do(n_.norlandia);  // nobody has heard a prekey of it
  EXPECT_EQ(ReasonOf(n_.Pass(n_.norlandia, late)), kNoSlot);
  EXPECT_EQ(n_.SealsWhy(late), kEpochStale);
  GroupNodes::Hear(n_.norlandia, late);
  EXPECT_EQ(ReasonOf(n_.Pass(n_.norlandia, late)), kNoSlot);  // of the slot; the re-wrap comes behind it
  EXPECT_EQ(n_.Epoch(late), 2u);
}

}  // namespace
}  // namespace entente::exchange
