#include "base/reject.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"

// Stored statements, checked again (fsck).
namespace entente::envelope {
namespace {

// The last batch that this thread found good, by everything it was found good from. A store is checked in order, so its
// hundreds of statements cost one signature verification and one tree; every other answer is worked out afresh.
struct GoodBatch {
  Digest identity;
  Bytes body, signature;
  std::vector<StatementId> ids;
};

bool Same(const GoodBatch& good, const trust::Identity& origin, const v1::SignedBody& batch,
          const std::vector<StatementId>& ids) {
  return good.identity == origin.hash() && good.signature == batch.signature() && good.body == batch.body() &&
         good.ids == ids;
}

// The batch is `origin`'s, signed by a key that was valid at `created`, over `ids` where all of them are known.
absl::Status CheckBatch(const trust::Identity& origin, const v1::SignedBody& batch, const BatchClaim& claim,
                        const std::vector<StatementId>& ids, absl::Time created) {
  thread_local GoodBatch good;
  if (Same(good, origin, batch, ids)) {
    return origin.KeyFor(claim.key_id, v1::KEY_USAGE_STATEMENT, created).status();
  }
  if (claim.origin != origin.org()) return Reject(RejectReason::kSignature, "a stored batch is of another origin");
  if (auto s = trust::VerifyBody(origin, claim.key_id, kBatchType, batch, created); !s.ok()) return s;
  if (ids.size() == claim.size && crypto::TreeHash(Leaves(ids)) != claim.root) {
    return Reject(RejectReason::kSignature, "a stored batch was signed over other statements than are listed for it");
  }
  good = {origin.hash(), batch.body(), batch.signature(), ids};
  return absl::OkStatus();
}

// The statement stands among the batch's known ids, or at the end of its own path.
absl::Status CheckPlace(const BatchClaim& batch, const StatementId& id, const Sealable& statement,
                        const std::vector<StatementId>& ids) {
  if (ids.size() != batch.size) return CheckPlaces({id}, {{statement.index, statement.path}}, batch.size, batch.root);
  if (statement.index < batch.size && ids[statement.index] == id) return absl::OkStatus();
  return Reject(RejectReason::kSignature, "a stored statement is not the one its batch lists");
}

}  // namespace

absl::Status Recheck(const trust::Identity& origin, const v1::SignedBody& batch, const Sealable& statement,
                     const std::vector<StatementId>& statement_ids) {
  const auto claim = ReadBatch(batch.body());
  if (!claim.ok()) return claim.status();
  const auto claims = ReadClaims({statement.body}, *claim);
  if (!claims.ok()) return claims.status();
  const absl::Time created = absl::FromUnixMicros(claims->each[0].created_us);
  if (auto s = CheckBatch(origin, batch, *claim, statement_ids, created); !s.ok()) return s;
  const StatementId id = IdOf(statement.body, claim->exercise);
  if (auto s = CheckPlace(*claim, id, statement, statement_ids); !s.ok()) return s;
  return CheckContent(claims->each[0], statement.salt, statement.content);
}

}  // namespace entente::envelope
