#include <cstring>

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

}  // namespace

Digest TreeHash(const std::vector<ByteView>& leaves) {
  if (leaves.empty()) return Sha256({});
  std::vector<Digest> level = LeafLevel(leaves);
  while (level.size() > 1) Rise(level);
  return level.front();
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
  if (index >= size) return std::nullopt;
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

}  // namespace entente::crypto
