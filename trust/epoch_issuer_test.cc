#include "trust/epoch_issuer.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/slot.h"
#include "trust/sample_world.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr absl::Duration kTick = absl::Microseconds(1), kHour = absl::Hours(1);

class EpochIssuerTest : public testing::Test {
 protected:
  EpochIssuerTest() : world_(4) { world_.Found(); }
  static absl::Time Now() { return SampleNow(); }
  const OrgId& Org(size_t i) const { return world_.founders.orgs[i].org(); }
  GroupDirectory& Groups(size_t i) { return *world_.nodes[i]->groups; }
  const Self& By(size_t i) const { return world_.founders.orgs[i].self; }
  std::optional<v1::EpochReason> Due(size_t i, absl::Time now) { return Groups(i).RekeyDue(world_.group, now); }
  RejectReason Rewrap(size_t by, const Epoch& epoch, size_t to, absl::Time now = Now()) {
    const Prekey prekey = world_.nodes[to]->FreshPrekey(now);
    return ReasonOf(Groups(by).RewrapFor(By(by), world_.group, epoch.id, prekey, now).status());
  }
  // Organisation 3 revokes its statement key at `said`, which comes to the nodes at `taken`.
  void Revoke(const v1::Revocation& revocation, absl::Time said, absl::Time taken) {
    const SampleOrg& victim = world_.founders.orgs[3];
    IdentityHistory history = victim.history;
    const std::string name = history.newest().name();
    const crypto::SigningKey root = NamedKey(name + " root"), fresh = NamedKey(name + " fresh");
    IdentityChange change;
    change.add.push_back({v1::KEY_USAGE_STATEMENT, &fresh});
    change.revoke.push_back(revocation);
    const std::vector<const crypto::SigningKey*> roots = {&root};
    EXPECT_TRUE(history.Extend(*MakeNext(history, change, roots, said), said).ok());
    world_.founders.parties.Accept(history, taken);
  }
  GroupTerms Without(size_t i) {
    GroupTerms terms = world_.Terms();
    terms.members.erase(Org(i));
    return terms;
  }
  SampleWorld world_;
};

TEST_F(EpochIssuerTest, EverySlotIsFreshAndAtItsPlace) {
  const v1::EpochSlots one = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now()), two = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  EXPECT_NE(ReadEpoch(one.epoch())->commit, ReadEpoch(two.epoch())->commit);
  std::set<Bytes> slots;
  for (size_t i = 0; i < 4; ++i) {
    slots.insert(DeliveryFor(one, i)->slot());
    slots.insert(DeliveryFor(two, i)->slot());
    EXPECT_TRUE(CheckSlotPlace(*ReadEpoch(one.epoch()), *Groups(0).Newest(world_.group), Org(i), *DeliveryFor(one, i)).ok());
  }
  EXPECT_EQ(slots.size(), 8u);
}

TEST_F(EpochIssuerTest, WhoHasNoValidPrekeyGetsZeros) {
  std::vector<Prekey> prekeys = world_.Prekeys(Now());
  prekeys[2].not_after = Now();
  std::erase_if(prekeys, [&](const Prekey& prekey) { return prekey.org == Org(3); });
  const v1::EpochSlots issued = *Groups(0).Issue(By(0), world_.group, prekeys, v1::EPOCH_REASON_FOUNDED, Now());
  const Bytes zeros(crypto::kSlotSize, '\0');
  EXPECT_NE(DeliveryFor(issued, 1)->slot(), zeros);
  EXPECT_EQ(DeliveryFor(issued, 2)->slot(), zeros);
  EXPECT_EQ(DeliveryFor(issued, 3)->slot(), zeros);
  // The member sees that it was left out, keeps the epoch, and a re-wrap mends it.
  EXPECT_EQ(ReasonOf(world_.nodes[3]->TakeEpoch(world_.For(3, issued), {Now()})), kNoSlot);
  ASSERT_TRUE(world_.nodes[0]->TakeEpoch(world_.For(0, issued), {Now()}).ok());
  world_.Log(issued, Now());
  EXPECT_EQ(ReasonOf(Groups(3).ToSealUnder(world_.group, Now()).status()), kEpochStale);
  const Epoch epoch = *ReadEpoch(issued.epoch());
  const v1::SignedBody rewrap = *Groups(0).RewrapFor(By(0), world_.group, epoch.id, world_.nodes[3]->FreshPrekey(Now()), Now());
  EXPECT_EQ(ReasonOf(Groups(2).TakeRewrap(rewrap, {Now()})), kAudience);
  ASSERT_TRUE(Groups(3).TakeRewrap(rewrap, {Now()}).ok());
  EXPECT_TRUE(Groups(3).ToSealUnder(world_.group, Now()).ok());
  EXPECT_TRUE(Groups(3).TakeRewrap(rewrap, {Now()}).ok());  // once more
}

