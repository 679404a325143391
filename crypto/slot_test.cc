#include "crypto/slot.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/reject.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using test::ReadVectors;
using test::VectorRecord;

Bytes FlipBit(Bytes bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

class SlotTest : public testing::Test {
 protected:
  Bytes Info(ByteView label = "entente/1/wrap") const {
    return SlotInfo(label, context_, recipient_, id_, pair_.public_key);
  }
  RejectReason Open(ByteView slot, ByteView info) const { return ReasonOf(OpenSlot(pair_.seed, slot, info).status()); }

  const KemKeyPair pair_ = GenerateKemKeyPair();
  const PrekeyId id_ = RandomId<PrekeyId>();
  const Digest context_ = RandomId<Digest>();
  const OrgId recipient_ = RandomId<OrgId>();
  const SecretBytes secret_ = SecretBytes::Random(kKeySize);
  const Bytes slot_ = *WrapSlot(pair_.public_key, id_, Info(), secret_, "hedge");
};

TEST_F(SlotTest, KnownInfo) {
  for (const VectorRecord& v : ReadVectors("../../docs/formats/examples/derive.txt")) {
    if (!v.contains("prekey_public")) continue;
    const Bytes& info = v.at("info");
    const Digest epoch_fields = *Digest::From(ByteView(info).substr(23, 32));
    EXPECT_EQ(SlotInfo("entente/1/epoch-wrap", epoch_fields, *OrgId::From(v.at("recipient")),
                       *PrekeyId::From(v.at("prekey_id")), v.at("prekey_public")),
              info);
    return;
  }
  FAIL() << "the examples have no slot";
}

TEST_F(SlotTest, KnownSlotsOpen) {
  for (const VectorRecord& v : ReadVectors("slot.txt")) {
    const Bytes info = SlotInfo(v.at("label"), *Digest::From(v.at("context")), *OrgId::From(v.at("recipient")),
                                *PrekeyId::From(v.at("prekey_id")), v.at("prekey_public"));
    EXPECT_EQ(info, v.at("info"));
    const auto opened = OpenSlot(SecretBytes::CopyOf(v.at("seed")), v.at("slot"), info);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(AsView(opened->ExposeSecret()), v.at("secret"));
    EXPECT_EQ(v.at("slot").substr(0, PrekeyId::kSize), v.at("prekey_id"));
  }
}

TEST_F(SlotTest, OpensWhatWasWrapped) {
  ASSERT_EQ(slot_.size(), kSlotSize);
  EXPECT_EQ(ByteView(slot_).substr(0, PrekeyId::kSize), id_.view());
  const auto opened = OpenSlot(pair_.seed, slot_, Info());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(AsView(opened->ExposeSecret()), AsView(secret_.ExposeSecret()));
}

// The id names the key to look up; it is bound through the info, which the receiver makes from what it looked up.
TEST_F(SlotTest, AnyFlippedBitBehindTheIdIsRefused) {
  for (size_t byte = PrekeyId::kSize; byte < kSlotSize; ++byte) {
    const RejectReason reason = Open(FlipBit(slot_, byte * 8 + byte % 8), Info());
    EXPECT_TRUE(reason == RejectReason::kUnwrap || reason == RejectReason::kKem) << byte;
  }
}

TEST_F(SlotTest, OpensUnderItsOwnLabelContextRecipientAndKeyOnly) {
  const Bytes info = Info();
  EXPECT_EQ(Open(slot_, info), RejectReason::kNone);
  EXPECT_EQ(Open(slot_, Info("entente/1/epoch-wrap")), RejectReason::kUnwrap);
  for (size_t byte = 0; byte < info.size(); ++byte) {
    EXPECT_EQ(Open(slot_, FlipBit(info, byte * 8 + byte % 8)), RejectReason::kUnwrap) << byte;
  }
  const KemKeyPair other = GenerateKemKeyPair();
  EXPECT_EQ(ReasonOf(OpenSlot(other.seed, slot_, info).status()), RejectReason::kUnwrap);
}

TEST_F(SlotTest, OtherLengthsAreRefusedUndecapsulated) {
  for (size_t size = 0; size < kSlotSize; ++size) {
    ASSERT_EQ(Open(ByteView(slot_).substr(0, size), Info()), RejectReason::kHeader) << size;
  }
  EXPECT_EQ(Open(slot_ + '\0', Info()), RejectReason::kHeader);
}

// What a member without a prekey gets (docs/formats/epoch.md): no key opens it.
TEST_F(SlotTest, TheZeroSlotDoesNotOpen) {
  EXPECT_EQ(Open(Bytes(kSlotSize, '\0'), Info()), RejectReason::kKem);
}

TEST_F(SlotTest, RefusesBadKeysAndOtherSecrets) {
  EXPECT_EQ(ReasonOf(WrapSlot(Bytes(kKemPublicKeySize, '\xff'), id_, Info(), secret_, "").status()),
            RejectReason::kPrekey);
  for (size_t size : {0u, 31u, 33u}) {
    EXPECT_EQ(ReasonOf(WrapSlot(pair_.public_key, id_, Info(), SecretBytes(size), "").status()),
              RejectReason::kInternal);
  }
}

TEST_F(SlotTest, GeneratedSecretsComeBackAndNoTwoSlotsAreAlike) {
  EXPECT_TRUE(rc::check("a slot gives back what it was made of", [&] {
    const auto value = *rc::gen::container<Bytes>(kKeySize, rc::gen::arbitrary<char>());
    const auto hedge = *rc::gen::arbitrary<Bytes>();
    const SecretBytes secret = SecretBytes::CopyOf(value);
    const auto one = WrapSlot(pair_.public_key, id_, Info(), secret, hedge);
    const auto two = WrapSlot(pair_.public_key, id_, Info(), secret, hedge);
    RC_ASSERT(one.ok() && two.ok() && *one != *two);
    const auto opened = OpenSlot(pair_.seed, *one, Info());
    RC_ASSERT(opened.ok() && AsView(opened->ExposeSecret()) == value);
  }));
}

}  // namespace
}  // namespace entente::crypto
