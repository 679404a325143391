#include <bit>
#include <cstring>
#include <span>

#include "crypto/crypto.h"
#include "crypto/primitives.h"

// RFC 6962, section 2.1. A leaf is hashed behind 0x00 and a node behind 0x01, so that no node can pass for a leaf.
namespace entente::crypto {
namespace {

Digest LeafHash(ByteView leaf) {
  constexpr size_t kShort = 64;  // ids and digests, which is nearly every leaf
  if (leaf.size() <= kShort) {
    char buffer[kShort + 1] = {0};
    if (!leaf.empty()) std::memcpy(buffer + 1, leaf.data(), leaf.size());
    return Sha256({buffer, leaf.size() + 1});
  }
  Bytes buffer;
  buffer.reserve(leaf.size() + 1);
  buffer.push_back(0);
  return Sha256(buffer.append(leaf));
}

Digest NodeHash(const Digest& left, const Digest& right) {
  char buffer[1 + 2 * Digest::kSize] = {1};
  std::memcpy(buffer + 1, left.data(), Digest::kSize);
  std::memcpy(buffer + 1 + Digest::kSize, right.data(), Digest::kSize);
  return Sha256({buffer, sizeof(buffer)});
}

std::vector<Digest> LeafLevel(const std::vector<ByteView>& leaves) {
  std::vector<Digest> level;
  level.reserve(leaves.size());
  for (ByteView leaf : leaves) level.push_back(LeafHash(leaf));
  return level;
}

// Pairs neighbours; an odd last one rises as it is. Level by level this is RFC 6962's split at the largest power of
// two.
void Rise(std::vector<Digest>& level) {
  const size_t pairs = level.size() / 2;
  for (size_t i = 0; i < pairs; ++i) level[i] = NodeHash(level[2 * i], level[2 * i + 1]);
  if (level.size() % 2 != 0) level[pairs] = level.back();
  level.resize((level.size() + 1) / 2);
}

// `level` is not empty.
Digest RootOf(std::vector<Digest> level) {
  while (level.size() > 1) Rise(level);
  return level.front();
}

// RFC 6962, 2.1.2: SUBPROOF(m, D, known), which appends on its way back.
void AppendSubproof(std::span<const Digest> leaf_hashes, size_t m, bool known, std::vector<Digest>& proof) {
  const auto root_of = [](std::span<const Digest> part) { return RootOf({part.begin(), part.end()}); };
  if (m == leaf_hashes.size()) {
    if (!known) proof.push_back(root_of(leaf_hashes));
    return;
  }
  const size_t split = std::bit_floor(leaf_hashes.size() - 1);
  const std::span<const Digest> left = leaf_hashes.first(split), right = leaf_hashes.subspan(split);
  if (m <= split) {
    AppendSubproof(left, m, known, proof);
    proof.push_back(root_of(right));
  } else {
    AppendSubproof(right, m - split, false, proof);
    proof.push_back(root_of(left));
  }
}

}  // namespace

Digest TreeHash(const std::vector<ByteView>& leaves) {
  if (leaves.empty()) return Sha256({});
  return RootOf(LeafLevel(leaves));
}

std::vector<Digest> AuditPath(const std::vector<ByteView>& leaves, size_t index) {
  return std::move(AuditPaths(leaves, {index}).front());
}

std::vector<std::vector<Digest>> AuditPaths(const std::vector<ByteView>& leaves, const std::vector<size_t>& indexes) {
  std::vector<std::vector<Digest>> paths(indexes.size());
  std::vector<Digest> level = LeafLevel(leaves);
  for (int height = 0; level.size() > 1; ++height) {
    for (size_t i = 0; i < indexes.size(); ++i) {
      const size_t sibling = (indexes[i] >> height) ^ 1;
      if (sibling < level.size()) paths[i].push_back(level[sibling]);
    }
    Rise(level);
  }
  return paths;
}

std::optional<Digest> RootFromLeafHash(const Digest& leaf_hash, uint64_t index, uint64_t size,
                                       const std::vector<Digest>& path) {
  if (index >= size || path.size() > kMaxProof) return std::nullopt;
  uint64_t last = size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : path) {
    if (last == 0) return std::nullopt;
    // The last node of a level without a neighbour rises until it is a right child.
    while (index == last && index % 2 == 0) index /= 2, last /= 2;
    hash = index % 2 != 0 ? NodeHash(sibling, hash) : NodeHash(hash, sibling);
    index /= 2;
    last /= 2;
  }
  return last == 0 ? std::optional<Digest>(hash) : std::nullopt;
}

std::optional<Digest> RootFromPath(ByteView leaf, uint64_t index, uint64_t size, const std::vector<Digest>& path) {
  return RootFromLeafHash(LeafHash(leaf), index, size, path);
}

std::vector<Digest> ConsistencyProof(const std::vector<ByteView>& leaves, size_t old_size) {
  std::vector<Digest> proof;
  AppendSubproof(LeafLevel(leaves), old_size, true, proof);
  return proof;
}

bool IsConsistent(uint64_t old_size, const Digest& old_root, uint64_t size, const Digest& root,
                  const std::vector<Digest>& proof) {
  if (proof.size() > kMaxProof || old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  if (old_size == 0 || proof.empty()) return false;
  // The nodes on the right edges of both trees, at the height where the proof begins: that of the largest whole subtree at
  // the old tree's end. Where this is the old tree itself, its root is known and not sent.
  uint64_t old_last = old_size - 1, last = size - 1;
  while (old_last % 2 != 0) old_last /= 2, last /= 2;
  auto next = proof.begin();
  Digest old_hash = std::has_single_bit(old_size) ? old_root : *next++;
  Digest hash = old_hash;
  for (; next != proof.end(); ++next) {
    if (last == 0) return false;
    if (old_last % 2 != 0 || old_last == last) {  // a left neighbour, of both trees
      old_hash = NodeHash(*next, old_hash);
      hash = NodeHash(*next, hash);
      while (old_last % 2 == 0 && old_last != 0) old_last /= 2, last /= 2;
    } else {
      hash = NodeHash(hash, *next);
    }
    old_last /= 2;
    last /= 2;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace entente::crypto
