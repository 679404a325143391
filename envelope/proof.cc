#include "envelope/proof.h"

#include <array>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/claims.h"
#include "envelope/cosign.h"
#include "envelope/group_audience.h"
#include "envelope/payload_reader.h"
#include "envelope/signed_statements.h"
#include "proto/strict_parse.h"

namespace entente::envelope {
namespace {

// One field of the proof, before anything is built from it.
absl::Status CheckField(const WireField& field, std::array<size_t, 6>& counts) {
  using Proof = v1::StatementProof;
  if (field.number >= counts.size()) return absl::OkStatus();
  const size_t count = ++counts[field.number];
  switch (field.number) {
    case Proof::kBatchFieldNumber:
    case Proof::kStatementFieldNumber:
      if (count > 1) return Reject(RejectReason::kParse, "a proof is of one statement");
      if (field.number == Proof::kStatementFieldNumber) return CheckEntrySizes(field.bytes);
      return field.bytes.size() > kMaxSignedBytes ? Reject(RejectReason::kLimit, "a batch has at most 16 KiB")
                                                  : absl::OkStatus();
    case Proof::kCosignaturesFieldNumber:
      return CheckCosignatureSize(field.bytes, count);
    default:
      return CheckForwardSize(field.bytes, count);
  }
}

absl::StatusOr<std::vector<Hop>> ChainOf(const v1::StatementProof& proof, const SignedStatements& proven,
                                         const Claims& claims, const trust::Parties& parties,
                                         const trust::Memberships* groups, absl::Time now) {
  const Forwarded forwarded{proven.ids,
                            proven.batch.origin,
                            claims.audience,
                            claims.constraints,
                            absl::FromUnixMicros(claims.each[0].created_us),
                            claims.group};
  return CheckChain(proof.forwards(), proof.permissions(), forwarded, parties, now, groups);
}

}  // namespace

absl::StatusOr<v1::StatementProof> ReadProof(ByteView bytes) {
  std::array<size_t, 6> counts{};
  if (auto s = CheckEachField(bytes, [&](const WireField& field) { return CheckField(field, counts); }); !s.ok())
    return s;
  v1::StatementProof proof;
  if (auto s = StrictParse(bytes, proof); !s.ok()) return s;
  if (!proof.has_batch() || !proof.has_statement()) {
    return Reject(RejectReason::kParse, "a proof has no batch or no statement in it; ask for it again");
  }
  return proof;
}

absl::StatusOr<ProvenStatement> CheckProof(const v1::StatementProof& proof, const trust::Parties& parties,
                                           absl::Time now, VerifiedBatches* verified,
                                           const trust::Memberships* groups, ProofCheck* failed) {
  ProofCheck ignored;
  ProofCheck& at = failed != nullptr ? *failed : ignored;
  at = ProofCheck::kBatch;
  v1::Payload alone;
  *alone.mutable_batch() = proof.batch();
  *alone.add_statements() = proof.statement();
  const auto proven = CheckBatch(alone, parties, now, verified);
  if (!proven.ok()) return proven.status();
  at = ProofCheck::kStatement;
  auto claims = ReadClaims(Bodies(alone), proven->batch);
  if (!claims.ok()) return claims.status();
  at = ProofCheck::kTimes;
  if (auto s = CheckTimes(*claims, *proven->origin->history, proven->batch.key_id, now); !s.ok()) return s;
  at = ProofCheck::kCosignatures;
  auto cosigners = CheckCosignatures(
      proof.cosignatures(), {proof.batch(), proven->batch.origin, proven->batch.exercise, claims->joint}, parties, now);
  if (!cosigners.ok()) return cosigners.status();
  at = ProofCheck::kGroup;
  if (auto s = CheckGroupAudience(*claims, proven->batch.origin, nullptr, groups, now); !s.ok()) return s;
  at = ProofCheck::kForwards;
  auto hops = ChainOf(proof, *proven, *claims, parties, groups, now);
  if (!hops.ok()) return hops.status();

  at = ProofCheck::kContent;
  const v1::StatementEntry& entry = proof.statement();
  const Claim& claim = claims->each[0];
  const bool shown = !entry.salt().empty() || !entry.content().empty();
  if (shown) {
    if (auto s = CheckContent(claim, entry.salt(), entry.content()); !s.ok()) return s;
  }
  return ProvenStatement{proven->ids[0],
                         proven->batch.origin,
                         proven->batch.key_id,
                         claims->constraints,
                         claims->audience,
                         claims->group,
                         absl::FromUnixMicros(claim.created_us),
                         absl::FromUnixMicros(claim.expires_us),
                         *std::move(cosigners),
                         *std::move(hops),
                         shown};
}

v1::StatementProof MakeProof(const Batch& batch, const Statement& statement, bool with_content) {
  v1::StatementProof proof;
  *proof.mutable_batch() = batch.signed_body();
  v1::StatementEntry& entry = *proof.mutable_statement();
  entry.set_index(statement.index());
  entry.set_body(statement.body());
  if (with_content) {
    entry.set_salt(statement.salt());
    entry.set_content(statement.content());
  }
  if (!statement.path().empty() || batch.statements().size() != batch.size()) {
    for (const Digest& hash : statement.path()) entry.add_path(hash.str());
    return proof;
  }
  std::vector<StatementId> ids;
  for (const Statement& each : batch.statements()) ids.push_back(each.id());
  for (const Digest& hash : crypto::AuditPath(Leaves(ids), statement.index())) entry.add_path(hash.str());
  return proof;
}

}  // namespace entente::envelope
