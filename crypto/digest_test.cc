#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "crypto/running_hash.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using test::ReadVectors;
using test::VectorRecord;

TEST(Digest, Sha256KnownAnswers) {
  for (const VectorRecord& v : ReadVectors("sha256.txt")) EXPECT_EQ(Sha256(v.at("message")).view(), v.at("digest"));
}

TEST(Digest, PiecesHashAsTheWhole) {
  for (const VectorRecord& v : ReadVectors("sha256.txt")) {
    const ByteView message = v.at("message");
    for (const size_t step : {size_t{1}, size_t{63}, size_t{64}, message.size() + 1}) {
      RunningHash hash, other;
      other.Add("beside");  // two at once do not meet
      for (size_t at = 0; at < message.size(); at += step) hash.Add(message.substr(at, step));
      EXPECT_EQ(hash.Finish().view(), v.at("digest"));
      EXPECT_EQ(other.Finish(), Sha256("beside"));
    }
  }
}

TEST(Digest, HmacKnownAnswers) {
  for (const VectorRecord& v : ReadVectors("hmac.txt")) {
    EXPECT_EQ(Hmac(HmacPads(v.at("key")), {v.at("message")}).view(), v.at("mac"));
  }
}

TEST(Digest, HkdfKnownAnswers) {
  for (const VectorRecord& v : ReadVectors("hkdf.txt")) {
    const Wiped<kKeySize> prk = HkdfExtract(v.at("salt"), {v.at("ikm")});
    EXPECT_EQ(prk.view(), v.at("prk"));
    Bytes okm(v.at("okm").size(), '\0');
    ASSERT_TRUE(HkdfExpand(prk.view(), v.at("info"), {Octets(okm), okm.size()}));
    EXPECT_EQ(okm, v.at("okm"));
  }
}

TEST(Digest, HkdfExpandRefusesWhatItCannotGive) {
  Bytes out(kHkdfMaxOutput + 1, '\0');
  const Bytes prk(kKeySize, 'k');
  EXPECT_TRUE(HkdfExpand(prk, "i", {Octets(out), kHkdfMaxOutput}));
  EXPECT_FALSE(HkdfExpand(prk, "i", {Octets(out), kHkdfMaxOutput + 1}));
  EXPECT_FALSE(HkdfExpand(prk.substr(1), "i", {Octets(out), 32}));
}

TEST(Digest, PaeKnownAnswer) {
  for (const VectorRecord& v : ReadVectors("dsse.txt")) EXPECT_EQ(Pae(v.at("type"), v.at("body")), v.at("pae"));
  EXPECT_EQ(Pae("", ""), "DSSEv1 0  0 ");
}

TEST(Digest, LabeledHashKnownAnswer) {
  for (const VectorRecord& v : ReadVectors("labeled_hash.txt")) {
    EXPECT_EQ(LabeledHash(v.at("label"), {v.at("part1"), v.at("part2")}).view(), v.at("digest"));
  }
}

TEST(Digest, ThreadsDoNotShareAHash) {
  const Bytes large(1 << 20, 'x');
  const Digest expected = Sha256(large);
  std::vector<std::thread> threads;
  std::atomic<int> equal = 0;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { equal += Sha256(large) == expected ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, 4);
}

TEST(Padding, PadmeSizes) {
  EXPECT_EQ(PaddedSize(0), 0u);
  EXPECT_EQ(PaddedSize(1), 1u);
  EXPECT_EQ(PaddedSize(9), 10u);
  EXPECT_EQ(PaddedSize(1000), 1024u);
  EXPECT_EQ(PaddedSize(1025), 1088u);
  EXPECT_EQ(PaddedSize(1 << 20), size_t{1 << 20});
}

TEST(Padding, NeverShrinksIsStableAndCostsAtMost12Percent) {
  for (size_t size = 1; size < 200'000; ++size) {
    const size_t padded = PaddedSize(size);
    ASSERT_GE(padded, size);
    ASSERT_LE(padded * 100, size * 112);
    ASSERT_EQ(PaddedSize(padded), padded);
  }
}

TEST(Random, IdsDiffer) {
  EXPECT_NE(RandomId<EnvelopeId>(), RandomId<EnvelopeId>());
}

}  // namespace
}  // namespace entente::crypto
