#include "trust/epoch_ring.h"

#include <gtest/gtest.h>

#include "trust/epoch_keystore.h"
#include "trust/sample_node.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr absl::Duration kTick = absl::Microseconds(1), kDay = kSampleDay;
absl::Time Day(int day) { return SampleNow() + day * kDay; }

// A ring whose epochs are made up: their bodies were checked elsewhere.
class EpochRingTest : public testing::Test {
 protected:
  EpochRingTest() : ring_(*keystore_->keystore) {}
  ~EpochRingTest() override { SampleKeystore::GiveBack(std::move(keystore_)); }

  static Epoch MakeEpoch(uint64_t number, absl::Time from, char issuer = 'a') {
    Epoch epoch;
    epoch.number = number;
    epoch.issuer = *OrgId::From(Bytes(32, issuer));
    epoch.id = *EpochId::From(crypto::Sha256(std::to_string(number) + issuer).view());
    epoch.not_before = from;
    epoch.not_after = from + trust::kEpoch;
    epoch.grace = kEpochGrace;
    epoch.slots = 1;
    epoch.commit = Secret(epoch).Commitment(epoch.fields());
    return epoch;
  }
  static crypto::EpochSecret Secret(const Epoch& epoch) {
    return *crypto::EpochSecret::FromBytes(crypto::SecretBytes::CopyOf(crypto::Sha256(epoch.id.view()).view()));
  }
  // Taken at its beginning, with its secret.
  Epoch Hold(uint64_t number, absl::Time from, char issuer = 'a', absl::Duration keep = absl::ZeroDuration()) {
    const Epoch epoch = MakeEpoch(number, from, issuer);
    EXPECT_TRUE(ring_.Announce(epoch, static_cast<size_t>(issuer - 'a'), from).ok());
    EXPECT_TRUE(ring_.Hold(epoch.id, Secret(epoch), keep, from).ok());
    return epoch;
  }
  void Log(const Epoch& epoch) {
    LogEntry entry;
    entry.index = log_.size() + 1;
    entry.kind = v1::GROUP_LOG_KIND_EPOCH;
    entry.number = epoch.number;
    entry.subject = *Digest::From(epoch.id.view());
    log_.Add(entry);
  }
  EpochState State(const Epoch& epoch, absl::Time now) const { return ring_.StateOf(*ring_.Find(epoch.id), log_, now); }
  const Epoch* Sealing(absl::Time now) const {
    const HeldEpoch* held = ring_.ToSealUnder(log_, now);
    return held == nullptr ? nullptr : &held->epoch;
  }
  bool Seals(const Epoch& epoch, absl::Time now) const { return Sealing(now) != nullptr && Sealing(now)->id == epoch.id; }
  RejectReason Place(const Epoch& epoch, const Arrival& arrival, bool rejoined = false) const {
    return ReasonOf(ring_.CheckPlace(epoch, {rejoined, kCatchUpWindow}, log_, arrival));
  }

  std::unique_ptr<SampleKeystore> keystore_ = SampleKeystore::Take();
  EpochRing ring_;
  GroupLog log_;
};

TEST_F(EpochRingTest, AnEpochIsActiveOnceItIsLogged) {
  const Epoch epoch = Hold(1, Day(0));
  EXPECT_EQ(State(epoch, Day(0)), EpochState::kAnnounced);
  EXPECT_EQ(Sealing(Day(0)), nullptr);
  Log(epoch);
  EXPECT_EQ(State(epoch, Day(0) - kTick), EpochState::kAnnounced);
  EXPECT_EQ(State(epoch, Day(0)), EpochState::kActive);
  EXPECT_TRUE(Seals(epoch, Day(0)));
  EXPECT_EQ(State(epoch, Day(7) - kTick), EpochState::kActive);
  EXPECT_EQ(State(epoch, Day(7)), EpochState::kDraining);
  EXPECT_EQ(Sealing(Day(7)), nullptr);
  EXPECT_EQ(State(epoch, Day(10) - kTick), EpochState::kDraining);
  EXPECT_EQ(State(epoch, Day(10)), EpochState::kDestroyed);
}

