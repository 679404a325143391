#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/signer.h"
#include "envelope/verified_batches.h"

// Private to envelope/: steps 21 to 24 of docs/formats/statement.md, for envelopes and for statements alone.
namespace entente::envelope {

// A batch whose signature holds over exactly these statements.
struct SignedStatements {
  PartyPtr origin;
  BatchClaim batch;
  std::vector<StatementId> ids;
  std::vector<Place> places;
};
// The origin's key is asked for as of the first statement, under the document that this names, acted on at `now`. Refuses with
// kUnknownParty, kParse, kSignature, kNoKey, kKeyUse, kTime, kRevoked, kFreeze, kLimit. A batch that `verified` knows costs no
// signature again; null when nothing is remembered. REQUIRES at least one statement.
absl::StatusOr<SignedStatements> CheckBatch(const v1::Payload& payload, const trust::Parties& parties, absl::Time now,
                                            VerifiedBatches* verified);
// The statements' bodies, borrowed from `payload`.
std::vector<ByteView> Bodies(const v1::Payload& payload);

}  // namespace entente::envelope
