#include "envelope/payload_reader.h"

#include "base/reject.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/limits.h"
#include "envelope/wire_walk.h"
#include "proto/strict_parse.h"

namespace entente::envelope {
namespace {

absl::Status OverLimit(const char* what) {
  return Reject(RejectReason::kLimit, what);
}

absl::Status CheckEntry(ByteView entry, size_t& body_bytes) {
  size_t path = 0;
  return CheckEachField(entry, [&](const WireField& field) -> absl::Status {
    if (field.number == v1::StatementEntry::kBodyFieldNumber) {
      body_bytes += field.bytes.size();
      if (field.bytes.size() > kMaxBodyBytes) return OverLimit("a statement body has at most 128 KiB");
      if (body_bytes > kMaxStatementBytes)
        return OverLimit("the statements have at most 4 MiB together, without content");
    }
    if (field.number == v1::StatementEntry::kContentFieldNumber && field.bytes.size() > kMaxContentBytes) {
      return OverLimit("a content has at most 32 MiB");
    }
    if (field.number == v1::StatementEntry::kPathFieldNumber && ++path > kMaxPath) {
      return OverLimit("an audit path has at most 10 hashes");
    }
    return absl::OkStatus();
  });
}

absl::Status CheckSizes(ByteView bytes) {
  size_t statements = 0, body_bytes = 0;
  return CheckEachField(bytes, [&](const WireField& field) -> absl::Status {
    if (field.number == v1::Payload::kStatementsFieldNumber) {
      if (++statements > kMaxStatements) return OverLimit("an envelope has at most 1024 statements");
      return CheckEntry(field.bytes, body_bytes);
    }
    // Counted before anything is built: an empty element is two bytes of wire and fifty of memory.
    if (field.number >= v1::Payload::kForwardsFieldNumber && field.number <= v1::Payload::kReceiptsFieldNumber) {
      return Reject(RejectReason::kParse, "the envelope holds what this software does not read yet");
    }
    const bool signed_body =
        field.number == v1::Payload::kBatchFieldNumber || field.number == v1::Payload::kSealFieldNumber;
    if (signed_body && field.bytes.size() > kMaxSignedBytes) return OverLimit("a batch or seal has at most 16 KiB");
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status CheckEachField(ByteView wire, absl::FunctionRef<absl::Status(const WireField&)> check) {
  absl::Status status;
  const bool whole = WalkFields(wire, [&](const WireField& field) {
    status = check(field);
    return status.ok();
  });
  if (whole || !status.ok()) return status;
  return Reject(RejectReason::kParse, "the bytes are no well-formed message");
}

absl::Status CheckEntrySizes(ByteView entry) {
  size_t body_bytes = 0;
  return CheckEntry(entry, body_bytes);
}

absl::StatusOr<v1::Payload> ReadPayload(ByteView bytes) {
  if (auto s = CheckSizes(bytes); !s.ok()) return s;
  v1::Payload payload;
  if (auto s = StrictParse(bytes, payload); !s.ok()) return s;
  if (!payload.has_batch()) return Reject(RejectReason::kParse, "the envelope has no batch");
  if (payload.statements().empty()) return Reject(RejectReason::kParse, "the envelope has no statements");
  if (!payload.has_seal()) return Reject(RejectReason::kSeal, "the envelope has no seal");
  return payload;
}

}  // namespace entente::envelope
