// Groups and identities over sessions alone.
#include "services/peer/documents.h"

#include <gtest/gtest.h>

#include "services/peer/testing/three_rooms.h"

namespace entente::peer {
namespace {

using enum RejectReason;
using exchange::testing::TestNode;
using testing::Eventually;
using testing::Pipe;
using testing::Side;

const std::vector<std::string> kNothing;

class DocumentsTest : public ::testing::Test {
 protected:
  void Propose(TestNode& by, const trust::GroupTerms& terms, bool first = false) {
    const auto change = by.groups->Propose(first ? std::nullopt : std::optional(n_.nodes.group), terms);
    ASSERT_TRUE(change.ok()) << change.status();
    n_.nodes.group = change->group;
  }
  trust::GroupTerms Terms() { return trust::TermsOf(*n_.norlandia.group_directory->Newest(n_.nodes.group)); }
  trust::GroupTerms Without(const TestNode& gone) {
    trust::GroupTerms terms = Terms();
    terms.members.erase(gone.org());
    std::erase(terms.issuers, gone.org());
    return terms;
  }
  testing::ThreeRooms n_;
};

TEST_F(DocumentsTest, AGroupIsFoundedWhileSessionsAreUp) {
  n_.OpenAll();
  Propose(n_.norlandia, n_.nodes.Terms(), /*first=*/true);
  EXPECT_TRUE(n_.AllAt(1, 1));
  EXPECT_EQ(n_.nodes.Seals(n_.volt)->tag, n_.nodes.Seals(n_.norlandia)->tag);
  EXPECT_EQ(n_.Rejections(), kNothing);
}

TEST_F(DocumentsTest, AGroupThatWasFoundedBeforeIsToldOf) {
  Propose(n_.norlandia, n_.nodes.Terms(), /*first=*/true);
  ASSERT_TRUE(n_.Settles([&] { return n_.nodes.Epoch(n_.norlandia) == 1; }));
  n_.OpenAll();
  EXPECT_TRUE(n_.AllAt(1, 1));
  EXPECT_EQ(n_.Rejections(), kNothing);
}

TEST_F(DocumentsTest, TwoAdminsSignByTheirSessions) {
  n_.OpenAll();
  Propose(n_.norlandia, n_.nodes.Terms(/*threshold=*/2), /*first=*/true);
  const auto waits = [&](TestNode& node) {
    return n_.Settles([&] { return !node.groups->Proposals(n_.nodes.group).empty(); });
  };
  ASSERT_TRUE(waits(n_.estovia));
  EXPECT_EQ(n_.nodes.Version(n_.norlandia), 0u);
  ASSERT_TRUE(n_.estovia.groups->Sign(n_.estovia.groups->Proposals(n_.nodes.group)[0]).ok());
  ASSERT_TRUE(n_.AllAt(1, 1));
  Propose(n_.estovia, Without(n_.volt));
  ASSERT_TRUE(waits(n_.norlandia));
  ASSERT_TRUE(n_.norlandia.groups->Sign(n_.norlandia.groups->Proposals(n_.nodes.group)[0]).ok());
  EXPECT_TRUE(n_.Settles([&] { return n_.nodes.Epoch(n_.estovia) == 2 && n_.nodes.Version(n_.estovia) == 2; }));
  EXPECT_EQ(n_.nodes.Version(n_.volt), 1u);  // who is out is told nothing more
  EXPECT_EQ(n_.Rejections(), kNothing);
}

TEST_F(DocumentsTest, ChangesLeavesAndRotationsReachEverybody) {
  n_.OpenAll();
  Propose(n_.norlandia, n_.nodes.Terms(), /*first=*/true);
  ASSERT_TRUE(n_.AllAt(1, 1));
  n_.CloseAll();
  n_.nodes.Forward(absl::Hours(1));
  n_.OpenAll();
  trust::GroupTerms renamed = Terms();
  renamed.name = "energy and more";
  Propose(n_.estovia, renamed);  // which does not keep the log
  ASSERT_TRUE(n_.Settles([&] { return n_.nodes.Version(n_.volt) == 2; }));
  ASSERT_TRUE(n_.norlandia.groups->Rotate(n_.nodes.group, v1::EPOCH_REASON_AGE).ok());
  ASSERT_TRUE(n_.AllAt(2, 2));
  n_.CloseAll();
  n_.nodes.Forward(absl::Hours(1));
  n_.OpenAll();
  ASSERT_TRUE(n_.volt.groups->Leave(n_.nodes.group).ok());
  ASSERT_TRUE(n_.Settles([&] { return n_.nodes.Epoch(n_.norlandia) == 3 && n_.nodes.Epoch(n_.estovia) == 3; }));
  EXPECT_EQ(n_.estovia.group_directory->Left(n_.nodes.group), std::vector<OrgId>{n_.volt.org()});
  EXPECT_EQ(n_.nodes.SealsWhy(n_.volt), kNotMember);
  EXPECT_EQ(n_.Rejections(), kNothing);
}

TEST_F(DocumentsTest, WhoWasAwayAsksForWhatItMissed) {
  n_.OpenAll();
  Propose(n_.norlandia, n_.nodes.Terms(), /*first=*/true);
  ASSERT_TRUE(n_.AllAt(1, 1));
  n_.CloseAll();
  for (int i = 0; i < 30; ++i) {  // more than is told at once
    trust::GroupTerms terms = Terms();
    terms.name = "energy " + std::to_string(i);
    n_.nodes.Forward(absl::Seconds(1));
    Propose(n_.norlandia, terms);
  }
  ASSERT_TRUE(n_.norlandia.groups->Rotate(n_.nodes.group, v1::EPOCH_REASON_AGE).ok());
  n_.Open(n_.norlandia, n_.estovia);
  ASSERT_TRUE(n_.Settles([&] { return n_.nodes.Epoch(n_.estovia) == 2 && n_.nodes.Version(n_.estovia) == 31; }));
  EXPECT_EQ(n_.nodes.Version(n_.volt), 1u);
  n_.Open(n_.estovia, n_.volt);  // from who issued nothing it has documents and log
  ASSERT_TRUE(n_.Settles([&] { return n_.nodes.Version(n_.volt) == 31; }));
  EXPECT_EQ(n_.nodes.Epoch(n_.volt), 1u);
  n_.Open(n_.norlandia, n_.volt);
  EXPECT_TRUE(n_.AllAt(31, 2));
  EXPECT_EQ(n_.Rejections(), kNothing);
}

// Who kept what has expired by now tells it all the same: the version that follows stands on it.
TEST_F(DocumentsTest, DocumentsOfAGroupThatHasExpiredAreNoFault) {
  n_.OpenAll();
  Propose(n_.norlandia, n_.nodes.Terms(), /*first=*/true);
  ASSERT_TRUE(n_.AllAt(1, 1));
  n_.CloseAll();
  n_.nodes.Forward(absl::Hours(1));
  trust::GroupTerms renamed = Terms();
  renamed.name = "energy and more";
  Propose(n_.norlandia, renamed);
  n_.nodes.Forward(trust::kMembershipLifetime);
  n_.Open(n_.norlandia, n_.volt);
  EXPECT_TRUE(Eventually([&] { return n_.nodes.Version(n_.volt) == 2; }));
  EXPECT_EQ(n_.nodes.SealsWhy(n_.volt), kFreeze);
  EXPECT_FALSE(n_.AnyOver());
  EXPECT_EQ(n_.Rejections(), kNothing);
}

// Nobody had its prekey when the epoch was issued.
TEST_F(DocumentsTest, AMemberWithoutASlotIsGivenARewrap) {
  TestNode late("late", "XN");
  for (TestNode* node : n_.nodes.all) {
    node->Accept(late);
    late.Accept(*node);
  }
  trust::GroupTerms terms = n_.nodes.Terms();
  terms.members[late.org()] = 1;
  Propose(n_.norlandia, terms, /*first=*/true);
  ASSERT_TRUE(n_.Settles([&] { return n_.nodes.Epoch(n_.norlandia) == 1; }));
  n_.Open(n_.norlandia, late);
  EXPECT_TRUE(n_.Settles([&] { return n_.nodes.Epoch(late) == 1; }));
  EXPECT_EQ(n_.Rejections(), kNothing);
  n_.CloseAll();  // before `late` goes
}

class IdentitiesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  uint64_t VersionAt(TestNode& node, const TestNode& of) { return node.directory->Find(of.org())->identity.version(); }
  void Rotate(TestNode& node) {
    node.clock.now += absl::Seconds(1);
    node.Become(node.Next());
    for (TestNode* one : {&norlandia_, &estovia_}) one->clock.now = node.clock.now;
  }
  TestNode norlandia_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"};
};

TEST_F(IdentitiesTest, ANewerDocumentIsTakenInAndTheNextSessionServes) {
  for (int i = 0; i < 3; ++i) Rotate(estovia_);
  {
    const auto pipe = Pipe::Make();
    Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
    const SessionEnd end = n.Ended();
    EXPECT_FALSE(end.served);
    EXPECT_FALSE(end.refused) << end.why;
    EXPECT_EQ(e.Ended().why.message(), "the peer ended the session: replaced");
  }
  EXPECT_EQ(VersionAt(norlandia_, estovia_), 4u);
  norlandia_.Restart();  // it is on disk
  const auto pipe = Pipe::Make();
  Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
  EXPECT_TRUE(Eventually([&] { return norlandia_.counters.Peer(estovia_.org()).up.load(); }));
}

TEST_F(IdentitiesTest, BothSidesHaveNewerOnes) {
  Rotate(estovia_);
  Rotate(norlandia_);
  for (int i = 0; i < 3 && VersionAt(norlandia_, estovia_) + VersionAt(estovia_, norlandia_) < 4; ++i) {
    const auto pipe = Pipe::Make();
    Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
    n.Ended();
    e.Ended();
  }
  EXPECT_EQ(VersionAt(norlandia_, estovia_), 2u);
  EXPECT_EQ(VersionAt(estovia_, norlandia_), 2u);
}

TEST_F(IdentitiesTest, AnOlderDocumentThanOnFileIsGoodEnough) {
  norlandia_.Learn(estovia_.Next());
  const auto pipe = Pipe::Make();
  Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
  EXPECT_TRUE(Eventually([&] { return norlandia_.counters.Peer(estovia_.org()).up.load(); }));
}

}  // namespace
}  // namespace entente::peer
