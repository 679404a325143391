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

}  // namespace
}  // namespace entente::crypto
