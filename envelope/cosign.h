#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "trust/parties.h"

// Co-signatures: other organisations vouch for a whole batch too (docs/formats/forward.md, Co-signatures).
namespace entente::envelope {

inline constexpr size_t kMaxCosignatures = 64;
using SignedBodies = google::protobuf::RepeatedPtrField<v1::SignedBody>;

// Who must have signed a joint advisory, and how many of them; part of what every statement of the batch says.
struct JointTerms {
  std::vector<OrgId> organisations;  // ascending, 2 to 64
  uint32_t threshold = 0;            // 1 to as many
};
// Refuses with kParse.
absl::StatusOr<JointTerms> ReadJointTerms(const v1::JointTerms& wire);

// The batch that is vouched for, its own signature checked already.
struct CosignedBatch {
  const v1::SignedBody& batch;
  OrgId origin;
  bool exercise = false;
  std::optional<JointTerms> joint;
};
// The organisations whose signatures count, ascending, the origin among them where it is listed; empty without joint
// terms. Who is not on file is passed over. Keys are asked for as of each signature's time, acted on at `now`. Refuses with kLimit
// (over 64), kParse (no joint terms, another batch, not listed, the origin), the keys' errors and kSignature for any false one, and
// kThreshold when fewer count than the terms ask for.
absl::StatusOr<std::vector<OrgId>> CheckCosignatures(const SignedBodies& cosignatures, const CosignedBatch& cosigned,
                                                     const trust::Parties& parties, absl::Time now);

// This organisation vouches for `batch`, which the caller has verified.
absl::StatusOr<v1::SignedBody> Cosign(const trust::Self& self, const v1::SignedBody& batch, bool exercise,
                                      absl::Time now);

// SHA-256 of the batch's PAE: what a co-signature is about, whoever's signature stands beside the body.
Digest BatchId(const v1::SignedBody& batch);

}  // namespace entente::envelope