TEST_F(EpochIssuerTest, AMemberWhoseDocumentIsTooOldGetsZeros) {
  GroupTerms terms = world_.Terms();
  terms.members[Org(3)] = 3;  // it has version 2
  world_.Change(terms, Now());
  const v1::EpochSlots issued = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  EXPECT_EQ(DeliveryFor(issued, 3)->slot(), Bytes(crypto::kSlotSize, '\0'));
}

TEST_F(EpochIssuerTest, OnlyAnIssuerWithAPrekeyOfItsOwnIssues) {
  const std::vector<Prekey> prekeys = world_.Prekeys(Now());
  const auto issue = [&](size_t by, std::span<const Prekey> with) {
    return ReasonOf(Groups(by).Issue(By(by), world_.group, with, v1::EPOCH_REASON_FOUNDED, Now()).status());
  };
  EXPECT_EQ(issue(0, prekeys), kNone);
  EXPECT_EQ(issue(2, prekeys), kIssuer);
  EXPECT_EQ(issue(0, std::span(prekeys).subspan(1)), kPrekey);
  EXPECT_EQ(ReasonOf(Groups(0).Issue(By(0), GroupId(), prekeys, v1::EPOCH_REASON_FOUNDED, Now()).status()), kUnknownParty);
  std::vector<Prekey> bad = prekeys;
  bad[2].public_key.assign(crypto::kKemPublicKeySize, '\xff');
  EXPECT_EQ(issue(0, bad), kPrekey);
}

TEST_F(EpochIssuerTest, DeliveriesAreCutFromWhatWasSigned) {
  v1::EpochSlots issued = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  EXPECT_EQ(ReasonOf(DeliveryFor(issued, 4).status()), kSlotProof);
  (*issued.mutable_slots())[1184 + 5] ^= 1;
  EXPECT_EQ(ReasonOf(DeliveryFor(issued, 0).status()), kSlotProof);
  (*issued.mutable_slots())[1184 + 5] ^= 1;
  issued.mutable_slots()->pop_back();
  EXPECT_EQ(ReasonOf(DeliveryFor(issued, 0).status()), kSlotProof);
  issued.mutable_epoch()->set_body("x");
  EXPECT_EQ(ReasonOf(DeliveryFor(issued, 0).status()), kParse);
}

TEST_F(EpochIssuerTest, ARewrapIsForWhoWasAMemberThenAndIsOneNow) {
  const Epoch first = *ReadEpoch(world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now()).epoch());
  EXPECT_EQ(Rewrap(0, first, 3), kNone);
  EXPECT_EQ(Rewrap(2, first, 3), kIssuer);
  const absl::Time later = Now() + kHour;
  const GroupTerms all = world_.Terms();
  world_.Change(Without(3), later);
  EXPECT_EQ(Rewrap(0, first, 3, later), kNotMember);
  const Epoch second = *ReadEpoch(world_.Rekey(0, v1::EPOCH_REASON_REMOVAL, later).epoch());
  world_.Change(all, later + kHour);
  EXPECT_EQ(Rewrap(0, first, 3, later + kHour), kNotMember);  // out since
  EXPECT_EQ(Rewrap(0, second, 3, later + kHour), kNotMember);
  EXPECT_EQ(Rewrap(0, second, 2, later + kHour), kNone);
  Epoch unknown = first;
  unknown.id = EpochId();
  EXPECT_EQ(Rewrap(0, unknown, 3, later), RejectReason::kEpoch);
}

