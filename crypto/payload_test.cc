#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using test::ReadVectors;
using test::VectorRecord;

constexpr size_t kSealedChunk = kChunkSize + kTagSize;

Bytes Pattern(size_t size) {
  Bytes bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(7 * i);
  return bytes;
}

class Payload : public testing::Test {
 protected:
  Bytes Seal(size_t size) const { return *SealPayload(keys_, h_core_, Pattern(size)); }
  RejectReason Open(ByteView sealed) const { return ReasonOf(OpenPayload(keys_, h_core_, sealed).status()); }

  const std::vector<VectorRecord> vectors_ = ReadVectors("payload.txt");
  const SecretBytes content_key_ = SecretBytes::CopyOf(vectors_[0].at("content_key"));
  const Digest h_core_ = *Digest::From(vectors_[0].at("h_core"));
  const PayloadKeys keys_ = DerivePayloadKeys(content_key_, h_core_);
};

TEST_F(Payload, KeysKnownAnswer) {
  EXPECT_EQ(AsView(keys_.key.ExposeSecret()), vectors_[0].at("key"));
  EXPECT_EQ(keys_.nonce, vectors_[0].at("nonce"));
  EXPECT_EQ(keys_.commitment.view(), vectors_[0].at("commitment"));
}

// ChaCha20-Poly1305 opens one ciphertext under two keys; the commitment, which is compared first, is of one of them alone.
TEST(TwoKeys, P05OneCiphertextOpensUnderBothAndTheCommitmentIsOfOne) {
  const VectorRecord vector = ReadVectors("two_keys.txt")[0];
  const Digest h_core = *Digest::From(vector.at("h_core"));
  const PayloadKeys first = DerivePayloadKeys(SecretBytes::CopyOf(vector.at("first_content_key")), h_core);
  PayloadKeys second = DerivePayloadKeys(SecretBytes::CopyOf(vector.at("second_content_key")), h_core);
  EXPECT_EQ(first.commitment.view(), vector.at("commitment"));
  EXPECT_NE(second.commitment, first.commitment);
  EXPECT_EQ(*OpenPayload(first, h_core, vector.at("sealed")), vector.at("first_plaintext"));
  EXPECT_EQ(ReasonOf(OpenPayload(second, h_core, vector.at("sealed")).status()), RejectReason::kAead);
  second.commitment = first.commitment;  // as a reader that does not compare them would
  EXPECT_EQ(*OpenPayload(second, h_core, vector.at("sealed")), vector.at("second_plaintext"));
}

TEST_F(Payload, SealedKnownAnswersOpenAgain) {
  for (size_t i = 1; i < vectors_.size(); ++i) {
    const size_t size = std::stoul(vectors_[i].at("plaintext_size"));
    const Bytes sealed = Seal(size);
    EXPECT_EQ(Sha256(sealed).view(), vectors_[i].at("sealed_sha256")) << size;
    EXPECT_EQ(sealed.size(), std::stoul(vectors_[i].at("sealed_size")));
    EXPECT_EQ(sealed.size(), SealedPayloadSize(size));
    const absl::StatusOr<Bytes> opened = OpenPayload(keys_, h_core_, sealed);
    ASSERT_TRUE(opened.ok()) << size;
    EXPECT_EQ(*opened, Pattern(size));
  }
}

TEST_F(Payload, EmptyAndExactMultiplesHaveNoExtraChunk) {
  EXPECT_EQ(SealedPayloadSize(0), kTagSize);
  EXPECT_EQ(SealedPayloadSize(kChunkSize), kSealedChunk);
  EXPECT_EQ(SealedPayloadSize(kChunkSize + 1), kSealedChunk + 1 + kTagSize);
  EXPECT_EQ(SealedPayloadSize(3 * kChunkSize), 3 * kSealedChunk);
}

TEST_F(Payload, EveryFlippedBitIsSeen) {
  const Bytes good = Seal(100);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(Open(bad), RejectReason::kAead) << bit;
  }
}

TEST_F(Payload, AFlippedBitInAnyChunkIsSeen) {
  const Bytes good = Seal(2 * kChunkSize + 5);
  for (size_t at : {size_t{0}, kSealedChunk - 1, kSealedChunk, 2 * kSealedChunk, good.size() - 1}) {
    Bytes bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_EQ(Open(bad), RejectReason::kAead) << at;
  }
}

