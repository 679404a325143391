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

std::vector<Bytes> NumberedLeaves(size_t count) {
  std::vector<Bytes> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(Sha256(std::to_string(i)).str());
  return leaves;
}

std::vector<ByteView> Views(const std::vector<Bytes>& leaves) {
  return {leaves.begin(), leaves.end()};
}

// RFC 6962, 2.1, as the text has it: the oracle of the level-by-level implementation.
Digest TreeHashByDefinition(const std::vector<ByteView>& leaves) {
  if (leaves.empty()) return Sha256({});
  if (leaves.size() == 1) return Sha256(Bytes(1, '\0') + Bytes(leaves[0]));
  size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(split);
  return Sha256(Bytes(1, '\1') + TreeHashByDefinition({leaves.begin(), middle}).str() +
                TreeHashByDefinition({middle, leaves.end()}).str());
}

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

TEST(Merkle, RootsOfSizesZeroToEight) {
  std::vector<Bytes> leaves;
  for (const VectorRecord& v : ReadVectors("merkle.txt")) {
    if (v.contains("leaf")) leaves.push_back(v.at("leaf"));
    EXPECT_EQ(TreeHash(Views(leaves)).view(), v.at("root")) << leaves.size();
  }
  EXPECT_EQ(leaves.size(), 8u);
}

TEST(Merkle, RootAgreesWithTheDefinition) {
  const std::vector<Bytes> leaves = NumberedLeaves(70);
  for (size_t n = 0; n <= leaves.size(); ++n) {
    const std::vector<ByteView> some(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_EQ(TreeHash(some), TreeHashByDefinition(some)) << n;
  }
}

TEST(Merkle, EveryPathLeadsToTheRootAndNowhereElse) {
  for (size_t n : {1u, 2u, 3u, 5u, 8u, 13u, 33u}) {
    const std::vector<Bytes> leaves = NumberedLeaves(n);
    const Digest root = TreeHash(Views(leaves));
    for (size_t i = 0; i < n; ++i) {
      const std::vector<Digest> path = AuditPath(Views(leaves), i);
      EXPECT_EQ(RootFromPath(leaves[i], i, n, path), root);
      EXPECT_NE(RootFromPath("another leaf", i, n, path), root);
      if (n == 1) continue;
      EXPECT_NE(RootFromPath(leaves[i], (i + 1) % n, n, path), root);
    }
  }
}

TEST(Merkle, ManyPathsAtOnceAreThePathsOneByOne) {
  const std::vector<Bytes> leaves = NumberedLeaves(13);
  const std::vector<size_t> indexes = {12, 0, 5, 6};
  const std::vector<std::vector<Digest>> paths = AuditPaths(Views(leaves), indexes);
  ASSERT_EQ(paths.size(), indexes.size());
  for (size_t i = 0; i < indexes.size(); ++i) {
    EXPECT_EQ(RootFromPath(leaves[indexes[i]], indexes[i], 13, paths[i]), TreeHash(Views(leaves))) << indexes[i];
  }
}

TEST(Merkle, APathOfTheWrongLengthLeadsNowhere) {
  const std::vector<Bytes> leaves = NumberedLeaves(6);
  std::vector<Digest> path = AuditPath(Views(leaves), 5);
  EXPECT_EQ(path.size(), 2u);
  EXPECT_FALSE(RootFromPath(leaves[5], 6, 6, path));
  EXPECT_FALSE(RootFromPath(leaves[5], 0, 0, {}));
  path.push_back(path.back());
  EXPECT_FALSE(RootFromPath(leaves[5], 5, 6, path));
  path.resize(1);
  EXPECT_FALSE(RootFromPath(leaves[5], 5, 6, path));
}

TEST(Merkle, LongLeavesHashLikeShortOnes) {
  for (size_t size : {0u, 1u, 63u, 64u, 65u, 1000u}) {
    const Bytes leaf(size, 'l');
    EXPECT_EQ(TreeHash({leaf}), Sha256(Bytes(1, '\0') + leaf)) << size;
  }
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
