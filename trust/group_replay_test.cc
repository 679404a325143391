// GroupDirectory over time: restarts, refusals of the disk, issuers that contradict themselves, members that come back.
#include <atomic>
#include <thread>

#include "trust/epoch_keystore.h"
#include "trust/sample_world_test.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr absl::Duration kTick = absl::Microseconds(1), kHour = absl::Hours(1);

class GroupReplayTest : public SampleWorldTest {
 protected:
  GroupReplayTest() { world_.Found(); }
  static absl::Time Now() { return SampleNow(); }
  static absl::Status Full() { return Reject(kDiskFull, "no space"); }
};

TEST_F(GroupReplayTest, AfterARestartTheJournalAndTheKeystoreGiveTheGroupBack) {
  const v1::EpochSlots issued = world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const RouteTag tag = TagOf(2, Now());
  const v1::EpochDelivery delivery = world_.For(2, issued);
  Node(2).Restart();
  EXPECT_EQ(Opens(2, tag, Now()), RejectReason::kEpoch);
  const Arrival journal{Now(), Now()};
  ASSERT_TRUE(Node(2).TakeDocuments(world_.group, {&world_.documents[0], &world_.entries[0], &world_.entries[1]}, journal).ok());
  ASSERT_TRUE(Node(2).TakeEpoch(delivery, journal).ok());
  EXPECT_EQ(Opens(2, tag, Now()), kNone);
  EXPECT_EQ(TagOf(2, Now()), tag);
}

TEST_F(GroupReplayTest, WhatWasDestroyedIsNotOpenedAgainFromTheJournal) {
  const v1::EpochSlots issued = world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const v1::EpochDelivery delivery = world_.For(2, issued);
  const absl::Time end = Now() + trust::kEpoch + kEpochGrace;
  ASSERT_TRUE(Node(2).groups->Sweep(end).ok());
  ASSERT_EQ(Node(2).SecretsOnDisk(), 0u);
  Node(2).Restart();
  const Arrival journal{Now(), Now()};
  ASSERT_TRUE(Node(2).TakeDocuments(world_.group, {&world_.documents[0], &world_.entries[0], &world_.entries[1]}, journal).ok());
  ASSERT_TRUE(Node(2).TakeEpoch(delivery, journal).ok());
  EXPECT_EQ(Node(2).SecretsOnDisk(), 0u);
  EXPECT_EQ(Seals(2, Now()), kEpochStale);
}

TEST_F(GroupReplayTest, ASecretOfAGroupThatNobodyFollowsAnyMoreIsWipedInTime) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  Node(2).Restart();
  const absl::Time end = Now() + trust::kEpoch + kEpochGrace;
  ASSERT_TRUE(Node(2).groups->Sweep(end - kTick).ok());
  EXPECT_EQ(Node(2).SecretsOnDisk(), 1u);
  ASSERT_TRUE(Node(2).groups->Sweep(end).ok());
  EXPECT_EQ(Node(2).SecretsOnDisk(), 0u);
}

TEST_F(GroupReplayTest, AnEntryThatCannotBeReadStopsTheSweep) {
  Node(2).keystore->keystore->Put("epoch/00/1/00", crypto::SecretBytes(7));
  EXPECT_EQ(ReasonOf(Node(2).groups->Sweep(Now())), kKeystore);
}

TEST_F(GroupReplayTest, NothingCountsThatWasNotPersisted) {
  const v1::EpochSlots issued = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  EXPECT_EQ(ReasonOf(Node(2).groups->TakeEpoch(world_.For(2, issued), {Now()}, Full)), kDiskFull);
  EXPECT_EQ(Node(2).SecretsOnDisk(), 0u);
  EXPECT_TRUE(Node(2).TakeEpoch(world_.For(2, issued), {Now()}).ok());
  GroupTerms other = world_.founders.Terms();
  other.name = "another group";
  const v1::SignedMembership first = world_.founders.First(other);
  const GroupId group = GroupOfFirst(first.document());
  const auto full = [](const GroupDocument&) { return Full(); };
  EXPECT_EQ(ReasonOf(Node(2).groups->TakeDocuments(group, std::vector<GroupDocument>{&first}, {Now()}, full)), kDiskFull);
  EXPECT_FALSE(Node(2).groups->History(group).has_value());
}

