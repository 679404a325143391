#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using test::ReadVectors;
using test::VectorRecord;

constexpr ByteView kType = "application/vnd.entente.test.v1", kBody = "body";

// The order of the base point, little-endian: S and S + L are the same scalar.
constexpr uint8_t kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

TEST(Ed25519, KnownAnswers) {
  for (const VectorRecord& v : ReadVectors("ed25519.txt")) {
    const SecretBytes secret = SecretBytes::CopyOf(v.at("seed") + v.at("public_key"));
    EXPECT_EQ(SignMessage(secret, v.at("message")), v.at("signature"));
    EXPECT_TRUE(VerifyMessage(v.at("public_key"), v.at("message"), v.at("signature")));
    EXPECT_TRUE(IsValidPoint(v.at("public_key")));
    EXPECT_EQ(SigningKey::FromSeed(SecretBytes::CopyOf(v.at("seed")))->public_key(), v.at("public_key"));
  }
}

TEST(Ed25519, SignsThePaeAndNothingElse) {
  const SigningKey key = SigningKey::Generate();
  const Bytes signature = *key.Sign(kType, kBody);
  EXPECT_TRUE(Verify(key.public_key(), kType, kBody, signature));
  EXPECT_TRUE(VerifyMessage(key.public_key(), Pae(kType, kBody), signature));
  EXPECT_FALSE(VerifyMessage(key.public_key(), kBody, signature));
  EXPECT_FALSE(Verify(key.public_key(), "application/vnd.entente.other.v1", kBody, signature));
  EXPECT_FALSE(Verify(SigningKey::Generate().public_key(), kType, kBody, signature));
}

TEST(Ed25519, TheSeedIsTheKey) {
  const SigningKey key = SigningKey::Generate();
  const absl::StatusOr<SigningKey> again = SigningKey::FromSeed(key.seed());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(*again->Sign(kType, kBody), *key.Sign(kType, kBody));
}

TEST(Ed25519, HedgedBytesAreFreshAndOfTheSeed) {
  const SigningKey key = SigningKey::Generate();
  const absl::StatusOr<SecretBytes> one = key.Hedged("label", "context"), two = key.Hedged("label", "context");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(AsView(one->ExposeSecret()), AsView(two->ExposeSecret()));

  // A generator that repeats itself: another seed, label or context still gives other bytes.
  const SecretBytes random(kKeySize), other = SecretBytes::Random(kKeySize);
  const auto hedged = [&](ByteView label, const SecretBytes& secret, ByteView context) {
    return Bytes(AsView(HedgedBytes(label, random, secret, context).ExposeSecret()));
  };
  const Bytes known = hedged("label", key.seed(), "context");
  EXPECT_EQ(known, LabeledHash("label", {Bytes(kKeySize, '\0'), AsView(key.seed().ExposeSecret()), "context"}).view());
  EXPECT_NE(known, hedged("Label", key.seed(), "context"));
  EXPECT_NE(known, hedged("label", other, "context"));
  EXPECT_NE(known, hedged("label", key.seed(), "contexT"));
}

TEST(Ed25519, RefusesSeedsOfAnotherSize) {
  for (size_t size : {0u, 31u, 33u, 64u}) {
    EXPECT_EQ(ReasonOf(SigningKey::FromSeed(SecretBytes(size)).status()), RejectReason::kKeystore) << size;
  }
}

TEST(Ed25519, EveryFlippedBitOfASignatureIsSeen) {
  const SigningKey key = SigningKey::Generate();
  const Bytes good = *key.Sign(kType, kBody);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Verify(key.public_key(), kType, kBody, bad)) << bit;
  }
}

TEST(Ed25519, EveryFlippedBitOfTheBodyAndKeyIsSeen) {
  const SigningKey key = SigningKey::Generate();
  const Bytes signature = *key.Sign(kType, kBody);
  for (size_t bit = 0; bit < kBody.size() * 8; ++bit) {
    Bytes body(kBody);
    body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Verify(key.public_key(), kType, body, signature)) << bit;
  }
  for (size_t bit = 0; bit < kPublicKeySize * 8; ++bit) {
    Bytes other = key.public_key();
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Verify(other, kType, kBody, signature)) << bit;
  }
}

TEST(Ed25519, RefusesOtherLengths) {
  const SigningKey key = SigningKey::Generate();
  const Bytes signature = *key.Sign(kType, kBody);
  EXPECT_FALSE(Verify(key.public_key(), kType, kBody, signature.substr(1)));
  EXPECT_FALSE(Verify(key.public_key(), kType, kBody, signature + "x"));
  EXPECT_FALSE(Verify(key.public_key(), kType, kBody, ""));
  EXPECT_FALSE(Verify(key.public_key().substr(1), kType, kBody, signature));
  EXPECT_FALSE(Verify(key.public_key() + "x", kType, kBody, signature));
}

TEST(Ed25519, K44RefusesScalarsBeyondTheOrder) {
  const SigningKey key = SigningKey::Generate();
  Bytes signature = *key.Sign(kType, kBody);
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    carry += static_cast<uint8_t>(signature[32 + i]) + kOrder[i];
    signature[32 + i] = static_cast<char>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(Verify(key.public_key(), kType, kBody, signature));
}

TEST(Ed25519, K44PointCheckRefusesSmallOrderAndNonCanonicalKeys) {
  const Bytes zeros(31, '\0'), ones(30, '\xff');
  EXPECT_FALSE(IsValidPoint('\0' + zeros));            // order 4
  EXPECT_FALSE(IsValidPoint('\1' + zeros));            // the identity
  EXPECT_FALSE(IsValidPoint('\xec' + ones + '\x7f'));  // order 2
  EXPECT_FALSE(IsValidPoint('\xed' + ones + '\x7f'));  // p, a second encoding of 0
  EXPECT_FALSE(IsValidPoint(Bytes(31, 'k')));
  EXPECT_FALSE(IsValidPoint(""));
  EXPECT_FALSE(IsValidPoint(SigningKey::Generate().public_key() + "x"));
}

TEST(Ed25519, K44PointCheckRefusesTheMixedOrderKeyThatVerificationAccepts) {
  for (const VectorRecord& v : ReadVectors("ed25519_points.txt")) {
    EXPECT_TRUE(VerifyMessage(v.at("public_key"), v.at("message"), v.at("signature"))) << v.at("number");
    EXPECT_EQ(IsValidPoint(v.at("public_key")), v.at("valid_point") == "yes") << v.at("number");
  }
}

}  // namespace
}  // namespace entente::crypto
