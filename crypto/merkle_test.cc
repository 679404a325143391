#include <gtest/gtest.h>

#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using test::NumberOf;
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

std::vector<ByteView> First(const std::vector<Bytes>& leaves, size_t count) {
  return {leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(Merkle, EveryTreeIsConsistentWithItsBeginnings) {
  const std::vector<Bytes> leaves = NumberedLeaves(34);
  for (size_t n = 1; n <= leaves.size(); ++n) {
    const Digest root = TreeHash(First(leaves, n));
    for (size_t m = 1; m <= n; ++m) {
      const Digest old_root = TreeHash(First(leaves, m));
      const std::vector<Digest> proof = ConsistencyProof(First(leaves, n), m);
      EXPECT_TRUE(IsConsistent(m, old_root, n, root, proof)) << m << " " << n;
      EXPECT_EQ(proof.empty(), m == n);
      EXPECT_FALSE(IsConsistent(m, Sha256("another"), n, root, proof)) << m << " " << n;
      EXPECT_FALSE(IsConsistent(m, old_root, n, Sha256("another"), proof)) << m << " " << n;
      EXPECT_FALSE(IsConsistent(m + 1, old_root, n, root, proof)) << m << " " << n;
      if (m < n) {
        EXPECT_FALSE(IsConsistent(n, root, m, old_root, proof)) << m << " " << n;
      }
    }
  }
}

TEST(Merkle, ABentConsistencyProofShowsNothing) {
  const std::vector<Bytes> leaves = NumberedLeaves(21);
  const Digest root = TreeHash(Views(leaves));
  for (const size_t m : {1u, 6u, 8u, 16u, 20u}) {
    const Digest old_root = TreeHash(First(leaves, m));
    const std::vector<Digest> proof = ConsistencyProof(Views(leaves), m);
    for (size_t i = 0; i < proof.size(); ++i) {
      std::vector<Digest> bent = proof;
      bent[i].data()[i % 32] ^= 0x10;
      EXPECT_FALSE(IsConsistent(m, old_root, 21, root, bent)) << m << " " << i;
      bent = proof;
      bent.erase(bent.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(IsConsistent(m, old_root, 21, root, bent)) << m << " without " << i;
      bent = proof;
      bent.insert(bent.begin() + static_cast<std::ptrdiff_t>(i), old_root);
      EXPECT_FALSE(IsConsistent(m, old_root, 21, root, bent)) << m << " with one more at " << i;
    }
    std::vector<Digest> longer = proof;
    longer.push_back(root);
    EXPECT_FALSE(IsConsistent(m, old_root, 21, root, longer)) << m;
  }
}

// A fork: the leaves of the old tree are not the first ones of the new one.
TEST(Merkle, AForkIsNotConsistent) {
  const std::vector<Bytes> leaves = NumberedLeaves(13);
  std::vector<Bytes> other = leaves;
  other[4] = Sha256("other").str();
  for (size_t m = 5; m < 13; ++m) {
    const Digest old_root = TreeHash(First(leaves, m));
    EXPECT_FALSE(IsConsistent(m, old_root, 13, TreeHash(Views(other)), ConsistencyProof(Views(other), m))) << m;
    EXPECT_FALSE(IsConsistent(m, old_root, 13, TreeHash(Views(other)), ConsistencyProof(Views(leaves), m))) << m;
  }
}

// At the last size that a checkpoint can have, along the longest proofs: one leaf in the right half, and the last one.
TEST(Merkle, ProofsUpToTheLimit) {
  constexpr uint64_t kHalf = uint64_t{1} << 62, kMost = (uint64_t{1} << 63) - 1;
  const std::vector<Digest> most(kMaxProof, Sha256("a neighbour"));
  const auto root = RootFromPath("leaf", 0, kMost, most);
  ASSERT_TRUE(root);
  // From one leaf on, consistency is the first leaf's inclusion.
  const Digest first = TreeHash({"leaf"});
  EXPECT_TRUE(IsConsistent(1, first, kMost, *root, most));
  EXPECT_FALSE(IsConsistent(kHalf, first, kMost, *root, most));
  // One hash more would fit a larger tree; here it is refused for its length.
  std::vector<Digest> over = most;
  over.push_back(Sha256("a neighbour"));
  EXPECT_FALSE(RootFromPath("leaf", 0, ~uint64_t{0}, over));
  const Digest larger = Sha256(Bytes(1, '\1') + root->str() + Sha256("a neighbour").str());
  EXPECT_FALSE(IsConsistent(1, first, ~uint64_t{0}, larger, over));
}

// Published proofs, good and bent.
TEST(Merkle, PublishedConsistencyProofs) {
  size_t good = 0, bad = 0, deviating = 0;
  for (const VectorRecord& v : ReadVectors("consistency.txt")) {
    std::vector<Digest> proof;
    for (ByteView rest = v.at("proof"); !rest.empty(); rest.remove_prefix(Digest::kSize)) {
      proof.push_back(*Digest::From(rest.substr(0, Digest::kSize)));
    }
    const bool holds = IsConsistent(static_cast<uint64_t>(NumberOf(v.at("old_size"))), *Digest::From(v.at("old_root")),
                                    static_cast<uint64_t>(NumberOf(v.at("size"))), *Digest::From(v.at("root")), proof);
    EXPECT_EQ(holds ? "holds" : "no", v.at("answer")) << v.at("name");
    ++(holds ? good : bad);
    if (!v.contains("published")) continue;
    EXPECT_NE(v.at("published"), v.at("answer")) << v.at("name");
    ++deviating;
  }
  EXPECT_EQ(good, 7u);
  EXPECT_EQ(bad, 83u);
  EXPECT_EQ(deviating, 1u);  // from nothing to nothing under a root that is not nothing's: ReadCheckpoint refuses it
}

}  // namespace
}  // namespace entente::crypto
