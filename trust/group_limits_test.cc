// The bounds of what is said in a group, each at its last value and one beyond.
#include <gtest/gtest.h>

#include "crypto/slot.h"
#include "trust/epoch.h"
#include "trust/sample_group.h"

namespace entente::trust {
namespace {

using enum RejectReason;

const SampleFounders& Founders() {
  static const SampleFounders founders(3);
  return founders;
}
int64_t Micros() {
  return absl::ToUnixMicros(SampleNow());
}

// `body` filled up to `size` bytes with a field that this version passes over.
template <typename Body>
v1::SignedBody Filled(const Body& body, size_t size) {
  v1::SignedBody wire;
  for (size_t fill = size; fill > 0; --fill) {
    Body filled = body;
    filled.GetReflection()->MutableUnknownFields(&filled)->AddLengthDelimited(100, Bytes(fill, 'x'));
    if (filled.ByteSizeLong() > size) continue;
    wire.set_body(filled.SerializeAsString());
    break;
  }
  EXPECT_EQ(wire.body().size(), size);
  return wire;
}

template <typename Body>
Body Begun() {
  const Bytes org(32, 'o');
  Body body;
  if constexpr (requires { body.set_issuer(""); })
    body.set_issuer(org);
  else
    body.set_org_id(org);
  body.set_key_id(Bytes(32, 'k'));
  body.set_group_id(Bytes(32, 'g'));
  return body;
}

TEST(GroupLimits, ALogEntryHasOneKiB) {
  auto body = Begun<v1::GroupLogBody>();
  body.set_previous(Bytes(32, 'p'));
  body.set_subject(Bytes(32, 's'));
  body.set_index(1);
  body.set_number(1);
  body.set_kind(v1::GROUP_LOG_KIND_EPOCH);
  body.set_time_us(Micros());
  EXPECT_EQ(ReasonOf(ReadLogEntry(Filled(body, kMaxGroupBodyBytes)).status()), kNone);
  EXPECT_EQ(ReasonOf(ReadLogEntry(Filled(body, kMaxGroupBodyBytes + 1)).status()), kLimit);
}

TEST(GroupLimits, ALeaveHasOneKiB) {
  auto body = Begun<v1::LeaveBody>();
  body.set_membership_version(1);
  body.set_time_us(Micros());
  EXPECT_EQ(ReasonOf(ReadLeave(Filled(body, kMaxGroupBodyBytes)).status()), kNone);
  EXPECT_EQ(ReasonOf(ReadLeave(Filled(body, kMaxGroupBodyBytes + 1)).status()), kLimit);
}

TEST(GroupLimits, AnEpochHasOneKiB) {
  auto body = Begun<v1::EpochBody>();
  body.set_membership_version(1);
  body.set_membership_hash(Bytes(32, 'm'));
  body.set_epoch(1);
  body.set_previous_commit(Digest().str());
  body.set_not_before_us(Micros());
  body.set_not_after_us(Micros() + 1);
  body.set_suite(crypto::kSuite);
  body.set_n_slots(1);
  body.set_slots_root(Bytes(32, 's'));
  body.set_epoch_commit(Bytes(32, 'c'));
  body.set_reason(v1::EPOCH_REASON_FOUNDED);
  EXPECT_EQ(ReasonOf(ReadEpoch(Filled(body, kMaxGroupBodyBytes)).status()), kNone);
  EXPECT_EQ(ReasonOf(ReadEpoch(Filled(body, kMaxGroupBodyBytes + 1)).status()), kLimit);
}

TEST(GroupLimits, ARewrapHasFourKiB) {
  auto body = Begun<v1::RewrapBody>();
  body.set_epoch(1);
  body.set_epoch_id(Bytes(32, 'e'));
  body.set_recipient(Bytes(32, 'r'));
  body.set_slot(Bytes(crypto::kSlotSize, 's'));
  body.set_time_us(Micros());
  EXPECT_EQ(ReasonOf(ReadRewrap(Filled(body, kMaxRewrapBytes)).status()), kNone);
  EXPECT_EQ(ReasonOf(ReadRewrap(Filled(body, kMaxRewrapBytes + 1)).status()), kLimit);
}

// What is over the bound is not even parsed.
TEST(GroupLimits, WhatIsTooLongIsNotRead) {
  v1::SignedBody wire;
  wire.set_body(Bytes(kMaxGroupBodyBytes + 1, '\xff'));
  EXPECT_EQ(ReasonOf(ReadLogEntry(wire).status()), kLimit);
  EXPECT_EQ(ReasonOf(ReadLeave(wire).status()), kLimit);
  EXPECT_EQ(ReasonOf(ReadEpoch(wire).status()), kLimit);
  wire.set_body(Bytes(kMaxRewrapBytes + 1, '\xff'));
  EXPECT_EQ(ReasonOf(ReadRewrap(wire).status()), kLimit);
}

// Heartbeats a minute apart, which change nothing but the version. The one beyond is refused whatever it says.
TEST(GroupLimits, VersionsOfOneGroup) {
  MembershipHistory history = Founders().Founded();
  absl::Time now = SampleNow() + kSampleDay;
  const auto next = [&] { return Founders().Sign(*MakeMembership(TermsOf(*history.newest()), history.newest(), now)); };
  for (; history.newest()->version() < kMaxMembershipVersions; now += absl::Minutes(1))
    Founders().Count(history, next(), now);
  int persisted = 0;
  const auto persist = [&] { return ++persisted, absl::OkStatus(); };
  EXPECT_EQ(ReasonOf(history.Extend(next(), Founders().parties, {now}, persist)), kLimit);
  EXPECT_EQ(persisted, 0);
  EXPECT_EQ(history.newest()->version(), kMaxMembershipVersions);
  EXPECT_TRUE(history.announced().empty());
}

}  // namespace
}  // namespace entente::trust
