#include "envelope/signed_statements.h"

#include <utility>

#include "base/reject.h"
#include "envelope/envelope.h"
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

// When the first statement says it was made; 1970 where it does not. It lies under the root that the signature must cover, and CheckTimes
// asks again for every statement.
absl::Time TimeOfFirst(const v1::Payload& payload) {
  const auto fields = ReadLowFields(payload.statements(0).body());
  return fields ? PeekTime(*fields, v1::StatementBody::kCreatedUsFieldNumber) : absl::UnixEpoch();
}

absl::Status VerifyOnce(const trust::Identity& origin, const KeyId& key_id, const v1::SignedBody& batch, absl::Time at,
                        VerifiedBatches* verified) {
  const auto key = origin.KeyFor(key_id, v1::KEY_USAGE_STATEMENT, at);
  if (key.ok() && verified != nullptr && verified->Knows(*key, batch)) return absl::OkStatus();
  if (auto s = trust::VerifyBody(origin, key_id, kBatchType, batch, at); !s.ok()) return s;
  if (verified != nullptr) verified->Remember(*key, batch);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SignedStatements> CheckBatch(const v1::Payload& payload, const trust::Parties& parties,
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
  const trust::Identity& identity = out.origin->identity;
  const absl::Time at = TimeOfFirst(payload);
  if (auto s = VerifyOnce(identity, signer->key_id, payload.batch(), at, verified); !s.ok()) return s;
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