TEST_F(Payload, SwappedChunksAreSeen) {
  const Bytes good = Seal(3 * kChunkSize);
  const Bytes swapped =
      good.substr(kSealedChunk, kSealedChunk) + good.substr(0, kSealedChunk) + good.substr(2 * kSealedChunk);
  EXPECT_EQ(Open(swapped), RejectReason::kAead);
}

TEST_F(Payload, AMissingLastChunkIsTruncation) {
  const Bytes good = Seal(2 * kChunkSize + 5);
  EXPECT_EQ(Open(ByteView(good).substr(0, 2 * kSealedChunk)), RejectReason::kTruncated);
  EXPECT_EQ(Open(ByteView(good).substr(0, kSealedChunk)), RejectReason::kTruncated);
  EXPECT_EQ(Open(ByteView(good).substr(0, 2 * kSealedChunk + kTagSize - 1)), RejectReason::kTruncated);
  EXPECT_EQ(Open(""), RejectReason::kTruncated);
  EXPECT_EQ(Open(ByteView(good).substr(0, kTagSize - 1)), RejectReason::kTruncated);
}

TEST_F(Payload, AppendedBytesAreTrailing) {
  for (size_t size : {size_t{0}, size_t{5}, kChunkSize - 3, kChunkSize, kChunkSize + 5, 2 * kChunkSize}) {
    for (size_t extra : {1u, 15u, 16u}) {
      EXPECT_EQ(Open(Seal(size) + Bytes(extra, 'x')), RejectReason::kTrailing) << size << " + " << extra;
    }
  }
}

TEST_F(Payload, ManyAppendedBytesAreRefusedAsTrailingWhereTheLastChunkIsFull) {
  EXPECT_EQ(Open(Seal(kChunkSize) + Bytes(3 * kSealedChunk, 'x')), RejectReason::kTrailing);
  EXPECT_EQ(Open(Seal(kChunkSize - 3) + Bytes(17, 'x')), RejectReason::kAead);
}

TEST_F(Payload, AnEmptyChunkAfterAnotherIsNotASecondForm) {
  // Two payloads that agree in key, nonce and counter positions: the tail of one is the empty last chunk of the other.
  PayloadKeys shifted{keys_.key.Clone(), keys_.nonce, keys_.commitment};
  const Bytes full = Seal(kChunkSize + 1).substr(0, kSealedChunk);
  Bytes nonce = keys_.nonce + Bytes("\0\0\0\1\1", 5);
  Bytes tag(kTagSize, '\0');
  XChaChaSeal(AsView(shifted.key.ExposeSecret()), nonce, h_core_.str() + keys_.commitment.str(), "", Octets(tag));
  EXPECT_EQ(Open(full + tag), RejectReason::kTrailing);
}

TEST_F(Payload, AnotherContentKeyOrHeaderDoesNotOpen) {
  const Bytes sealed = Seal(10);
  const Digest other_core = Sha256("another header");
  const PayloadKeys other_key = DerivePayloadKeys(SecretBytes::Random(kKeySize), h_core_);
  const PayloadKeys other_header = DerivePayloadKeys(content_key_, other_core);
  EXPECT_NE(other_key.commitment, keys_.commitment);
  EXPECT_NE(other_header.commitment, keys_.commitment);
  EXPECT_EQ(ReasonOf(OpenPayload(other_key, h_core_, sealed).status()), RejectReason::kAead);
  EXPECT_EQ(ReasonOf(OpenPayload(other_header, other_core, sealed).status()), RejectReason::kAead);
  EXPECT_EQ(ReasonOf(OpenPayload(keys_, other_core, sealed).status()), RejectReason::kAead);
}

TEST_F(Payload, TheCommitmentIsAuthenticated) {
  PayloadKeys other{keys_.key.Clone(), keys_.nonce, Sha256("another commitment")};
  EXPECT_EQ(ReasonOf(OpenPayload(other, h_core_, Seal(10)).status()), RejectReason::kAead);
}

TEST_F(Payload, RefusesMoreThan32BitsOfChunks) {
  // Never read: the size is refused first.
  const ByteView huge("", size_t{1} << 48);
  EXPECT_EQ(ReasonOf(SealPayload(keys_, h_core_, huge).status()), RejectReason::kLimit);
  EXPECT_EQ(Open({"", (size_t{1} << 48) + (size_t{1} << 40)}), RejectReason::kLimit);
}

}  // namespace
}  // namespace entente::crypto