TEST_F(EpochRingTest, AStalledLogHoldsNothingUpForMoreThanAnHour) {
  const Epoch epoch = Hold(1, Day(0));
  EXPECT_EQ(State(epoch, Day(0) + kEpochUnlogged - kTick), EpochState::kAnnounced);
  EXPECT_EQ(State(epoch, Day(0) + kEpochUnlogged), EpochState::kActive);
  EXPECT_TRUE(Seals(epoch, Day(0) + kEpochUnlogged));
  // One that begins in the past waits its hour here all the same.
  const Epoch late = MakeEpoch(2, Day(1));
  ASSERT_TRUE(ring_.Announce(late, 0, Day(2)).ok());
  ASSERT_TRUE(ring_.Hold(late.id, Secret(late), absl::ZeroDuration(), Day(2)).ok());
  EXPECT_EQ(State(late, Day(2)), EpochState::kAnnounced);
  EXPECT_EQ(State(late, Day(2) + kEpochUnlogged), EpochState::kActive);
}

TEST_F(EpochRingTest, AnEntryForAnEpochThatNobodyHasKeepsNoneOut) {
  const Epoch epoch = Hold(1, Day(0)), made_up = MakeEpoch(1, Day(0), 'b');
  Log(made_up);
  EXPECT_EQ(State(epoch, Day(0) + kEpochUnlogged - kTick), EpochState::kAnnounced);
  EXPECT_EQ(State(epoch, Day(0) + kEpochUnlogged), EpochState::kActive);
  EXPECT_TRUE(Seals(epoch, Day(0) + kEpochUnlogged));
  // It comes after all.
  ASSERT_TRUE(ring_.Announce(made_up, 1, Day(1)).ok());
  ASSERT_TRUE(ring_.Hold(made_up.id, Secret(made_up), {}, Day(1)).ok());
  EXPECT_TRUE(Seals(made_up, Day(1)));
  EXPECT_EQ(State(epoch, Day(1)), EpochState::kDraining);
}

TEST_F(EpochRingTest, OfARaceTheLoggedOneIsSealedUnderAndBothAreOpened) {
  const Epoch first = Hold(1, Day(0), 'a'), second = Hold(1, Day(0), 'b');
  const absl::Time waited = Day(0) + kEpochUnlogged;
  EXPECT_TRUE(Seals(first, waited));  // the first in turn, while none is logged
  EXPECT_EQ(State(second, waited), EpochState::kDraining);
  Log(second);
  EXPECT_TRUE(Seals(second, waited));
  EXPECT_EQ(State(second, waited), EpochState::kActive);
  EXPECT_EQ(State(first, waited), EpochState::kDraining);
  EXPECT_EQ(State(first, Day(0)), EpochState::kDraining);
  EXPECT_EQ(ring_.Latest(log_, waited)->epoch.id, second.id);
}

TEST_F(EpochRingTest, TheNextOneDrainsTheOneBefore) {
  const Epoch first = Hold(1, Day(0)), second = Hold(2, Day(4));
  Log(first);
  EXPECT_TRUE(Seals(first, Day(4)));  // the next waits for the log
  EXPECT_EQ(State(first, Day(4)), EpochState::kActive);
  Log(second);
  EXPECT_TRUE(Seals(first, Day(4) - kTick));
  EXPECT_TRUE(Seals(second, Day(4)));
  EXPECT_EQ(State(first, Day(4)), EpochState::kDraining);
  EXPECT_EQ(State(first, Day(7) - kTick), EpochState::kDraining);
  EXPECT_EQ(State(first, Day(7)), EpochState::kDestroyed);  // 72 hours behind the beginning of the next
}

