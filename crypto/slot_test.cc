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
