#include "services/peer/inbound.h"

#include <algorithm>
#include <utility>

#include "base/reject.h"
#include "envelope/envelope.h"

namespace entente::peer {
namespace {

constexpr uint64_t kMaxCredit = uint64_t{1} << 62;
// A peer's word on a size reserves no more than an ordinary envelope needs; more comes as it arrives.
constexpr size_t kMaxReserve = 2u << 20;

uint64_t SaturatingAdd(uint64_t a, uint64_t b) { return std::min(kMaxCredit, a + std::min(b, kMaxCredit)); }

absl::Status Malformed(std::string_view what) {
  return Reject(RejectReason::kParse, "the peer's envelope pieces are malformed: " + std::string(what));
}

}  // namespace

void Credit::Grant(uint64_t bytes) { granted_ = SaturatingAdd(granted_, bytes); }
void Credit::Begin(uint64_t bytes) { begun_ = SaturatingAdd(begun_, bytes); }
bool Credit::Covers(uint64_t bytes) const { return SaturatingAdd(begun_, bytes) <= granted_; }
bool Credit::Allows(uint64_t bytes, bool alone) const {
  return Covers(bytes) || (alone && (granted_ > 0 || bytes <= kUncreditedBytes));
}

absl::Status Inbound::Begin(const v1::EnvelopeChunk& chunk) {
  if (chunk.position() == 0) return Malformed("position 0");
  if (chunk.total_bytes() == 0) return Malformed("an envelope of no bytes");
  if (chunk.total_bytes() > envelope::kMaxEnvelopeBytes) {
    return Reject(RejectReason::kLimit, "the peer announced an envelope over 64 MiB");
  }
  if (unanswered_.contains(chunk.position())) return Malformed("a position that is unanswered");
  if (unanswered_.size() >= kMaxUnanswered) {
    return Reject(RejectReason::kBudget, "the peer has 64 unanswered envelopes and sent another");
  }
  if (!credit_.Allows(chunk.total_bytes(), unanswered_.empty())) {
    return Reject(RejectReason::kBudget, "the peer sent beyond its credit");
  }
  credit_.Begin(chunk.total_bytes());
  position_ = chunk.position();
  total_ = chunk.total_bytes();
  unanswered_.insert(position_);
  wire_.reserve(std::min<size_t>(total_, kMaxReserve));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Inbound::Envelope>> Inbound::Take(const v1::EnvelopeChunk& chunk) {
  if (chunk.piece().empty()) return Malformed("an empty piece");
  if (chunk.piece().size() > kMaxPieceBytes) {
    return Reject(RejectReason::kLimit, "the peer sent an envelope piece over 256 KiB");
  }
  if (!assembling()) {
    if (absl::Status begun = Begin(chunk); !begun.ok()) return begun;
  } else if (chunk.position() != position_ || chunk.total_bytes() != total_) {
    return Malformed("a piece of another envelope in between");
  }
  if (chunk.piece().size() > total_ - wire_.size()) return Malformed("more bytes than announced");
  wire_.append(chunk.piece());
  if (chunk.last() != (wire_.size() == total_)) return Malformed("the last piece is not where the size says");
  if (!chunk.last()) return std::nullopt;
  Envelope whole{std::exchange(position_, 0), std::exchange(wire_, Bytes())};
  total_ = 0;
  return whole;
}

size_t PieceCount(size_t envelope_bytes) { return (envelope_bytes + kMaxPieceBytes - 1) / kMaxPieceBytes; }

v1::Frame MakePiece(uint64_t position, ByteView envelope, size_t index) {
  v1::Frame frame;
  v1::EnvelopeChunk& chunk = *frame.mutable_envelope();
  const ByteView piece = envelope.substr(index * kMaxPieceBytes, kMaxPieceBytes);
  chunk.set_position(position);
  chunk.set_piece(piece.data(), piece.size());
  chunk.set_last(index + 1 == PieceCount(envelope.size()));
  chunk.set_total_bytes(envelope.size());
  return frame;
}

}  // namespace entente::peer
