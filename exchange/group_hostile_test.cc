// Groups against parties that mean harm, keepers that stall and operators who do not answer.
#include <gtest/gtest.h>

#include "exchange/testing/group_nodes.h"

namespace entente::exchange {
namespace {

using enum RejectReason;
using testing::GroupNodes;
using testing::TestNode;

class HostileGroupsTest : public ::testing::Test {
 protected:
  void Found(uint32_t threshold = 1) {
    const absl::Status founded = n_.Found(threshold);
    ASSERT_TRUE(founded.ok()) << founded;
  }
  static void Do(TestNode& node) {
    const absl::Status done = node.groups->DoDuties();
    EXPECT_TRUE(done.ok()) << done;
  }
  trust::GroupTerms Terms() { return trust::TermsOf(*n_.norlandia.group_directory->Newest(n_.group)); }
  // The next version with these terms, as `by` signs it.
  v1::SignedMembership Next(const TestNode& by, const trust::GroupTerms& terms,
                            absl::Duration ahead = absl::ZeroDuration()) {
    const auto newest = n_.norlandia.group_directory->Newest(n_.group);
    v1::SignedMembership next = *trust::MakeMembership(terms, newest.get(), by.clock.now + ahead);
    EXPECT_TRUE(trust::SignMembership(by.org(), *by.admin, next).ok());
    return next;
  }
  GroupNodes n_;
};

TEST_F(HostileGroupsTest, WhoIsNoAdminPutsNothingIntoTheQueue) {
  Found();
  trust::GroupTerms takeover = Terms();
  takeover.admins.insert(n_.volt.org());
  EXPECT_EQ(ReasonOf(n_.norlandia.groups->TakeProposal(Next(n_.volt, takeover))), kIssuer);
  for (int i = 0; i < 20; ++i) {  // new groups in which it names Norlandia
    trust::GroupTerms terms = n_.Terms(/*threshold=*/2);
    terms.name = "made up " + std::to_string(i);
    terms.admins = {n_.norlandia.org(), n_.volt.org()};
    terms.log_org = n_.volt.org();
    v1::SignedMembership first = *trust::MakeMembership(terms, nullptr, n_.volt.clock.now);
    ASSERT_TRUE(trust::SignMembership(n_.volt.org(), *n_.volt.admin, first).ok());
    EXPECT_EQ(ReasonOf(n_.norlandia.groups->TakeProposal(first)), i < 16 ? kNone : kLimit) << i;
  }
  EXPECT_TRUE(n_.norlandia.groups->Proposals(n_.group).empty());
  EXPECT_EQ(n_.norlandia.groups->Proposed().size(), trust::kMaxGroupsOfFounder);
  n_.Forward(absl::Hours(85));
  Do(n_.norlandia);
  EXPECT_EQ(n_.Version(n_.norlandia), 2u);  // it goes on as if nothing were
}

TEST_F(HostileGroupsTest, AnUnansweredChangeStopsNoHeartbeat) {
  Found(/*threshold=*/2);
  const auto whole = n_.estovia.groups->Sign(n_.norlandia.groups->Proposals(n_.group)[0]);
  ASSERT_TRUE(whole.ok() && n_.norlandia.groups->TakeProposal(whole->document).ok());
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.estovia).ok());
  trust::GroupTerms without = Terms();
  without.members.erase(n_.volt.org());
  ASSERT_TRUE(n_.norlandia.groups->Propose(n_.group, without).ok());
  n_.Forward(absl::Hours(85));
  Do(n_.norlandia);
  const auto waiting = n_.norlandia.groups->Proposals(n_.group);
  ASSERT_EQ(waiting.size(), 2u);
  ASSERT_TRUE(n_.estovia.groups->TakeProposal(waiting[1]).ok());  // its node signs that one alone
  const auto announced = n_.estovia.group_directory->History(n_.group)->announced();
  ASSERT_EQ(announced.size(), 1u);
  EXPECT_EQ(announced[0]->members().size(), 3u);
}

