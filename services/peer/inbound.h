#pragma once

#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "entente/v1/peer.pb.h"

namespace entente::peer {

inline constexpr size_t kMaxPieceBytes = 256 * 1024;
inline constexpr size_t kMaxUnanswered = 64;
// The largest envelope that may be begun before any credit came: an ordinary one. It bounds what sessions that do not
// serve yet hold for one peer.
inline constexpr uint64_t kUncreditedBytes = 2u << 20;

// Credit as both ends count it (docs/formats/session.md). Sums since the session began; saturating.
class Credit {
 public:
  void Grant(uint64_t bytes);
  void Begin(uint64_t bytes);
  bool Covers(uint64_t bytes) const;
  // True when an envelope of `bytes` may begin; `alone` when no other is unanswered.
  bool Allows(uint64_t bytes, bool alone) const;

 private:
  uint64_t granted_ = 0, begun_ = 0;
};

// Puts a peer's pieces together and holds it to its credit. Not thread-safe.
class Inbound {
 public:
  struct Envelope {
    uint64_t position = 0;
    Bytes wire;
  };
  // The envelope whose last piece this was, or nothing yet. Refuses with kParse, kLimit, kBudget; the session is then
  // over.
  absl::StatusOr<std::optional<Envelope>> Take(const v1::EnvelopeChunk& chunk);
  // The envelope at `position` is answered. Call before the answer is sent.
  void Answered(uint64_t position) { unanswered_.erase(position); }
  void Grant(uint64_t bytes) { credit_.Grant(bytes); }
  // True between the first piece of an envelope and its last.
  bool assembling() const { return position_ != 0; }
  size_t held_bytes() const { return wire_.capacity(); }

 private:
  absl::Status Begin(const v1::EnvelopeChunk& chunk);

  Credit credit_;
  absl::flat_hash_set<uint64_t> unanswered_;  // the one being put together included
  uint64_t position_ = 0, total_ = 0;
  Bytes wire_;
};

// Piece number `index` of an envelope.
v1::Frame MakePiece(uint64_t position, ByteView envelope, size_t index);
size_t PieceCount(size_t envelope_bytes);

}  // namespace entente::peer