TEST_F(EpochRingTest, WhoLacksTheNextSecretDoesNotGoOnUnderTheOldOne) {
  const Epoch first = Hold(1, Day(0)), second = MakeEpoch(2, Day(1));
  Log(first);
  ASSERT_TRUE(ring_.Announce(second, 0, Day(1)).ok());
  Log(second);
  EXPECT_EQ(State(second, Day(1)), EpochState::kAnnounced);
  EXPECT_EQ(State(first, Day(1)), EpochState::kDraining);
  EXPECT_EQ(Sealing(Day(1)), nullptr);
}

TEST_F(EpochRingTest, TheLastTwentiethIsLeftToTheNextOne) {
  const Epoch first = Hold(1, Day(0));
  Log(first);
  const absl::Time last = Day(0) + trust::kEpoch * 95 / 100;
  EXPECT_TRUE(Seals(first, last));
  Hold(2, last - kEpochUnlogged / 2);  // there, and not logged
  EXPECT_TRUE(Seals(first, last - kTick));
  EXPECT_EQ(Sealing(last), nullptr);
}

TEST_F(EpochRingTest, WhatIsOverIsWipedFromDiskAndRemembered) {
  const Epoch first = Hold(1, Day(0)), second = Hold(2, Day(4));
  Log(first);
  Log(second);
  const RouteTag tag = Secret(first).Tag(first.fields());
  EXPECT_FALSE(ring_.NeedsSweep(log_, {}, Day(7) - kTick));
  EXPECT_TRUE(ring_.NeedsSweep(log_, {}, Day(7)));
  ASSERT_TRUE(ring_.Sweep(log_, {}, Day(7)).ok());
  EXPECT_FALSE(ring_.NeedsSweep(log_, {}, Day(7)));
  ASSERT_NE(ring_.WithTag(tag), nullptr);
  EXPECT_EQ(ring_.WithTag(tag)->secret, nullptr);
  EXPECT_TRUE(ring_.WithTag(tag)->destroyed);
  EXPECT_EQ(State(first, Day(7)), EpochState::kDestroyed);
  EXPECT_EQ(State(first, Day(0)), EpochState::kDestroyed);  // for good, whatever the clock says
  const crypto::Keystore on_disk = *crypto::Keystore::Open(keystore_->path(), SampleKeystore::Passphrase());
  EXPECT_EQ(on_disk.secrets().size(), 1u);
}

TEST_F(EpochRingTest, AnIssuerKeepsASecretForTheCatchUpWindow) {
  const Epoch first = Hold(1, Day(0), 'a', kCatchUpWindow);
  Log(first);
  const absl::Time end = first.not_after + kCatchUpWindow;
  ASSERT_TRUE(ring_.Sweep(log_, {kCatchUpWindow, kCatchUpWindow}, end - kTick).ok());
  EXPECT_NE(ring_.Find(first.id)->secret, nullptr);
  EXPECT_EQ(State(first, end - kTick), EpochState::kDestroyed);  // to open under
  ASSERT_TRUE(ring_.Sweep(log_, {kCatchUpWindow, kCatchUpWindow}, end).ok());
  EXPECT_EQ(ring_.Find(first.id)->secret, nullptr);
}

