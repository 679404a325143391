#include "base/reject.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"

// Stored statements, checked again (fsck).
namespace entente::envelope {
namespace {

// The statement's place is among the batch's known ids, or at the end of its own path.
absl::Status CheckStoredPlace(const BatchClaim& batch, const StatementId& id, const Sealable& statement,
                              const std::vector<StatementId>& statement_ids) {
  if (statement_ids.size() != batch.size) return CheckPlaces({id}, {{statement.index, statement.path}}, batch.size, batch.root);
  if (statement.index >= batch.size || statement_ids[statement.index] != id) {
    return Reject(RejectReason::kSignature, "a stored statement is not the one its batch lists");
  }
  std::vector<Place> places(batch.size);
  for (uint32_t i = 0; i < batch.size; ++i) places[i].index = i;
  return CheckPlaces(statement_ids, places, batch.size, batch.root);
}

}  // namespace

absl::Status Recheck(const trust::Identity& origin, const v1::SignedBody& batch, const Sealable& statement,
                     const std::vector<StatementId>& statement_ids) {
  const auto claim = ReadBatch(batch.body());
  if (!claim.ok()) return claim.status();
  const auto claims = ReadClaims({statement.body}, *claim);
  if (!claims.ok()) return claims.status();
  if (claim->origin != origin.org()) return Reject(RejectReason::kSignature, "a stored batch is of another origin");
  const absl::Time created = absl::FromUnixMicros(claims->each[0].created_us);
  if (auto s = trust::VerifyBody(origin, claim->key_id, kBatchType, batch, created); !s.ok()) return s;
  const StatementId id = IdOf(statement.body, claim->exercise);
  if (auto s = CheckStoredPlace(*claim, id, statement, statement_ids); !s.ok()) return s;
  return CheckContent(claims->each[0], statement.salt, statement.content);
}

}  // namespace entente::envelope
