#include "envelope/payload_reader.h"

#include "base/reject.h"
#include "envelope/commitments.h"
#include "envelope/forward.h"
#include "envelope/limits.h"
#include "envelope/notice.h"
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

// What was counted of a payload so far.
struct Seen {
  size_t statements = 0, body_bytes = 0, cosignatures = 0, forwards = 0, permissions = 0, recalls = 0, receipts = 0, notice_bytes = 0;
};

absl::Status CheckSignedSize(ByteView wire, const char* what) {
  return wire.size() > kMaxSignedBytes ? OverLimit(what) : absl::OkStatus();
}

// `count`: of its kind.
absl::Status CheckNotice(ByteView notice, size_t count, Seen& seen) {
  seen.notice_bytes += notice.size();
  if (count > kMaxNotices) return OverLimit("an envelope has at most 256 recalls and 256 receipts");
  if (notice.size() > kMaxBodyBytes + kMaxSignedBytes) return OverLimit("a recall or receipt has at most 128 KiB");
  return seen.notice_bytes > kMaxStatementBytes ? OverLimit("the notices have at most 4 MiB together") : absl::OkStatus();
}

absl::Status CheckRecallSize(ByteView recall, Seen& seen) {
  if (auto s = CheckNotice(recall, ++seen.recalls, seen); !s.ok()) return s;
  size_t signatures = 0;
  return CheckEachField(recall, [&](const WireField& field) {
    const bool over = field.number == v1::SignedRecall::kSignaturesFieldNumber && ++signatures > kMaxRecallSignatures;
    return over ? Reject(RejectReason::kParse, "a recall has 1 to 64 signatures") : absl::OkStatus();
  });
}

// Counted before anything is built: an empty element is two bytes of wire and fifty of memory.
absl::Status CheckField(const WireField& field, Seen& seen) {
  using Payload = v1::Payload;
  switch (field.number) {
    case Payload::kBatchFieldNumber:
    case Payload::kSealFieldNumber:
      return CheckSignedSize(field.bytes, "a batch or seal has at most 16 KiB");
    case Payload::kStatementsFieldNumber:
      if (++seen.statements > kMaxStatements) return OverLimit("an envelope has at most 1024 statements");
      return CheckEntry(field.bytes, seen.body_bytes);
    case Payload::kCosignaturesFieldNumber:
      return CheckCosignatureSize(field.bytes, ++seen.cosignatures);
    case Payload::kForwardsFieldNumber:
      return CheckForwardSize(field.bytes, ++seen.forwards);
    case Payload::kPermissionsFieldNumber:
      return CheckForwardSize(field.bytes, ++seen.permissions);
    case Payload::kRecallsFieldNumber:
      return CheckRecallSize(field.bytes, seen);
    case Payload::kReceiptsFieldNumber:
      return CheckNotice(field.bytes, ++seen.receipts, seen);
    default:
      return absl::OkStatus();  // the parser refuses it, or it is optional
  }
}

// Statements and their batch, or notices and nothing of statements.
absl::Status CheckKind(const v1::Payload& payload) {
  const bool notices = !payload.recalls().empty() || !payload.receipts().empty();
  if (!notices && !payload.has_batch()) return Reject(RejectReason::kParse, "the envelope has no batch");
  if (!notices && payload.statements().empty()) return Reject(RejectReason::kParse, "the envelope has no statements");
  const bool alone = !payload.has_batch() && payload.statements().empty() && payload.forwards().empty() &&
                     payload.cosignatures().empty() && payload.permissions().empty();
  return !notices || alone ? absl::OkStatus()
                           : Reject(RejectReason::kParse, "notices travel in an envelope of their own");
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

absl::Status CheckCosignatureSize(ByteView cosignature, size_t count) {
  if (count > kMaxCosignatures) return OverLimit("a statement has at most 64 co-signatures");
  return CheckSignedSize(cosignature, "a co-signature has at most 16 KiB");
}

absl::Status CheckForwardSize(ByteView forward, size_t count) {
  if (count > kMaxForwards) return Reject(RejectReason::kChain, "at most 16 forwards, and 16 permissions beside them");
  return forward.size() > kMaxBodyBytes + kMaxSignedBytes ? OverLimit("a forward or permission has at most 128 KiB")
                                                          : absl::OkStatus();
}

absl::Status CheckPayloadSizes(ByteView bytes) {
  Seen seen;
  return CheckEachField(bytes, [&](const WireField& field) { return CheckField(field, seen); });
}

absl::StatusOr<v1::Payload> ReadPayload(ByteView bytes) {
  if (auto s = CheckPayloadSizes(bytes); !s.ok()) return s;
  v1::Payload payload;
  if (auto s = StrictParse(bytes, payload); !s.ok()) return s;
  if (auto s = CheckKind(payload); !s.ok()) return s;
  if (!payload.has_seal()) return Reject(RejectReason::kSeal, "the envelope has no seal");
  return payload;
}

}  // namespace entente::envelope