TEST_F(EpochIssuerTest, P29_WhoHadLeftWhenAnEpochWasIssuedGetsNothingOfItWhenItIsBack) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const v1::SignedBody leave = *MakeLeave(By(3), Groups(0).Newest(world_.group)->ref(), Now() + kHour);
  ASSERT_TRUE(Groups(0).TakeLeave(leave, {Now() + kHour}, Kept).ok());
  const GroupTerms all = world_.Terms();
  // For version 1, which lists the leaver still.
  const Epoch second = *ReadEpoch(world_.Rekey(0, v1::EPOCH_REASON_LEAVE, Now() + kHour).epoch());
  EXPECT_EQ(Rewrap(0, second, 3, Now() + kHour), kNotMember);
  world_.Change(Without(3), Now() + 2 * kHour);
  world_.Change(all, Now() + 3 * kHour);
  EXPECT_EQ(Rewrap(0, second, 3, Now() + 3 * kHour), kNotMember);
}

TEST_F(EpochIssuerTest, ARewrapIsForAPrekeyThatCounts) {
  const Epoch first = *ReadEpoch(world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now()).epoch());
  Prekey prekey = world_.nodes[3]->FreshPrekey(Now());
  prekey.not_after = Now();
  EXPECT_EQ(ReasonOf(Groups(0).RewrapFor(By(0), world_.group, first.id, prekey, Now()).status()), kPrekey);
  EXPECT_EQ(Rewrap(0, first, 3), kNone);
  GroupTerms terms = world_.Terms();
  terms.members[Org(3)] = 3;  // it has version 2
  world_.Change(terms, Now() + kHour);
  EXPECT_EQ(Rewrap(0, first, 3, Now() + kHour), kPrekey);
}

// Whatever an issuer does: who was no member of an epoch does not take its secret.
TEST_F(EpochIssuerTest, P30_ARewrapOfAnEpochOfOthersIsNotTaken) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const GroupTerms all = world_.Terms();
  world_.Change(Without(3), Now() + kHour);
  const Epoch second = *ReadEpoch(world_.Rekey(0, v1::EPOCH_REASON_REMOVAL, Now() + kHour).epoch());
  world_.Change(all, Now() + 2 * kHour);
  const EpochUse use = *Groups(1).ForTag(Groups(0).ToSealUnder(world_.group, Now() + kHour)->tag, Now() + kHour);
  const Membership& newest = *Groups(0).Newest(world_.group);
  const Prekey prekey = world_.nodes[3]->FreshPrekey(Now() + 2 * kHour);
  const v1::SignedBody rewrap = *MakeRewrap(By(0), second, *use.secret, newest, newest, prekey, Now() + 2 * kHour);
  EXPECT_EQ(ReasonOf(Groups(3).TakeRewrap(rewrap, {Now() + 2 * kHour})), kNotMember);
  EXPECT_EQ(world_.nodes[3]->SecretsOnDisk(), 1u);  // of the first epoch
}

TEST_F(EpochIssuerTest, ARewrapThatComesTooLateIsStale) {
  const Epoch first = *ReadEpoch(world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now()).epoch());
  const v1::SignedBody rewrap = *Groups(0).RewrapFor(By(0), world_.group, first.id, world_.nodes[3]->FreshPrekey(Now()), Now());
  v1::RewrapBody body;
  ASSERT_TRUE(body.ParseFromString(rewrap.body()));
  body.set_epoch(2);  // not the number of that id
  EXPECT_EQ(ReasonOf(Groups(3).TakeRewrap(*SignBody(By(0), kRewrapType, body.SerializeAsString()), {Now()})),
            RejectReason::kEpoch);
  const absl::Time end = first.not_after + kCatchUpWindow;
  world_.Change(world_.Terms(), end - kHour);
  EXPECT_TRUE(Groups(3).TakeRewrap(rewrap, {end - kTick}).ok());
  EXPECT_TRUE(Groups(3).TakeRewrap(rewrap, {end}).ok());  // it is here: nothing else is asked
  ASSERT_TRUE(Groups(3).Sweep(end).ok());
  EXPECT_EQ(ReasonOf(Groups(3).TakeRewrap(rewrap, {end - kTick})), kEpochStale);
  ASSERT_TRUE(Groups(0).Sweep(end).ok());
  EXPECT_EQ(Rewrap(0, first, 3, end), kEpochStale);
}