TEST_F(EpochRingTest, WhatComesWhenItHasDrainedDrainsOnceMore) {
  const Epoch first = MakeEpoch(1, Day(0)), second = Hold(2, Day(1));
  Log(first);
  Log(second);
  ASSERT_TRUE(ring_.Announce(first, 0, Day(5)).ok());
  EXPECT_EQ(State(first, Day(5)), EpochState::kDestroyed);
  ASSERT_TRUE(ring_.Hold(first.id, Secret(first), {}, Day(5)).ok());
  EpochRing again(*keystore_->keystore);  // after a restart
  ASSERT_TRUE(again.Announce(first, 0, Day(5)).ok());
  ASSERT_TRUE(again.Announce(second, 0, Day(5)).ok());
  for (EpochRing* ring : {&ring_, &again}) {
    const HeldEpoch& held = *ring->Find(first.id);
    EXPECT_EQ(ring->StateOf(held, log_, Day(5) + kCatchUpDrain - kTick), EpochState::kDraining);
    EXPECT_EQ(ring->StateOf(held, log_, Day(5) + kCatchUpDrain), EpochState::kDestroyed);
    EXPECT_FALSE(ring->NeedsSweep(log_, {}, Day(5) + kCatchUpDrain - kTick));
    EXPECT_TRUE(ring->NeedsSweep(log_, {}, Day(5) + kCatchUpDrain));
    EXPECT_EQ(ring->StateOf(*ring->Find(second.id), log_, Day(5)), EpochState::kActive);
  }
}

TEST_F(EpochRingTest, WhatEndedAtOnceDoesNotDrainForWhoComesLate) {
  const Epoch first = MakeEpoch(1, Day(0));
  Epoch second = MakeEpoch(2, Day(4));
  second.grace = absl::ZeroDuration();
  Log(first);
  Log(second);
  for (const Epoch& epoch : {first, second}) ASSERT_TRUE(ring_.Announce(epoch, 0, Day(5)).ok());
  ASSERT_TRUE(ring_.Hold(first.id, Secret(first), {}, Day(5)).ok());
  EXPECT_EQ(State(first, Day(5)), EpochState::kDestroyed);
}

TEST_F(EpochRingTest, WhatDidNotOpenWaitsForARewrap) {
  const Epoch first = MakeEpoch(1, Day(0)), second = MakeEpoch(1, Day(0), 'b');
  for (const Epoch& epoch : {first, second}) ASSERT_TRUE(ring_.Announce(epoch, 0, Day(0)).ok());
  ring_.NoteUnopened(first.id);
  const EpochRing::Keeping keeping{.rewraps = kCatchUpWindow};
  ASSERT_TRUE(ring_.Sweep(log_, keeping, first.not_after + kCatchUpWindow - kTick).ok());
  EXPECT_FALSE(ring_.Find(first.id)->destroyed);
  EXPECT_TRUE(ring_.Find(second.id)->destroyed);
  ASSERT_TRUE(ring_.Sweep(log_, keeping, first.not_after + kCatchUpWindow).ok());
  EXPECT_TRUE(ring_.Find(first.id)->destroyed);
}

TEST_F(EpochRingTest, WhatIsInTheKeystoreIsFoundAgain) {
  const Epoch epoch = Hold(1, Day(0));
  EpochRing again(*keystore_->keystore);
  ASSERT_TRUE(again.Announce(epoch, 0, Day(0)).ok());
  EXPECT_NE(again.Find(epoch.id)->secret, nullptr);
  EXPECT_NE(again.WithTag(Secret(epoch).Tag(epoch.fields())), nullptr);
  // Another secret under its name is none of it.
  Epoch other = epoch;
  other.commit.data()[0] ^= 1;
  EpochRing third(*keystore_->keystore);
  EXPECT_EQ(ReasonOf(third.Announce(other, 0, Day(0))), kKeystore);
}

TEST_F(EpochRingTest, ASecretThatIsNotOnDiskDoesNotCount) {
  const Epoch epoch = MakeEpoch(1, Day(0));
  ASSERT_TRUE(ring_.Announce(epoch, 0, Day(0)).ok());
  std::filesystem::create_directory(keystore_->path() + ".new");  // where Save writes first
  EXPECT_EQ(ReasonOf(ring_.Hold(epoch.id, Secret(epoch), {}, Day(0))), kKeystore);
  EXPECT_EQ(ring_.Find(epoch.id)->secret, nullptr);
  EXPECT_TRUE(keystore_->keystore->secrets().empty());
  std::filesystem::remove(keystore_->path() + ".new");
  EXPECT_TRUE(ring_.Hold(epoch.id, Secret(epoch), {}, Day(0)).ok());
}

