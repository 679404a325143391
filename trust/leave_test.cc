#include <gtest/gtest.h>

#include "crypto/slot.h"
#include "trust/sample_world.h"

namespace entente::trust {
namespace {

using enum RejectReason;

class LeaveTest : public testing::Test {
 protected:
  LeaveTest() : world_(4) { world_.Found(); }
  static absl::Time Now() { return SampleNow(); }
  const OrgId& Org(size_t i) const { return world_.founders.orgs[i].org(); }
  v1::SignedBody By(size_t i, uint64_t version = 1, absl::Time at = Now()) const {
    return *MakeLeave(world_.founders.orgs[i].self, {world_.group, version, Digest()}, at);
  }
  RejectReason Take(size_t node, const v1::SignedBody& wire, absl::Time now = Now()) {
    return ReasonOf(world_.nodes[node]->groups->TakeLeave(wire, {now}, Kept));
  }
  RejectReason Bent(const std::function<void(v1::LeaveBody&)>& bend, size_t by = 3) {
    v1::LeaveBody body;
    EXPECT_TRUE(body.ParseFromString(By(3).body()));
    bend(body);
    return Take(0, *SignBody(world_.founders.orgs[by].self, kLeaveType, body.SerializeAsString()));
  }
  std::optional<v1::EpochReason> Due(size_t issuer, absl::Time now) { return world_.nodes[issuer]->groups->RekeyDue(world_.group, now); }
  RejectReason Seals(size_t node, absl::Time now) {
    return ReasonOf(world_.nodes[node]->groups->ToSealUnder(world_.group, now).status());
  }
  SampleWorld world_;
};

TEST_F(LeaveTest, EachFieldIsChecked) {
  EXPECT_EQ(Bent([](auto& b) { b.set_org_id("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_key_id("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_group_id("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_membership_version(0); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_time_us(0); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(20, 1); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(1024, 'x')); }), kLimit);
  EXPECT_EQ(Bent([](auto& b) { b.set_group_id(Bytes(32, 'x')); }), kUnknownParty);
  EXPECT_EQ(Bent([](auto& b) { b.set_org_id(Bytes(32, 'x')); }), kNotMember);
  EXPECT_EQ(Bent([](auto& b) { b.set_membership_version(2); }), kMemberHash);
  EXPECT_EQ(Bent([](auto& b) { b.set_key_id(Bytes(32, 'x')); }), kNoKey);
  EXPECT_EQ(Bent([](auto& b) { b.set_time_us(b.time_us() + 600'000'001); }), kTime);
  EXPECT_EQ(Bent([](auto&) {}, 2), kSignature);  // in another's name
  EXPECT_EQ(Bent([](auto&) {}), kNone);
}

TEST_F(LeaveTest, TheLeaverStopsAtOnce) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const RouteTag tag = world_.nodes[3]->groups->ToSealUnder(world_.group, Now())->tag;
  ASSERT_EQ(Take(3, By(3)), kNone);
  EXPECT_EQ(Seals(3, Now()), kNotMember);
  EXPECT_EQ(ReasonOf(world_.nodes[3]->groups->ForTag(tag, Now()).status()), kNotMember);
}

TEST_F(LeaveTest, AnIssuerRekeysWithoutTheAdminsAndTheLeaverGetsZeros) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const absl::Time later = Now() + absl::Hours(1);
  EXPECT_EQ(world_.nodes[0]->groups->RekeyDue(world_.group, later), std::nullopt);
  ASSERT_EQ(Take(0, By(3, 1, later), later), kNone);
  EXPECT_EQ(Seals(0, later), kEpochStale);  // the leaver still has this one
  EXPECT_EQ(world_.nodes[0]->groups->RekeyDue(world_.group, later), v1::EPOCH_REASON_LEAVE);
  const v1::EpochSlots issued = world_.Rekey(0, v1::EPOCH_REASON_LEAVE, later);
  EXPECT_EQ(world_.For(3, issued).slot(), Bytes(crypto::kSlotSize, '\0'));
  EXPECT_NE(world_.For(2, issued).slot(), Bytes(crypto::kSlotSize, '\0'));
  EXPECT_EQ(Seals(0, later), kNone);
  EXPECT_EQ(world_.nodes[0]->groups->RekeyDue(world_.group, later), std::nullopt);
  const Epoch epoch = *ReadEpoch(issued.epoch());
  const Prekey leaver = world_.nodes[3]->FreshPrekey(later);
  EXPECT_EQ(ReasonOf(world_.nodes[0]->groups->RewrapFor(world_.founders.orgs[0].self, world_.group, epoch.id, leaver, later).status()), kNotMember);
}

// The leaver's clock may be ahead: the epoch that leaves it out begins no earlier than its leave.
TEST_F(LeaveTest, AnEpochBehindALeaveBeginsNoEarlier) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const absl::Time ahead = Now() + kClockSkew / 2;
  ASSERT_EQ(Take(0, By(3, 1, ahead)), kNone);
  const v1::EpochSlots issued = world_.Rekey(0, v1::EPOCH_REASON_LEAVE, Now());
  EXPECT_EQ(ReadEpoch(issued.epoch())->not_before, ahead);
  EXPECT_EQ(Seals(0, ahead), kNone);
}

TEST_F(LeaveTest, ALeaveThatComesLateIsACauseStill) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const absl::Time left = Now() + absl::Hours(1), late = left + absl::Hours(2);
  world_.Rekey(0, v1::EPOCH_REASON_AGE, left + absl::Hours(1));  // with a slot for the leaver
  for (const size_t issuer : {0, 1}) ASSERT_EQ(Take(issuer, By(3, 1, left), late), kNone);
  EXPECT_EQ(Seals(0, late), kEpochStale);
  EXPECT_EQ(Due(0, late), v1::EPOCH_REASON_LEAVE);
  EXPECT_EQ(Due(1, late), std::nullopt);
  EXPECT_EQ(Due(1, late + kIssuerTurn), v1::EPOCH_REASON_LEAVE);  // the first one may not have it
  EXPECT_EQ(world_.For(3, world_.Rekey(0, v1::EPOCH_REASON_LEAVE, late)).slot(), Bytes(crypto::kSlotSize, '\0'));
  EXPECT_EQ(Seals(0, late), kNone);
  for (const size_t issuer : {0, 1}) EXPECT_EQ(Due(issuer, late + absl::Hours(1)), std::nullopt) << issuer;
}

TEST_F(LeaveTest, ALeaveThatIsDatedAheadIsACauseAtOnceAndOnce) {
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const absl::Time later = Now() + absl::Hours(1), ahead = later + kClockSkew;
  ASSERT_EQ(Take(0, By(3, 1, ahead), later), kNone);
  EXPECT_EQ(Due(0, later), v1::EPOCH_REASON_LEAVE);
  EXPECT_EQ(ReadEpoch(world_.Rekey(0, v1::EPOCH_REASON_LEAVE, later).epoch())->not_before, ahead);
  for (absl::Time t = later; t <= ahead + kClockSkew; t += absl::Minutes(1)) EXPECT_EQ(Due(0, t), std::nullopt) << t;
  // Another one comes before that epoch begins, which knows nothing of it.
  const absl::Time between = later + absl::Minutes(5);
  ASSERT_EQ(Take(0, By(2, 1, between), between), kNone);
  EXPECT_EQ(Due(0, between), v1::EPOCH_REASON_LEAVE);
}

TEST_F(LeaveTest, ItIsOverOnceADocumentTookTheLeaverOut) {
  ASSERT_EQ(Take(0, By(3)), kNone);
  EXPECT_EQ(Take(0, By(3, 1, Now() + absl::Minutes(1))), kNone);  // again: nothing new
  GroupTerms with = world_.Terms(), without = with;
  without.members.erase(Org(3));
  // A heartbeat that still lists it changes nothing.
  world_.Change(with, Now() + kSampleDay);
  world_.Rekey(0, v1::EPOCH_REASON_LEAVE, Now() + kSampleDay);
  const Prekey leaver = world_.nodes[3]->FreshPrekey(Now() + kSampleDay);
  const v1::EpochSlots zeros = world_.Issue(0, v1::EPOCH_REASON_AGE, Now() + kSampleDay);
  EXPECT_EQ(world_.For(3, zeros).slot(), Bytes(crypto::kSlotSize, '\0'));
  world_.Change(without, Now() + kSampleDay * 2);
  EXPECT_EQ(Take(0, By(3, 2, Now() + kSampleDay)), kNotMember);
  world_.Change(with, Now() + kSampleDay * 3);
  EXPECT_EQ(Take(0, By(3)), kRollback);  // an old leave, replayed
  const v1::EpochSlots slots = world_.Issue(0, v1::EPOCH_REASON_JOIN, Now() + kSampleDay * 3);
  EXPECT_NE(world_.For(3, slots).slot(), Bytes(crypto::kSlotSize, '\0'));
  EXPECT_EQ(leaver.org, Org(3));
}

TEST_F(LeaveTest, NothingCountsThatWasNotPersisted) {
  const auto full = [] { return Reject(kDiskFull, "no space"); };
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  EXPECT_EQ(ReasonOf(world_.nodes[0]->groups->TakeLeave(By(3), {Now()}, full)), kDiskFull);
  EXPECT_EQ(Seals(0, Now()), kNone);
}

}  // namespace
}  // namespace entente::trust
