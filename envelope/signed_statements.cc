#include "envelope/signed_statements.h"

#include <utility>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/limits.h"

namespace entente::envelope {
namespace {

absl::StatusOr<std::vector<Place>> ReadPlaces(const v1::Payload& payload) {
  std::vector<Place> places;
  places.reserve(payload.statements().size());
  for (const v1::StatementEntry& entry : payload.statements()) {
    Place place{entry.index(), {}};
    for (const std::string& bytes : entry.path()) {
      const auto hash = Digest::From(bytes);
      if (!hash) return Reject(RejectReason::kParse, "a hash of an audit path has the wrong length");
      place.path.push_back(*hash);
    }
    places.push_back(std::move(place));
  }
  return places;
}

// The batch as its first statement dates it and names its document; 1970 and none where it does not, which the strict reading refuses.
// All of it lies under the root that the signature must cover, and CheckTimes asks again for every statement.
trust::KeyUse UseOfBatch(const v1::Payload& payload, const KeyId& key_id, absl::Time now) {
  using Body = v1::StatementBody;
  trust::KeyUse use = UseNow(key_id, kBatchType, absl::UnixEpoch(), now);
  const auto fields = ReadLowFields(payload.statements(0).body());
  if (!fields) return use;
  use.at = PeekTime(*fields, Body::kCreatedUsFieldNumber);
  const uint64_t version = fields->at[Body::kIdentityVersionFieldNumber].varint;
  const auto hash = Digest::From(fields->at[Body::kIdentityHashFieldNumber].bytes);
  if (version != 0 && hash) use.identity = {version, *hash};
  return use;
}

absl::Status VerifyOnce(const trust::IdentityHistory& origin, const trust::KeyUse& use, const v1::SignedBody& batch,
                        VerifiedBatches* verified) {
  const auto key = origin.KeyFor(use);
  if (!key.ok()) return key.status();
  if (verified != nullptr && verified->Knows(*key, batch)) return absl::OkStatus();
  if (!crypto::Verify(*key, use.payload_type, batch.body(), batch.signature())) return FalseSignature();
  if (verified != nullptr) verified->Remember(*key, batch);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SignedStatements> CheckBatch(const v1::Payload& payload, const trust::Parties& parties, absl::Time now,
                                            VerifiedBatches* verified) {
  const auto fields = ReadLowFields(payload.batch().body());
  const auto signer = PeekSigner(fields, v1::BatchBody::kOriginFieldNumber, v1::BatchBody::kKeyIdFieldNumber);
  const auto root = signer ? Digest::From(fields->at[v1::BatchBody::kRootFieldNumber].bytes) : std::nullopt;
  if (!root) return NoSigner();
  auto origin = FindParty(parties, signer->org, "the statements' origin");
  if (!origin.ok()) return origin.status();
  auto places = ReadPlaces(payload);
  if (!places.ok()) return places.status();

  SignedStatements out{*std::move(origin), {}, {}, *std::move(places)};
  const bool exercise = fields->at[v1::BatchBody::kLeafTypeFieldNumber].bytes == kExerciseStatementType;
  const auto size = static_cast<uint32_t>(fields->at[v1::BatchBody::kSizeFieldNumber].varint);
  out.ids.reserve(out.places.size());
  for (const v1::StatementEntry& entry : payload.statements()) out.ids.push_back(IdOf(entry.body(), exercise));
  if (auto s = CheckPlaces(out.ids, out.places, size, *root); !s.ok()) return s;
  const trust::KeyUse use = UseOfBatch(payload, signer->key_id, now);
  if (auto s = VerifyOnce(*out.origin->history, use, payload.batch(), verified); !s.ok()) return s;
  const auto batch = ReadBatch(payload.batch().body());
  if (!batch.ok()) return batch.status();
  out.batch = *batch;
  return out;
}

std::vector<ByteView> Bodies(const v1::Payload& payload) {
  std::vector<ByteView> bodies;
  bodies.reserve(payload.statements().size());
  for (const v1::StatementEntry& entry : payload.statements()) bodies.push_back(entry.body());
  return bodies;
}

}  // namespace entente::envelope
