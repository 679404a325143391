#include <gtest/gtest.h>
#include <sodium/crypto_kem_xwing.h>

#include "base/reject.h"
#include "crypto/crypto.h"
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

class Hpke : public testing::Test {
 protected:
  RejectReason Open(ByteView enc, ByteView info, ByteView aad, ByteView ct) const {
    return ReasonOf(HpkeOpen(pair_.seed, enc, info, aad, ct).status());
  }
  const KemKeyPair pair_ = GenerateKemKeyPair();
  const Bytes key_ = Bytes(kKeySize, 'k');
  const HpkeSealed sealed_ = *HpkeSeal(pair_.public_key, "info", "aad", key_, "hedge");
};

TEST_F(Hpke, KnownAnswer) {
  for (const VectorRecord& v : ReadVectors("hpke.txt")) {
    const absl::StatusOr<HpkeSealed> sealed =
        HpkeSealFromSeed(v.at("public_key"), v.at("info"), v.at("aad"), v.at("plaintext"), v.at("encapsulation_seed"));
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(sealed->enc, v.at("enc"));
    EXPECT_EQ(sealed->ct, v.at("ciphertext"));
    const absl::StatusOr<SecretBytes> opened =
        HpkeOpen(SecretBytes::CopyOf(v.at("seed")), v.at("enc"), v.at("info"), v.at("aad"), v.at("ciphertext"));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(AsView(opened->ExposeSecret()), v.at("plaintext"));
  }
}

TEST_F(Hpke, XWingKnownAnswers) {
  for (const VectorRecord& v : ReadVectors("xwing.txt")) {
    Bytes public_key(kKemPublicKeySize, '\0'), secret(32, '\0'), enc(kKemCiphertextSize, '\0'), ss(32, '\0');
    ASSERT_EQ(crypto_kem_xwing_seed_keypair(Octets(public_key), Octets(secret), Octets(ByteView(v.at("seed")))), 0);
    EXPECT_EQ(public_key, v.at("public_key"));
    EXPECT_EQ(secret, v.at("seed"));
    ASSERT_EQ(crypto_kem_xwing_enc_deterministic(Octets(enc), Octets(ss), Octets(ByteView(public_key)),
                                                 Octets(ByteView(v.at("encapsulation_seed")))),
              0);
    EXPECT_EQ(enc, v.at("enc"));
    EXPECT_EQ(ss, v.at("shared_secret"));
    Bytes again(32, '\0');
    ASSERT_EQ(crypto_kem_xwing_dec(Octets(again), Octets(ByteView(enc)), Octets(ByteView(secret))), 0);
    EXPECT_EQ(again, ss);
  }
}

TEST_F(Hpke, OpensWhatWasSealed) {
  EXPECT_EQ(sealed_.enc.size(), kKemCiphertextSize);
  EXPECT_EQ(sealed_.ct.size(), kWrappedKeySize);
  const absl::StatusOr<SecretBytes> opened = HpkeOpen(pair_.seed, sealed_.enc, "info", "aad", sealed_.ct);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(AsView(opened->ExposeSecret()), key_);
}

TEST_F(Hpke, SealsNothingAndOpensNothing) {
  const absl::StatusOr<HpkeSealed> sealed = HpkeSeal(pair_.public_key, "", "", "", "");
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(sealed->ct.size(), kTagSize);
  const absl::StatusOr<SecretBytes> opened = HpkeOpen(pair_.seed, sealed->enc, "", "", sealed->ct);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened->empty());
}

TEST_F(Hpke, TheSameHedgeTwiceSealsDifferently) {
  const absl::StatusOr<HpkeSealed> again = HpkeSeal(pair_.public_key, "info", "aad", key_, "hedge");
  ASSERT_TRUE(again.ok());
  EXPECT_NE(again->enc, sealed_.enc);
  EXPECT_NE(again->ct, sealed_.ct);
}

TEST_F(Hpke, RefusesAnotherInfoAadOrSeed) {
  EXPECT_EQ(Open(sealed_.enc, "Info", "aad", sealed_.ct), RejectReason::kUnwrap);
  EXPECT_EQ(Open(sealed_.enc, "info", "", sealed_.ct), RejectReason::kUnwrap);
  EXPECT_EQ(Open(sealed_.enc, "info", "aad", sealed_.ct), RejectReason::kNone);
  const KemKeyPair other = GenerateKemKeyPair();
  EXPECT_EQ(ReasonOf(HpkeOpen(other.seed, sealed_.enc, "info", "aad", sealed_.ct).status()), RejectReason::kUnwrap);
}

TEST_F(Hpke, EveryFlippedBitOfTheWrappedKeyIsSeen) {
  for (size_t bit = 0; bit < sealed_.ct.size() * 8; ++bit) {
    EXPECT_EQ(Open(sealed_.enc, "info", "aad", FlipBit(sealed_.ct, bit)), RejectReason::kUnwrap) << bit;
  }
}

TEST_F(Hpke, AFlippedBitInEveryByteOfTheEncapsulationIsSeen) {
  for (size_t byte = 0; byte < sealed_.enc.size(); ++byte) {
    const RejectReason reason = Open(FlipBit(sealed_.enc, byte * 8 + byte % 8), "info", "aad", sealed_.ct);
    // The top bit of an X25519 share is masked by RFC 7748, but X-Wing hashes the share as it stands.
    EXPECT_TRUE(reason == RejectReason::kUnwrap || reason == RejectReason::kKem) << byte;
  }
}

TEST_F(Hpke, RefusesOtherLengths) {
  EXPECT_EQ(Open(sealed_.enc.substr(1), "info", "aad", sealed_.ct), RejectReason::kKem);
  EXPECT_EQ(Open(sealed_.enc + "x", "info", "aad", sealed_.ct), RejectReason::kKem);
  EXPECT_EQ(Open("", "info", "aad", sealed_.ct), RejectReason::kKem);
  EXPECT_EQ(Open(sealed_.enc, "info", "aad", sealed_.ct.substr(0, kTagSize - 1)), RejectReason::kUnwrap);
  EXPECT_EQ(Open(sealed_.enc, "info", "aad", ""), RejectReason::kUnwrap);
  EXPECT_EQ(ReasonOf(HpkeOpen(SecretBytes(31), sealed_.enc, "info", "aad", sealed_.ct).status()), RejectReason::kKem);
}

TEST_F(Hpke, RefusesALowOrderShare) {
  Bytes enc = sealed_.enc;
  enc.replace(kKemCiphertextSize - 32, 32, 32, '\0');
  EXPECT_EQ(Open(enc, "info", "aad", sealed_.ct), RejectReason::kKem);
}

TEST_F(Hpke, RefusesBadPublicKeys) {
  Bytes non_canonical = pair_.public_key, low_order = pair_.public_key;
  non_canonical.replace(0, 3, 3, '\xff');  // coefficients of 4095, over the modulus 3329
  low_order.replace(kKemPublicKeySize - 32, 32, 32, '\0');
  EXPECT_TRUE(IsValidKemKey(pair_.public_key));
  for (const Bytes& bad : {non_canonical, low_order, pair_.public_key.substr(1), pair_.public_key + "x", Bytes()}) {
    EXPECT_FALSE(IsValidKemKey(bad));
    EXPECT_EQ(ReasonOf(HpkeSeal(bad, "info", "aad", key_, "hedge").status()), RejectReason::kPrekey);
  }
}

}  // namespace
}  // namespace entente::crypto
