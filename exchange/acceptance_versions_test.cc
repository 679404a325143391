// Later versions of identity documents at the operator's door, and behind a new start.
#include <gtest/gtest.h>

#include "crypto/encoding.h"
#include "exchange/testing/test_node.h"
#include "storage/testing/file_size_limit.h"
#include "trust/card.h"
#include "trust/key_maker.h"

namespace entente::exchange {
namespace {

using enum RejectReason;
using testing::TestNode;

class AcceptanceVersions : public ::testing::Test {
 protected:
  // Estovia's next version on this day, with whatever else changes; its card then holds it.
  v1::SignedIdentity Next(int day, trust::IdentityChange change = {}) {
    const crypto::SigningKey* roots[] = {&estovia_.root};
    const absl::Time at = start_ + day * absl::Hours(24);
    const v1::SignedIdentity next = *trust::MakeNext(history_, change, roots, at);
    EXPECT_TRUE(history_.Extend(next, at).ok());
    return next;
  }
  trust::IdentityChange Rotation(int day) const {
    return trust::Rotation(history_, fresh_, start_ + day * absl::Hours(24));
  }
  static trust::IdentityChange Named(const std::string& name) {
    trust::IdentityChange change;
    change.name = name;
    return change;
  }
  v1::AddPeerRequest Request(const v1::Card& card, const std::string& nation = "XE") const {
    v1::AddPeerRequest request;
    request.set_card(trust::ArmourCard(card));
    request.set_fingerprint(crypto::ToFingerprint(estovia_.org()));
    request.set_nation(nation);
    request.set_kind("cert");
    return request;
  }
  RejectReason Add(const v1::Card& card, const std::string& nation = "XE") {
    return ReasonOf(AcceptParty(norlandia_.room(), Request(card, nation)).status());
  }
  v1::Card Card() const { return trust::MakeCard(history_, "estovia.example:7443"); }
  void Travel(int day) { norlandia_.clock.now = start_ + day * absl::Hours(24); }
  uint64_t VersionOnFile() const { return norlandia_.directory->Find(estovia_.org())->identity.version(); }
  // What a node that starts now finds; `problem` is what it would log.
  std::shared_ptr<const trust::Accepted> AfterARestart(RejectReason problem = kNone) {
    trust::Directory directory(norlandia_.directory->self().party, norlandia_.self->identity);
    EXPECT_EQ(ReasonOf(LoadParties(*norlandia_.journal, directory, norlandia_.clock.now)), problem);
    return directory.Find(estovia_.org());
  }
  // The same documents are on file now and behind a start.
  void ExpectOnFile(uint64_t version, RejectReason problem = kNone) {
    EXPECT_EQ(VersionOnFile(), version);
    const auto now = norlandia_.directory->Find(estovia_.org()), then = AfterARestart(problem);
    ASSERT_NE(then, nullptr);
    ASSERT_EQ(then->history->versions().size(), now->history->versions().size());
    for (size_t i = 0; i < version; ++i) {
      EXPECT_EQ(then->history->versions()[i]->hash(), now->history->versions()[i]->hash()) << i;
    }
    EXPECT_EQ(then->party.nation, now->party.nation);
    EXPECT_EQ(then->history->contradiction().has_value(), now->history->contradiction().has_value());
    EXPECT_EQ(norlandia_.journal->Fsck(false)->problems, std::vector<std::string>{});
  }