TEST_F(GroupReplayTest, P31_TwoEpochsOfOneIssuerAndNumberAreEvidence) {
  const v1::EpochSlots one = world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  v1::EpochBody body;
  ASSERT_TRUE(body.ParseFromString(one.epoch().body()));
  const auto other = [&](char commit) {
    body.set_epoch_commit(Bytes(32, commit));
    v1::EpochDelivery delivery = world_.For(2, one);
    *delivery.mutable_epoch() = *SignBody(world_.founders.orgs[0].self, kEpochType, body.SerializeAsString());
    return delivery;
  };
  int persisted = 0;
  const auto persist = [&] { return ++persisted, absl::OkStatus(); };
  EXPECT_EQ(ReasonOf(Node(2).groups->TakeEpoch(other('x'), {Now()}, persist)), kEquivocation);
  EXPECT_EQ(persisted, 1);
  EXPECT_EQ(ReasonOf(Node(2).groups->TakeEpoch(other('y'), {Now()}, persist)), kEquivocation);
  EXPECT_EQ(persisted, 1);  // one pair is enough
  EXPECT_EQ(Seals(2, Now()), kNone);  // the first stays
  v1::EpochDelivery forged = other('z');
  (*forged.mutable_epoch()->mutable_signature())[0] ^= 1;
  EXPECT_EQ(ReasonOf(Node(2).groups->TakeEpoch(forged, {Now()}, persist)), kSignature);
}

TEST_F(GroupReplayTest, WhoReadsGrantsTheSkewAndWhoSealsDoesNot) {
  const absl::Time begins = Now() + kHour;
  const v1::EpochSlots issued = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, begins);
  ASSERT_TRUE(Node(2).TakeEpoch(world_.For(2, issued), {begins - kClockSkew}).ok());
  world_.Log(issued, begins - kClockSkew);
  const RouteTag tag = TagOf(2, begins);
  EXPECT_EQ(Opens(2, tag, begins - kClockSkew - kTick), RejectReason::kEpoch);
  EXPECT_EQ(Opens(2, tag, begins - kClockSkew), kNone);
  EXPECT_EQ(Seals(2, begins - kTick), kEpochStale);
  EXPECT_EQ(Seals(2, begins), kNone);
}

TEST_F(GroupReplayTest, WhoComesBackGoesOnWhereverTheGroupIs) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const GroupTerms all = world_.Terms();
  const GroupTerms without = Without(3);
  // Member 3 is out, and gets nothing of epochs 2 and 3.
  const auto rekey_without_3 = [&](v1::EpochReason reason, absl::Time now) {
    const v1::EpochSlots issued = world_.Issue(0, reason, now);
    for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(Node(i).TakeEpoch(world_.For(i, issued), {now}).ok());
    world_.Log(issued, now);
  };
  world_.Change(without, Now() + kHour);
  rekey_without_3(v1::EPOCH_REASON_REMOVAL, Now() + kHour);
  rekey_without_3(v1::EPOCH_REASON_AGE, Now() + 2 * kHour);
  // A member that was in all the time has to take the epochs one by one.
  const v1::EpochSlots ahead = world_.Issue(0, v1::EPOCH_REASON_AGE, Now() + 2 * kHour);
  EXPECT_EQ(ReadEpoch(ahead.epoch())->number, 4u);
  EXPECT_EQ(ReasonOf(Node(3).TakeEpoch(world_.For(3, ahead), {Now() + 2 * kHour})), kIdentityChain);
  world_.Change(all, Now() + 3 * kHour);
  const v1::EpochSlots back = world_.Issue(0, v1::EPOCH_REASON_JOIN, Now() + 3 * kHour);
  EXPECT_TRUE(Node(3).TakeEpoch(world_.For(3, back), {Now() + 3 * kHour}).ok());
  world_.Log(back, Now() + 3 * kHour);
  EXPECT_EQ(Seals(3, Now() + 3 * kHour), kNone);
}