TEST_F(HostileGroupsTest, AHeartbeatOfTheFutureOrOfAnotherPastIsNotSigned) {
  Found(/*threshold=*/2);
  const auto whole = n_.estovia.groups->Sign(n_.norlandia.groups->Proposals(n_.group)[0]);
  ASSERT_TRUE(whole.ok() && n_.norlandia.groups->TakeProposal(whole->document).ok());
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.estovia).ok());
  EXPECT_EQ(ReasonOf(n_.estovia.groups->TakeProposal(Next(n_.norlandia, Terms(), absl::Hours(1)))), kTime);
  v1::SignedMembership astray = Next(n_.norlandia, Terms());
  v1::MembershipDocument document;
  ASSERT_TRUE(document.ParseFromString(astray.document()));
  document.set_previous_hash(Bytes(32, 'x'));
  astray.set_document(document.SerializeAsString());
  astray.clear_signatures();
  ASSERT_TRUE(trust::SignMembership(n_.norlandia.org(), *n_.norlandia.admin, astray).ok());
  EXPECT_EQ(ReasonOf(n_.estovia.groups->TakeProposal(astray)), kIdentityChain);
  EXPECT_TRUE(n_.estovia.groups->Proposals(n_.group).empty());
}

TEST_F(HostileGroupsTest, AnAdminTakesTheLogOverWhereItsKeeperStalls) {
  Found();  // Norlandia keeps the log, and is not heard of any more
  n_.Forward(absl::Hours(85));
  Do(n_.estovia);  // a heartbeat that nobody logs
  EXPECT_EQ(n_.Version(n_.estovia), 1u);
  n_.Forward(absl::Hours(24 * 4));
  trust::GroupTerms terms = Terms();
  terms.admins.erase(n_.norlandia.org());
  terms.members.erase(n_.norlandia.org());
  terms.issuers = {n_.estovia.org()};
  terms.log_org = n_.estovia.org();
  const auto change = n_.estovia.groups->Propose(n_.group, terms);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_TRUE(change->counts);
  EXPECT_EQ(n_.Version(n_.estovia), 2u);
  Do(n_.estovia);
  EXPECT_EQ(n_.Epoch(n_.estovia), 2u);
}

TEST_F(HostileGroupsTest, AnIssuerWithoutAnyEpochOfTheGroupFoundsNone) {
  const auto change = n_.norlandia.groups->Propose(std::nullopt, n_.Terms());
  ASSERT_TRUE(change.ok());
  n_.group = change->group;
  Do(n_.norlandia);
  const auto answer = n_.norlandia.groups->AnswerFor(n_.group, n_.estovia.org(), {});
  std::vector<trust::GroupDocument> run;
  for (const auto& document : answer->documents) {
    std::visit([&](const auto& one) { run.emplace_back(&one); }, document);
  }
  ASSERT_TRUE(n_.estovia.groups->TakeDocuments(n_.group, run, true).ok());
  n_.Forward(absl::Hours(1));
  Do(n_.estovia);
  EXPECT_TRUE(n_.estovia.group_directory->Epochs(n_.group, 1, 10, n_.estovia.clock.now).empty());
  EXPECT_EQ(ReasonOf(n_.estovia.groups->Rotate(n_.group, v1::EPOCH_REASON_AGE)), RejectReason::kEpoch);
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.estovia).ok());
  EXPECT_TRUE(n_.estovia.groups->Rotate(n_.group, v1::EPOCH_REASON_AGE).ok());
}

TEST_F(HostileGroupsTest, WhoLeavesMakesNoEpochAndTheNextIssuerDoes) {
  Found();
  n_.Forward(absl::Hours(1));
  ASSERT_TRUE(n_.norlandia.groups->Leave(n_.group).ok());
  Do(n_.norlandia);
  EXPECT_EQ(ReasonOf(n_.norlandia.groups->Rotate(n_.group, v1::EPOCH_REASON_AGE)), kNotMember);
  EXPECT_EQ(n_.norlandia.group_directory->Epochs(n_.group, 2, 10, n_.norlandia.clock.now).size(), 0u);
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.estovia).ok());
  n_.Forward(absl::Minutes(10));  // the second issuer's turn
  Do(n_.estovia);
  const auto epochs = n_.estovia.group_directory->Epochs(n_.group, 2, 10, n_.estovia.clock.now);
  ASSERT_EQ(epochs.size(), 1u);
  EXPECT_EQ(epochs[0].epoch.issuer, n_.estovia.org());
}

}  // namespace
}  // namespace entente::exchange
