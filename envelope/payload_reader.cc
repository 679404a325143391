#include "envelope/payload_reader.h"

#include <google/protobuf/io/coded_stream.h>

#include "base/reject.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/limits.h"
#include "proto/strict_parse.h"

namespace entente::envelope {
namespace {

constexpr uint32_t kVarint = 0, kLengthDelimited = 2;  // wire types; the payload's own fields have no others

absl::Status Malformed() { return Reject(RejectReason::kParse, "the payload is no well-formed message"); }
absl::Status OverLimit(const char* what) { return Reject(RejectReason::kLimit, what); }

// Calls `visit(field, bytes)` for each length-delimited field of one level, in order, until it refuses.
template <typename Visit>
absl::Status Walk(ByteView wire, const Visit& visit) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(wire.data()), static_cast<int>(wire.size()));
  while (static_cast<size_t>(in.CurrentPosition()) < wire.size()) {
    const uint32_t tag = in.ReadTag();
    if (tag == 0) return Malformed();
    if ((tag & 7) == kVarint) {
      uint64_t ignored;
      if (!in.ReadVarint64(&ignored)) return Malformed();
      continue;
    }
    uint32_t size;
    if ((tag & 7) != kLengthDelimited || !in.ReadVarint32(&size)) return Malformed();
    const auto at = static_cast<size_t>(in.CurrentPosition());
    if (size > wire.size() - at || !in.Skip(static_cast<int>(size))) return Malformed();
    if (auto s = visit(tag >> 3, wire.substr(at, size)); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status CheckEntry(ByteView entry, size_t& body_bytes) {
  size_t path = 0;
  return Walk(entry, [&](uint32_t field, ByteView value) -> absl::Status {
    if (field == v1::StatementEntry::kBodyFieldNumber) {
      body_bytes += value.size();
      if (value.size() > kMaxBodyBytes) return OverLimit("a statement body has at most 128 KiB");
      if (body_bytes > kMaxStatementBytes) return OverLimit("the statements have at most 4 MiB together, without content");
    }
    if (field == v1::StatementEntry::kContentFieldNumber && value.size() > kMaxContentBytes) {
      return OverLimit("a content has at most 32 MiB");
    }
    if (field == v1::StatementEntry::kPathFieldNumber && ++path > kMaxPath) return OverLimit("an audit path has at most 10 hashes");
    return absl::OkStatus();
  });
}

absl::Status CheckSizes(ByteView bytes) {
  size_t statements = 0, body_bytes = 0;
  return Walk(bytes, [&](uint32_t field, ByteView value) -> absl::Status {
    if (field == v1::Payload::kStatementsFieldNumber) {
      if (++statements > kMaxStatements) return OverLimit("an envelope has at most 1024 statements");
      return CheckEntry(value, body_bytes);
    }
    const bool signed_body = field == v1::Payload::kBatchFieldNumber || field == v1::Payload::kSealFieldNumber;
    if (signed_body && value.size() > kMaxSignedBytes) return OverLimit("a batch or seal has at most 16 KiB");
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<v1::Payload> ReadPayload(ByteView bytes) {
  if (auto s = CheckSizes(bytes); !s.ok()) return s;
  v1::Payload payload;
  if (auto s = StrictParse(bytes, payload); !s.ok()) return s;
  if (payload.statements().empty()) return Reject(RejectReason::kParse, "the envelope has no statements");
  if (!payload.has_seal()) return Reject(RejectReason::kSeal, "the envelope has no seal");
  return payload;
}

}  // namespace entente::envelope
