#include "envelope/header.h"

#include <gtest/gtest.h>

#include "base/testing/damage_table.h"
#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "envelope/envelope.h"

namespace entente::envelope {
namespace {

using crypto::ToHex;

template <typename Id>
Id Filled(char byte) {
  return *Id::From(Bytes(Id::kSize, byte));
}

Header Known() {
  Header header;
  header.id = Filled<EnvelopeId>('\xe1');
  header.created_hour = 497222;
  header.expires_hour = 497558;
  header.route_tag = Filled<RouteTag>('\xa7');
  header.msg_salt = Filled<Digest>('\x5a');
  header.slots = 2;
  header.size_class = 11;
  return header;
}
Bytes Slots() {
  return Bytes(kSlotSize, '\1') + Bytes(kSlotSize, '\2');
}
Bytes Wire() {
  return EncodeHeader(Known()) + Slots() + Bytes(32, 'K') + Bytes(2064, 'C');
}
absl::Time Hour(int64_t hour) {
  return absl::FromUnixSeconds(hour * 3600);
}

// Made by an independent program from docs/formats/envelope.md.
TEST(Header, KnownBytes) {
  EXPECT_EQ(
      ToHex(EncodeHeader(Known())),
      "454e543100010100e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e10007964600079796a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a75a5a5a5a5a5a5a"
      "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a00020b");
}

TEST(Header, KnownHashes) {
  const Digest h0 = HeaderHash(EncodeHeader(Known()));
  EXPECT_EQ(ToHex(h0.view()), "d7ead0fb6abe7457eabaf7d2c861eae373fa1aea64a13fb20482f9f5b893e717");
  EXPECT_EQ(ToHex(CoreHash(h0, Slots()).view()), "6e42c0703263e7de7dce83e1c1c843c754ad168b68d911866df36c6495ad928f");
  const Bytes info = WrapInfo(h0, Filled<OrgId>('\1'), Filled<PrekeyId>('\x9c'), "a public key");
  EXPECT_EQ(info.size(), 129u);
  EXPECT_EQ(ToHex(crypto::Sha256(info).view()), "a8c191081d7b1ca8314e3e2aa97549abfb012efec494078b7ebc1de719b467a3");
}

TEST(Header, ParsesWhatItEncodes) {
  const Bytes wire = Wire();
  const auto frame = ParseFrame(wire);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(EncodeHeader(frame->header), EncodeHeader(Known()));
  EXPECT_EQ(frame->core, ByteView(wire).substr(0, 83));
  EXPECT_EQ(frame->slots, Slots());
  EXPECT_EQ(frame->commitment, Bytes(32, 'K'));
  EXPECT_EQ(frame->chunks, Bytes(2064, 'C'));
}

TEST(Header, CutsSlots) {
  Bytes slots = Bytes(kSlotSize, '\0') + Bytes(16, 'p') + Bytes(1120, 'e') + Bytes(48, 'w');
  const Slot slot = SlotAt(slots, 1);
  EXPECT_EQ(slot.prekey.view(), Bytes(16, 'p'));
  EXPECT_EQ(slot.bytes, slots.substr(kSlotSize));
}

std::function<test::Outcome()> With(size_t at, ByteView bytes) {
  return [=] {
    Bytes wire = Wire();
    wire.replace(at, bytes.size(), bytes);
    return test::Outcome(ParseFrame(wire));
  };
}
std::function<test::Outcome()> OfSlots(uint16_t slots, size_t bytes_behind) {
  return [=] {
    Header header = Known();
    header.slots = slots;
    return test::Outcome(ParseFrame(EncodeHeader(header) + Bytes(bytes_behind, 's')));
  };
}
const test::Damage kHeaderRows[] = {
    {0, "NothingBent", RejectReason::kNone, With(0, "")},
    {1, "AnotherMagic", RejectReason::kHeader, With(0, "ENT2")},
    {25, "SuiteTwo", RejectReason::kSuite, With(4, {"\0\2", 2})},
    {25, "SuiteZero", RejectReason::kSuite, With(4, {"\0\0", 2})},
    {9, "GroupModeWithSlots", RejectReason::kHeader, With(6, "\2")},
    {1, "ModeZero", RejectReason::kHeader, With(6, {"\0", 1})},
    {1, "AFlag", RejectReason::kHeader, With(7, "\1")},
    {9, "NoSlots", RejectReason::kHeader, With(80, {"\0\0", 2})},
    {9, "SlotsOver1000", RejectReason::kHeader, With(80, "\3\xe9")},
    {9, "MoreSlotsThanBytes", RejectReason::kHeader, With(80, {"\0\4", 2})},
    {0, "SlotsOf1000", RejectReason::kNone, OfSlots(1000, 1000 * kSlotSize + 32 + 16)},
    {9, "AByteTooFewForItsSlots", RejectReason::kHeader, OfSlots(1000, 1000 * kSlotSize + 32 + 15)},
};
const test::DamageTable kHeaderTable("Header", kHeaderRows);

TEST(Header, BoundsTheEnvelope) {
  EXPECT_EQ(ReasonOf(ParseFrame({}).status()), RejectReason::kHeader);
  EXPECT_EQ(ReasonOf(ParseFrame(ByteView(Wire()).substr(0, 82)).status()), RejectReason::kHeader);
  Bytes largest = Wire();
  largest.resize(kMaxEnvelopeBytes);
  EXPECT_TRUE(ParseFrame(largest).ok());
  largest.push_back('\0');
  EXPECT_EQ(ReasonOf(ParseFrame(largest).status()), RejectReason::kLimit);
}

TEST(Header, HoursAreAWindow) {
  const Header header = Known();
  EXPECT_TRUE(CheckHours(header, Hour(497222)).ok());
  EXPECT_TRUE(CheckHours(header, Hour(497222) - absl::Minutes(10)).ok());
  EXPECT_EQ(ReasonOf(CheckHours(header, Hour(497222) - absl::Minutes(10) - absl::Seconds(1))), RejectReason::kTime);
  EXPECT_TRUE(CheckHours(header, Hour(497558) - absl::Seconds(1)).ok());
  EXPECT_EQ(ReasonOf(CheckHours(header, Hour(497558))), RejectReason::kTime);
}

TEST(Header, LifeIsBounded) {
  Header header = Known();
  header.expires_hour = header.created_hour + 337;
  EXPECT_EQ(ReasonOf(CheckHours(header, Hour(497223))), RejectReason::kTime);
  header.expires_hour = UINT32_MAX;
  EXPECT_EQ(ReasonOf(CheckHours(header, Hour(497223))), RejectReason::kTime);
  // Dead before it was made, seen by a clock that lags.
  header.created_hour = 497222;
  header.expires_hour = 497222;
  EXPECT_EQ(ReasonOf(CheckHours(header, Hour(497222) - absl::Minutes(5))), RejectReason::kTime);
}

TEST(Header, SizeClassIsTheLogarithm) {
  EXPECT_EQ(SizeClass(1), 0);
  EXPECT_EQ(SizeClass(2047), 10);
  EXPECT_EQ(SizeClass(2048), 11);
  EXPECT_EQ(SizeClass(kMaxEnvelopeBytes), 26);
}

}  // namespace
}  // namespace entente::envelope