TEST_F(EpochIssuerTest, AnEpochIsDueAtTheFoundingWithAgeAndForEachChange) {
  EXPECT_EQ(Due(0, Now()), v1::EPOCH_REASON_FOUNDED);
  EXPECT_EQ(Due(2, Now() + kSampleDay), std::nullopt);  // no issuer
  EXPECT_EQ(Groups(0).RekeyDue(GroupId(), Now()), std::nullopt);
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  EXPECT_EQ(Due(0, Now()), std::nullopt);
  const absl::Time old = Now() + trust::kEpoch * 80 / 100;
  EXPECT_EQ(Due(0, old - kTick), std::nullopt);
  EXPECT_EQ(Due(0, old), v1::EPOCH_REASON_AGE);
  world_.Change(world_.Terms(), Now() + kHour);  // a heartbeat
  EXPECT_EQ(Due(0, Now() + kHour), std::nullopt);
  const GroupTerms all = world_.Terms();
  world_.Change(Without(3), Now() + 2 * kHour);
  EXPECT_EQ(Due(0, Now() + 2 * kHour), v1::EPOCH_REASON_REMOVAL);
  world_.Change(all, Now() + 3 * kHour);  // out and in again: the removal stands
  EXPECT_EQ(Due(0, Now() + 3 * kHour), v1::EPOCH_REASON_REMOVAL);
  world_.Rekey(0, v1::EPOCH_REASON_REMOVAL, Now() + 3 * kHour);
  EXPECT_EQ(Due(0, Now() + 3 * kHour), std::nullopt);
}

TEST_F(EpochIssuerTest, FallbackIssuersWaitTheirTurn) {
  EXPECT_EQ(Due(1, Now() + kIssuerTurn - kTick), std::nullopt);
  EXPECT_EQ(Due(1, Now() + kIssuerTurn), v1::EPOCH_REASON_FOUNDED);
  world_.Rekey(1, v1::EPOCH_REASON_FOUNDED, Now() + kIssuerTurn);
  EXPECT_EQ(Due(0, Now() + kIssuerTurn), std::nullopt);  // the other one did it
  const absl::Time later = Now() + kHour;
  world_.Change(Without(3), later);
  world_.Change(world_.Terms(), later + kTick);  // a heartbeat behind it starts no new turn
  EXPECT_EQ(Due(0, later + kTick), v1::EPOCH_REASON_REMOVAL);
  EXPECT_EQ(Due(1, later + kIssuerTurn - kTick), std::nullopt);
  EXPECT_EQ(Due(1, later + kIssuerTurn), v1::EPOCH_REASON_REMOVAL);
}

TEST_F(EpochIssuerTest, AStolenKeyOfAMemberIsACause) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const absl::Time later = Now() + kHour;
  Revoke(Supersede(By(3).key_id, later + kKeyOverlap), later, later);
  EXPECT_EQ(Due(0, later), std::nullopt);  // replaced in due course
  Revoke(Compromise(By(3).key_id, later), later, absl::InfinitePast());
  EXPECT_EQ(Due(0, later), v1::EPOCH_REASON_COMPROMISE);
}

TEST_F(EpochIssuerTest, AStolenKeyIsACauseOnceWheneverItIsSaid) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  world_.Rekey(0, v1::EPOCH_REASON_AGE, Now() + 2 * kHour);
  const absl::Time late = Now() + 3 * kHour;
  Revoke(Compromise(By(3).key_id, Now() + kHour), Now() + kHour, late);
  EXPECT_EQ(Due(0, late), v1::EPOCH_REASON_COMPROMISE);
  EXPECT_EQ(Due(1, late), std::nullopt);
  EXPECT_EQ(Due(1, late + kIssuerTurn), v1::EPOCH_REASON_COMPROMISE);
  world_.Rekey(0, v1::EPOCH_REASON_COMPROMISE, late);
  EXPECT_EQ(Due(0, late), std::nullopt);
  EXPECT_EQ(Due(1, late + kHour), std::nullopt);
  // The other issuer hears of it behind the first one's epoch, whose word it takes.
  Revoke(Compromise(By(3).key_id, Now() + kHour), Now() + kHour, late + kHour);
  EXPECT_EQ(Due(1, late + 2 * kHour), std::nullopt);
  // Dated ahead: at its time, and no second time.
  const absl::Time ahead = late + 3 * kHour + kClockSkew;
  Revoke(Compromise(By(3).key_id, ahead), ahead, late + 3 * kHour);
  EXPECT_EQ(Due(0, ahead - kTick), std::nullopt);
  EXPECT_EQ(Due(0, ahead), v1::EPOCH_REASON_COMPROMISE);
  world_.Rekey(0, v1::EPOCH_REASON_COMPROMISE, ahead);
  EXPECT_EQ(Due(0, ahead), std::nullopt);
}

}  // namespace
}  // namespace entente::trust
