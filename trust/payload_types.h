#pragma once

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "crypto/transport_certificate.h"
#include "entente/v1/identity.pb.h"

// Every payload type under which an organisation's keys sign, and which of them may: docs/formats/README.md, Payload types and
// Key usages. A type stands here once; what is not here nobody signs or checks.
namespace entente::trust {

inline constexpr ByteView kIdentityType = "application/vnd.entente.idoc.v1";
inline constexpr ByteView kPrekeyType = "application/vnd.entente.prekey.v1";
inline constexpr ByteView kHeadType = "application/vnd.entente.head.v1";
inline constexpr ByteView kStatementType = "application/vnd.entente.statement.v1";  // through a batch, by no key itself
inline constexpr ByteView kExerciseStatementType = "application/vnd.entente.exercise.statement.v1";
inline constexpr ByteView kBatchType = "application/vnd.entente.batch.v1";
inline constexpr ByteView kSealType = "application/vnd.entente.seal.v1";
inline constexpr ByteView kCosignType = "application/vnd.entente.cosign.v1";
inline constexpr ByteView kExerciseCosignType = "application/vnd.entente.exercise.cosign.v1";
inline constexpr ByteView kForwardType = "application/vnd.entente.forward.v1";
inline constexpr ByteView kExerciseForwardType = "application/vnd.entente.exercise.forward.v1";
inline constexpr ByteView kPermissionType = "application/vnd.entente.permission.v1";
inline constexpr ByteView kRecallType = "application/vnd.entente.recall.v1";
inline constexpr ByteView kExerciseRecallType = "application/vnd.entente.exercise.recall.v1";
inline constexpr ByteView kReceiptType = "application/vnd.entente.receipt.v1";
inline constexpr ByteView kExerciseReceiptType = "application/vnd.entente.exercise.receipt.v1";
inline constexpr ByteView kMembershipType = "application/vnd.entente.membership.v1";
inline constexpr ByteView kGroupLogType = "application/vnd.entente.grouplog.v1";
inline constexpr ByteView kLeaveType = "application/vnd.entente.leave.v1";
inline constexpr ByteView kEpochType = "application/vnd.entente.epoch.v1";
inline constexpr ByteView kRewrapType = "application/vnd.entente.rewrap.v1";
inline constexpr ByteView kEvidenceType = "application/vnd.entente.evidence.v1";
inline constexpr ByteView kAgreementType = "application/vnd.entente.agreement.v1";

// Whether a key of `usage` may sign under `payload_type`. Possession of a new key, which every usage proves under
// kIdentityType, is not a use in this sense. Log and witness keys sign notes, never a payload type.
constexpr bool MaySign(v1::KeyUsage usage, ByteView payload_type) {
  constexpr auto kStatementKeyTypes = std::to_array<ByteView>(
      {kBatchType, kSealType, kPrekeyType, kHeadType, crypto::kTransportType, kCosignType, kExerciseCosignType, kForwardType,
       kExerciseForwardType, kPermissionType, kRecallType, kExerciseRecallType, kReceiptType, kExerciseReceiptType, kGroupLogType,
       kLeaveType, kEpochType, kRewrapType, kEvidenceType, kAgreementType});
  switch (usage) {
    case v1::KEY_USAGE_ROOT:
      return payload_type == kIdentityType;
    case v1::KEY_USAGE_STATEMENT:
      return std::find(kStatementKeyTypes.begin(), kStatementKeyTypes.end(), payload_type) != kStatementKeyTypes.end();
    case v1::KEY_USAGE_GROUP_ADMIN:
      return payload_type == kMembershipType || payload_type == kRecallType || payload_type == kExerciseRecallType;
    default:
      return false;
  }
}

}  // namespace entente::trust