// What a member asks for when it was away is of use to it, though the group has gone on.
TEST_F(GroupReplayTest, WhoWasAwayOpensWhatItMissed) {
  const auto rekey_without_2 = [&](v1::EpochReason reason, absl::Time now) {
    const v1::EpochSlots issued = world_.Issue(0, reason, now);
    for (const size_t i : {0, 1, 3}) EXPECT_TRUE(Node(i).TakeEpoch(world_.For(i, issued), {now}).ok());
    world_.Log(issued, now);
    return issued;
  };
  const v1::EpochSlots first = rekey_without_2(v1::EPOCH_REASON_FOUNDED, Now());
  const RouteTag tag = TagOf(1, Now());
  const absl::Time later = Now() + 5 * kSampleDay, back = later + 4 * kSampleDay;
  world_.Change(world_.Terms(), later);
  const v1::EpochSlots second = rekey_without_2(v1::EPOCH_REASON_AGE, later);
  EXPECT_EQ(Opens(1, tag, back), kEpochStale);
  const Arrival asked{back, std::nullopt, true};
  for (const v1::EpochSlots& issued : {first, second}) ASSERT_TRUE(Node(2).TakeEpoch(world_.For(2, issued), asked).ok());
  ASSERT_TRUE(Node(2).groups->Sweep(back + absl::Minutes(1)).ok());
  EXPECT_EQ(Node(2).SecretsOnDisk(), 2u);
  EXPECT_EQ(Opens(2, tag, back + kCatchUpDrain - kTick), kNone);
  EXPECT_EQ(TagOf(2, back), TagOf(1, back));  // and seals as all do
  ASSERT_TRUE(Node(2).groups->Sweep(back + kCatchUpDrain).ok());
  EXPECT_EQ(Node(2).SecretsOnDisk(), 1u);
  EXPECT_EQ(Opens(2, tag, back + kCatchUpDrain), kEpochStale);
}

// What was stolen later than this node recorded it stays: the journal dates it.
TEST_F(GroupReplayTest, TheJournalDatesWhatAStolenKeySigned) {
  const v1::EpochSlots issued = world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const v1::EpochDelivery delivery = world_.For(2, issued);
  SampleOrg& victim = world_.founders.orgs[0];
  const crypto::SigningKey root = NamedKey(victim.history.newest().name() + " root"), fresh = NamedKey("fresh");
  IdentityChange change;
  change.add.push_back({v1::KEY_USAGE_STATEMENT, &fresh});
  change.revoke.push_back(Compromise(victim.self.key_id, Now() + kHour));
  const std::vector<const crypto::SigningKey*> roots = {&root};
  IdentityHistory history = victim.history;
  ASSERT_TRUE(history.Extend(*MakeNext(history, change, roots, Now() + kHour), Now() + kHour).ok());
  world_.founders.parties.Accept(history);
  Node(2).Restart();
  const std::vector<GroupDocument> run = {&world_.documents[0], &world_.entries[0], &world_.entries[1]};
  EXPECT_EQ(ReasonOf(Node(2).TakeDocuments(world_.group, run, {Now()})), kRevoked);
  Node(2).Restart();
  ASSERT_TRUE(Node(2).TakeDocuments(world_.group, run, {Now(), Now()}).ok());
  EXPECT_EQ(ReasonOf(Node(2).TakeEpoch(delivery, {Now()})), kRevoked);
  EXPECT_TRUE(Node(2).TakeEpoch(delivery, {Now(), Now()}).ok());
  EXPECT_EQ(Seals(2, Now()), kNone);
}

TEST_F(GroupReplayTest, ReadersAndAWriterDoNotMeet) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const RouteTag tag = TagOf(2, Now());
  std::atomic<bool> over = false;
  std::thread reader([&] {
    while (!over) {
      EXPECT_EQ(Opens(2, tag, Now() + kSampleDay), kNone);
      EXPECT_NE(Node(2).groups->Newest(world_.group), nullptr);
    }
  });
  for (int i = 1; i < 20; ++i) {
    world_.Change(world_.Terms(), Now() + i * kTick);
    EXPECT_TRUE(Node(2).groups->Sweep(Now() + i * kTick).ok());
  }
  over = true;
  reader.join();
}

}  // namespace
}  // namespace entente::trust
