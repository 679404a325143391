#include "envelope/alike_body.h"

#include <utility>

#include "envelope/limits.h"
#include "envelope/wire_walk.h"

namespace entente::envelope {
namespace {

using Body = v1::StatementBody;

bool IsOwnVarint(uint32_t field) {
  return field == Body::kSequenceFieldNumber || field == Body::kCreatedUsFieldNumber ||
         field == Body::kExpiresUsFieldNumber || field == Body::kContentLengthFieldNumber;
}

// Bytes of the value that may differ; 0 where none may.
size_t OwnBytes(uint32_t field) {
  switch (field) {
    case Body::kMsgIdFieldNumber:
      return kMessageIdSize;
    case Body::kPreviousFieldNumber:
      return StatementId::kSize;
    case Body::kContentCommitFieldNumber:
      return Digest::kSize;
    default:
      return 0;
  }
}

bool Take(ByteView same, ByteView& rest) {
  if (!rest.starts_with(same)) return false;
  rest.remove_prefix(same.size());
  return true;
}

// In its shortest form, as StrictParse demands.
bool TakeVarint(ByteView& rest, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return shift == 0 || byte != 0;
  }
  return false;
}

void Set(uint32_t field, uint64_t value, Claim& claim) {
  switch (field) {
    case Body::kSequenceFieldNumber:
      claim.sequence = value;
      break;
    case Body::kCreatedUsFieldNumber:
      claim.created_us = static_cast<int64_t>(value);
      break;
    case Body::kExpiresUsFieldNumber:
      claim.expires_us = static_cast<int64_t>(value);
      break;
    default:
      claim.content_length = value;
  }
}

void Set(uint32_t field, ByteView value, Claim& claim) {
  if (field == Body::kPreviousFieldNumber) claim.previous = *StatementId::From(value);
  if (field == Body::kContentCommitFieldNumber) claim.content_commit = *Digest::From(value);
}

bool TakeOwn(uint32_t field, ByteView& rest, Claim& claim) {
  if (IsOwnVarint(field)) {
    uint64_t number = 0;
    if (!TakeVarint(rest, number)) return false;
    Set(field, number, claim);
    return true;
  }
  const size_t size = OwnBytes(field);
  if (rest.size() < size) return false;
  Set(field, rest.substr(0, size), claim);
  rest.remove_prefix(size);
  return true;
}

}  // namespace

AlikeBody::AlikeBody(ByteView first, Claim claim) : first_(std::move(claim)) {
  size_t from = 0;  // where the last own value ended
  WalkFields(first, [&](const WireField& field) {
    const bool own =
        IsOwnVarint(field.number) || (OwnBytes(field.number) != 0 && OwnBytes(field.number) == field.bytes.size());
    if (!own) return true;
    pieces_.push_back({field.number, first.substr(from, field.value_at - from)});
    from = field.end;
    return true;
  });
  pieces_.push_back({0, first.substr(from)});
}

std::optional<Claim> AlikeBody::Read(ByteView body) const {
  if (body.size() > kMaxBodyBytes) return std::nullopt;
  Claim claim = first_;
  for (const Piece& piece : pieces_) {
    if (!Take(piece.bytes, body)) return std::nullopt;
    if (piece.own != 0 && !TakeOwn(piece.own, body, claim)) return std::nullopt;
  }
  return body.empty() ? std::optional(std::move(claim)) : std::nullopt;
}

}  // namespace entente::envelope
