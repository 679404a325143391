#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "envelope/envelope.h"

// Private to envelope/: what a seal says, and whether the envelope holds just that (docs/formats/statement.md, The seal).
namespace entente::envelope {

// Steps 18 and 19: `sealer` signed it, for this envelope, not too long ago. What it says of the payload is CheckSealed's. Refuses with
// kSignature, the keys' errors, kParse, kSeal and kTime.
absl::StatusOr<v1::SealBody> CheckSeal(const v1::SignedBody& seal, const trust::Accepted& sealer, const OpenedEnvelope& opened,
                                       absl::Time now);

// What was found in the payload.
struct SealedParts {
  const std::vector<StatementId>& ids;  // in their order; none with notices
  Digest audience_hash;                 // of the one that counts
  const std::vector<Hop>& hops;
  const v1::Payload& payload;           // of which the notices are read
};
// Step 31. Refuses with kSeal.
absl::Status CheckSealed(const v1::SealBody& seal, const SealedParts& parts);

}  // namespace entente::envelope