  TestNode norlandia_{"cert.norlandia"}, estovia_{"cert.estovia", "XE"};
  const absl::Time start_ = norlandia_.clock.now;
  trust::IdentityHistory history_{estovia_.self->identity};
  const crypto::SigningKey fresh_ = crypto::SigningKey::Generate();
};

TEST_F(AcceptanceVersions, ANewPartyComesWithItsWholeHistory) {
  Next(1, Rotation(1));
  Next(2, Named("cert.east"));
  Travel(2);
  ASSERT_EQ(Add(Card()), kNone);
  EXPECT_NE(norlandia_.directory->FindByName("cert.east"), nullptr);  // the newest name is the suggestion
  ExpectOnFile(3);
}

TEST_F(AcceptanceVersions, ANewerCardTakesAKnownPartyForward) {
  ASSERT_EQ(Add(Card()), kNone);
  Next(1, Rotation(1));
  Travel(1);
  ASSERT_EQ(Add(Card(), "XF"), kNone);
  ExpectOnFile(2);
  EXPECT_EQ(AfterARestart()->party.nation, "XF");
  const uint64_t records = norlandia_.journal->Head().sequence;
  ASSERT_EQ(Add(Card()), kNone);  // the same again: the record alone
  EXPECT_EQ(norlandia_.journal->Head().sequence, records + 1);
  ExpectOnFile(2);
}

TEST_F(AcceptanceVersions, P26_AGapOrADocumentThatTheOldRootsDidNotSignIsRefused) {
  ASSERT_EQ(Add(Card()), kNone);
  Next(1);
  Next(2);
  Travel(2);
  v1::Card gap = Card();
  gap.mutable_later()->DeleteSubrange(0, 1);
  EXPECT_EQ(Add(gap), kIdentityChain);
  v1::Card unsigned_by_roots = Card();
  unsigned_by_roots.mutable_later(1)->mutable_signatures(0)->set_key_id(estovia_.self->key_id.str());
  EXPECT_EQ(Add(unsigned_by_roots), kIdentityChain);
  v1::Card counted_twice = Card();
  *counted_twice.mutable_later(1)->add_signatures() = counted_twice.later(1).signatures(0);
  EXPECT_EQ(Add(counted_twice), kIdentityChain);
  v1::Card first_again = Card();
  *first_again.mutable_later(0) = first_again.identity();
  EXPECT_EQ(Add(first_again), kIdentityChain);
  first_again.mutable_later()->DeleteSubrange(1, 1);
  EXPECT_EQ(Add(first_again), kIdentity);
  ExpectOnFile(1);
}

TEST_F(AcceptanceVersions, P27_AnOlderCardIsRefusedAndChangesNothing) {
  const v1::Card first = Card();
  Next(1);
  const v1::Card second = Card();
  Next(2);
  Travel(2);
  ASSERT_EQ(Add(Card()), kNone);
  EXPECT_EQ(Add(first, "XF"), kRollback);
  EXPECT_EQ(Add(second, "XF"), kRollback);
  EXPECT_EQ(norlandia_.counters.Rejects(kRollback), 2u);
  EXPECT_EQ(norlandia_.directory->Find(estovia_.org())->party.nation, "XE");
  ExpectOnFile(3);
}

TEST_F(AcceptanceVersions, P27_AnOrganisationWhoseNewestDocumentHasExpiredIsFrozenAndNotLost) {
  ASSERT_EQ(Add(Card()), kNone);
  Travel(3 * 365);
  ExpectOnFile(1, kFreeze);
  EXPECT_EQ(Add(Card()), kFreeze);
  Next(2 * 365 - 1, Rotation(2 * 365 - 1));
  norlandia_.clock.now = history_.newest().expires();
  EXPECT_EQ(Add(Card(), "XF"), kFreeze);  // taken, and the facts are as they were
  EXPECT_EQ(norlandia_.directory->Find(estovia_.org())->party.nation, "XE");
  ExpectOnFile(2, kFreeze);
  Travel(2 * 365);
  ExpectOnFile(2);
  EXPECT_EQ(Add(Card(), "XF"), kNone);
}

TEST_F(AcceptanceVersions, AStrangerWhoseNewestDocumentHasExpiredIsNotTakenOn) {
  Next(1);
  norlandia_.clock.now = history_.newest().expires();
  EXPECT_EQ(Add(Card()), kFreeze);
  EXPECT_EQ(norlandia_.directory->Find(estovia_.org()), nullptr);
  EXPECT_TRUE(norlandia_.journal->Parties()->empty());
}

TEST_F(AcceptanceVersions, ASecondDocumentForAVersionIsKeptAsEvidenceAndStopsWhatIsNew) {
  const trust::IdentityHistory before = history_;
  Next(1);
  Travel(2);
  ASSERT_EQ(Add(Card()), kNone);
  const trust::IdentityHistory honest = std::exchange(history_, before);
  Next(1, Named("cert.twin"));
  EXPECT_EQ(Add(Card(), "XF"), kEquivocation);
  EXPECT_EQ(norlandia_.directory->Find(estovia_.org())->party.nation, "XE");
  ExpectOnFile(2);
  EXPECT_TRUE(AfterARestart()->history->contradiction().has_value());
  history_ = honest;
  Next(2);
  EXPECT_EQ(Add(Card()), kEquivocation);
  ExpectOnFile(2);
}

TEST_F(AcceptanceVersions, ACardOfWhichOneDocumentIsRefusedBringsNothing) {
  ASSERT_EQ(Add(Card()), kNone);
  Next(1);
  Next(2);
  Travel(1);
  EXPECT_EQ(Add(Card(), "XF"), kTime);  // the second is from tomorrow
  ExpectOnFile(1);
}

TEST_F(AcceptanceVersions, WhatTheDiskRefusesIsNowhere) {
  ASSERT_EQ(Add(Card()), kNone);
  Next(1);
  Travel(1);
  {
    const storage::testing::FileSizeLimit limit(16);
    EXPECT_EQ(Add(Card()), kStoreIo);
  }
  EXPECT_EQ(VersionOnFile(), 1u);
  EXPECT_EQ(AfterARestart()->identity.version(), 1u);
}

// What was signed before goes out under the new key's seal, and what comes behind is signed by the new one.
TEST_F(AcceptanceVersions, StatementsAreAdmittedAcrossARotation) {
  norlandia_.Accept(estovia_);
  estovia_.Accept(norlandia_);
  const auto publish = [&](const std::string& tail) {
    estovia_.Publish({testing::Indicator(tail, tail + ".example", model::Label::kGreen)});
  };
  publish("1");
  estovia_.Become(estovia_.Next());
  publish("2");
  norlandia_.Learn(*estovia_.self);
  EXPECT_GT(testing::DeliverAll(estovia_, norlandia_), 0u);
  EXPECT_EQ(norlandia_.journal->Count().versions, 2u);
  EXPECT_EQ(estovia_.journal->Lag(norlandia_.org()), 0u);
  EXPECT_EQ(norlandia_.journal->Fsck(false)->problems, std::vector<std::string>{});
}

TEST_F(AcceptanceVersions, WhatAStolenKeySignsIsRefusedFromThenOn) {
  norlandia_.Accept(estovia_);
  estovia_.Accept(norlandia_);
  const trust::Self owner = estovia_.Next(/*stolen=*/true);
  const auto deliver = [&](const std::string& tail) {
    estovia_.Publish({testing::Indicator(tail, tail + ".example", model::Label::kGreen)});
    testing::DeliverAll(estovia_, norlandia_);
    return norlandia_.journal->Count().versions;
  };
  EXPECT_EQ(deliver("1"), 1u);
  norlandia_.Learn(owner);
  Delivery delivery(estovia_.room(), norlandia_.org());
  estovia_.Publish({testing::Indicator("2", "2.example", model::Label::kGreen)});
  const auto sealed = delivery.Next(norlandia_.OfferedPrekey());
  ASSERT_TRUE(sealed.ok() && sealed->has_value()) << sealed.status();
  EXPECT_NE(ReasonOf(norlandia_.Admit(estovia_.org(), (*sealed)->envelope)), kNone);
  EXPECT_EQ(norlandia_.journal->Count().versions, 1u);
}

// A clock that was set back since loses no party.
TEST_F(AcceptanceVersions, AStartWithAnEarlierClockKeepsWhatWasTakenIn) {
  Next(10);
  Travel(10);
  ASSERT_EQ(Add(Card()), kNone);
  Travel(1);
  ExpectOnFile(2);
}

}  // namespace
}  // namespace entente::exchange
