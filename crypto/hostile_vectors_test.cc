// Published vectors of what must be refused, on every build: the refusals do not depend on the processor or the library.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using test::ReadVectors;
using test::VectorRecord;

constexpr size_t kShareSize = 32, kMlKemCiphertextSize = kKemCiphertextSize - kShareSize;

// S beyond the order, S that is not canonical, R that is no point, garbage behind: Wycheproof's list.
TEST(HostileVectors, K44NonCanonicalAndMalleableSignaturesDoNotVerify) {
  const std::vector<VectorRecord> vectors = ReadVectors("ed25519_signatures.txt");
  ASSERT_EQ(vectors.size(), 35u);
  for (const VectorRecord& v : vectors) {
    EXPECT_FALSE(VerifyMessage(v.at("public_key"), v.at("message"), v.at("signature"))) << v.at("number");
  }
}

TEST(HostileVectors, K44KeysOfSmallMixedOrNonCanonicalOrderAreNoValidPoints) {
  size_t good = 0, small = 0, mixed = 0;
  for (const VectorRecord& v : ReadVectors("ed25519_keys.txt")) {
    const Bytes& kind = v.at("kind");
    EXPECT_EQ(IsValidPoint(v.at("public_key")), kind == "good") << kind;
    good += kind == "good" ? 1 : 0;
    small += kind.starts_with("small order") ? 1 : 0;
    mixed += kind.starts_with("mixed order") ? 1 : 0;
  }
  EXPECT_EQ(good, 1u);
  EXPECT_EQ(small, 14u);
  EXPECT_EQ(mixed, 7u);
}

class HostileKem : public testing::Test {
 protected:
  RejectReason Open(ByteView enc, ByteView ct) const {
    return ReasonOf(HpkeOpen(pair_.seed, enc, "info", "aad", ct).status());
  }
  const KemKeyPair pair_ = GenerateKemKeyPair();
  const HpkeSealed sealed_ = *HpkeSeal(pair_.public_key, "info", "aad", Bytes(kKeySize, 'k'), "hedge");
};

// The share of a recipient's key and the share of an encapsulation.
TEST_F(HostileKem, K44AnAllZeroX25519SecretIsRefusedOnBothSides) {
  const std::vector<VectorRecord> vectors = ReadVectors("x25519_zero.txt");
  ASSERT_EQ(vectors.size(), 14u);
  for (const VectorRecord& v : vectors) {
    const Bytes key = pair_.public_key.substr(0, kKemPublicKeySize - kShareSize) + v.at("public");
    EXPECT_FALSE(IsValidKemKey(key)) << v.at("number");
    EXPECT_EQ(ReasonOf(HpkeSeal(key, "info", "aad", "text", "hedge").status()), RejectReason::kPrekey);
    EXPECT_EQ(Open(sealed_.enc.substr(0, kMlKemCiphertextSize) + v.at("public"), sealed_.ct), RejectReason::kKem);
  }
}

// ML-KEM rejects implicitly: another shared secret comes out, and the AEAD refuses it. One reason, wherever the bit is.
TEST_F(HostileKem, K45FlippedBitsThroughoutTheMlKemCiphertextAreOneTypedFailure) {
  Bytes enc = sealed_.enc;
  for (size_t bit = 0; bit < kMlKemCiphertextSize * 8; bit += 3) {
    const auto mask = static_cast<char>(1 << (bit % 8));
    enc[bit / 8] = static_cast<char>(enc[bit / 8] ^ mask);
    ASSERT_EQ(Open(enc, sealed_.ct), RejectReason::kUnwrap) << bit;
    enc[bit / 8] = static_cast<char>(enc[bit / 8] ^ mask);
  }
  EXPECT_EQ(Open(enc, sealed_.ct), RejectReason::kNone);
}

TEST_F(HostileKem, K45EveryTruncationOfTheWrappedKeyIsOneTypedFailure) {
  for (size_t size = 0; size < sealed_.ct.size(); ++size) {
    EXPECT_EQ(Open(sealed_.enc, ByteView(sealed_.ct).substr(0, size)), RejectReason::kUnwrap) << size;
  }
  EXPECT_EQ(Open(sealed_.enc, sealed_.ct + '\0'), RejectReason::kUnwrap);
}

class HostilePayload : public testing::Test {
 protected:
  static PayloadKeys Keys(char content_key, const Digest& h_core) {
    return DerivePayloadKeys(SecretBytes::CopyOf(Bytes(kKeySize, content_key)), h_core);
  }
  static RejectReason Open(const PayloadKeys& keys, const Digest& h_core, ByteView sealed) {
    return ReasonOf(OpenPayload(keys, h_core, sealed).status());
  }
  const Digest one_ = Sha256("one"), two_ = Sha256("two");
};

TEST_F(HostilePayload, K45EveryTruncationOfAPayloadIsATypedFailure) {
  const PayloadKeys keys = Keys('k', one_);
  const Bytes sealed = *SealPayload(keys, one_, Bytes(kChunkSize + 50, 'x'));
  for (size_t size = 0; size < sealed.size(); size += size > kChunkSize - 40 && size < kChunkSize + 200 ? 1 : 997) {
    const RejectReason reason = Open(keys, one_, ByteView(sealed).substr(0, size));
    EXPECT_TRUE(reason == RejectReason::kAead || reason == RejectReason::kTruncated) << size;
  }
  EXPECT_EQ(Open(keys, one_, ByteView(sealed).substr(0, kChunkSize + kTagSize)), RejectReason::kTruncated);
  EXPECT_EQ(Open(keys, one_, sealed), RejectReason::kNone);
}

// A content key that a sender uses twice: every envelope has its own h_core, so key, nonce and commitment differ, and no
// chunk of one opens in the other.
TEST_F(HostilePayload, K45OneContentKeyInTwoEnvelopesRepeatsNoNonceAndNoKey) {
  const PayloadKeys first = Keys('k', one_), second = Keys('k', two_);
  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_NE(AsView(first.key.ExposeSecret()), AsView(second.key.ExposeSecret()));
  EXPECT_NE(first.commitment, second.commitment);
  const Bytes sealed = *SealPayload(first, one_, "text");
  EXPECT_NE(sealed, *SealPayload(second, two_, "text"));
  EXPECT_EQ(Open(second, two_, sealed), RejectReason::kAead);
  EXPECT_EQ(Open(first, two_, sealed), RejectReason::kAead);
}

}  // namespace
}  // namespace entente::crypto