TEST_F(EpochRingTest, SecretsOfAllGroupsAreBounded) {
  crypto::Keystore& keystore = *keystore_->keystore;
  for (size_t i = 0; i < kMaxEpochSecrets; ++i) keystore.Put("epoch/" + std::to_string(i), crypto::SecretBytes(48));
  const Epoch epoch = MakeEpoch(1, Day(0));
  ASSERT_TRUE(ring_.Announce(epoch, 0, Day(0)).ok());
  EXPECT_EQ(ReasonOf(ring_.Hold(epoch.id, Secret(epoch), {}, Day(0))), kLimit);
  EXPECT_EQ(ring_.Find(epoch.id)->secret, nullptr);
  keystore.Remove("epoch/0");
  EXPECT_TRUE(ring_.Hold(epoch.id, Secret(epoch), {}, Day(0)).ok());
}

TEST_F(EpochRingTest, TheFirstFollowsNothing) {
  Epoch first = MakeEpoch(1, Day(0));
  EXPECT_EQ(Place(first, {Day(0)}), kNone);
  first.previous_commit = MakeEpoch(2, Day(0)).commit;
  EXPECT_EQ(Place(first, {Day(0)}), kIdentityChain);
  EXPECT_EQ(Place(first, {Day(0)}, /*rejoined=*/true), kIdentityChain);
  first.number = 2;
  EXPECT_EQ(Place(first, {Day(0)}), kNone);
}

TEST_F(EpochRingTest, NumbersFollowAndCommitsChain) {
  Epoch next = MakeEpoch(2, Day(1));
  EXPECT_EQ(Place(MakeEpoch(9, Day(1)), {Day(1)}), kNone);  // who joins begins where the group is
  EXPECT_EQ(Place(MakeEpoch(kMaxEpochsAhead, Day(1)), {Day(1)}), kNone);
  EXPECT_EQ(Place(MakeEpoch(kMaxEpochsAhead + 1, Day(1)), {Day(1)}), kIdentityChain);
  EXPECT_EQ(Place(MakeEpoch(UINT64_MAX, Day(1)), {Day(1)}), kIdentityChain);
  const Epoch first = Hold(1, Day(0));
  EXPECT_EQ(Place(next, {Day(1)}), kIdentityChain);
  next.previous_commit = first.commit;
  EXPECT_EQ(Place(next, {Day(1)}), kNone);
  EXPECT_EQ(Place(MakeEpoch(3, Day(1)), {Day(1)}), kIdentityChain);
  EXPECT_EQ(Place(MakeEpoch(3, Day(1)), {Day(1)}, /*rejoined=*/true), kNone);
  EXPECT_EQ(Place(MakeEpoch(UINT64_MAX, Day(1)), {Day(1)}), kIdentityChain);
  EXPECT_EQ(Place(MakeEpoch(1, Day(0), 'b'), {Day(0)}), kNone);  // a race
  Epoch twice = MakeEpoch(1, Day(0));
  twice.id = *EpochId::From(Bytes(32, 'x'));
  EXPECT_EQ(Place(twice, {Day(0)}), kEquivocation);
  EXPECT_EQ(Place(MakeEpoch(UINT64_MAX, Day(1)), {Day(1)}, /*rejoined=*/true), kIdentityChain);
  Log(twice);
  EXPECT_EQ(Place(MakeEpoch(kMaxEpochsAhead + 1, Day(1)), {Day(1)}, /*rejoined=*/true), kNone);
  EXPECT_EQ(Place(MakeEpoch(kMaxEpochsAhead + 2, Day(1)), {Day(1)}, /*rejoined=*/true), kIdentityChain);
  EXPECT_EQ(Place(twice, {Day(0)}), kNone);  // the log's word goes before
}

TEST_F(EpochRingTest, AnOlderOneIsTakenWhereItWasAskedForAndTheWindowIsOpen) {
  Hold(5, Day(0));
  const Epoch older = MakeEpoch(3, Day(-2));
  const absl::Time end = older.not_after + kCatchUpWindow;
  EXPECT_EQ(Place(older, {Day(0)}), kEpochStale);
  EXPECT_EQ(Place(older, {end - kTick, std::nullopt, true}), kNone);
  EXPECT_EQ(Place(older, {end, std::nullopt, true}), kEpochStale);
}

TEST_F(EpochRingTest, WhatIsHeldIsBounded) {
  for (uint64_t i = 1; i <= kMaxEpochsHeld; ++i) ASSERT_TRUE(ring_.Announce(MakeEpoch(i, Day(0)), 0, Day(0)).ok());
  Epoch next = MakeEpoch(kMaxEpochsHeld + 1, Day(0)), others = MakeEpoch(kMaxEpochsHeld + 1, Day(0), 'b');
  next.previous_commit = others.previous_commit = MakeEpoch(kMaxEpochsHeld, Day(0)).commit;
  EXPECT_EQ(Place(next, {Day(0)}), kLimit);
  EXPECT_EQ(Place(others, {Day(0)}), kNone);  // one issuer keeps no other out
  ring_.MakeRoom(next.issuer, log_, Day(0));        // none has drained
  EXPECT_FALSE(ring_.Find(MakeEpoch(1, Day(0)).id)->destroyed);
  EXPECT_EQ(Place(next, {Day(30)}), kNone);
}

// With epochs of an hour and 35 days of catch-up an issuer gives its oldest ones up, and goes on.
TEST_F(EpochRingTest, WhatIsKeptForOthersMakesRoom) {
  Epoch before;
  for (uint64_t i = 1; i <= kMaxEpochsHeld + 20; ++i) {
    const absl::Time from = Day(0) + absl::Hours(1) * static_cast<int64_t>(i);
    Epoch epoch = MakeEpoch(i, from);
    epoch.previous_commit = before.commit;
    epoch.commit = Secret(epoch).Commitment(epoch.fields());
    ASSERT_EQ(Place(epoch, {from}), kNone) << i;
    ring_.MakeRoom(epoch.issuer, log_, from);
    ASSERT_TRUE(ring_.Announce(epoch, 0, from).ok());
    ASSERT_TRUE(ring_.Hold(epoch.id, Secret(epoch), kCatchUpWindow, from).ok());
    Log(epoch);
    ASSERT_TRUE(ring_.Sweep(log_, {kCatchUpWindow, kCatchUpWindow}, from).ok());
    EXPECT_TRUE(Seals(epoch, from));
    before = epoch;
  }
  EXPECT_EQ(keystore_->keystore->secrets().size(), kMaxEpochsHeld);
  EXPECT_TRUE(ring_.Find(MakeEpoch(20, Day(0)).id)->destroyed);
  EXPECT_FALSE(ring_.Find(MakeEpoch(21, Day(0)).id)->destroyed);
}

TEST_F(EpochRingTest, TombstonesAreBoundedAndTheOldestGo) {
  for (uint64_t i = 1; i <= kMaxTombstones + 1; ++i) ASSERT_TRUE(ring_.Announce(MakeEpoch(i, Day(0)), 0, Day(0)).ok());
  ASSERT_TRUE(ring_.Sweep(log_, {}, Day(30)).ok());
  EXPECT_EQ(ring_.Find(MakeEpoch(1, Day(0)).id), nullptr);
  EXPECT_NE(ring_.Find(MakeEpoch(2, Day(0)).id), nullptr);
  EXPECT_NE(ring_.Find(MakeEpoch(kMaxTombstones + 1, Day(0)).id), nullptr);
}

}  // namespace
}  // namespace entente::trust
