#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "envelope/envelope.h"
#include "envelope/forward.h"
#include "envelope/verified_batches.h"

// One statement with its proof of origin, outside an envelope (docs/formats/forward.md, One statement alone).
namespace entente::envelope {

// What was shown, and by whom. Seal, the reader's audience, the stream and replay are not part of it.
struct ProvenStatement {
  StatementId id;
  OrgId origin;
  KeyId key_id;
  policy::Constraints constraints;
  std::vector<OrgId> audience;   // of the statement itself; of a group its members
  std::optional<trust::MembershipRef> group;
  absl::Time created, expires;
  std::vector<OrgId> cosigners;  // that count, the origin included; empty without joint terms
  std::vector<Hop> hops;
  bool content_shown = false;    // salt and content were there and are those that were signed
};
// Reads a proof strictly, after its counts and sizes were checked on the bytes. Refuses with kParse, kLimit and kChain (over 16 forwards or
// permissions).
absl::StatusOr<v1::StatementProof> ReadProof(ByteView bytes);

// The checks of CheckProof in their order, as an auditor reads them.
enum class ProofCheck { kBatch, kStatement, kTimes, kCosignatures, kGroup, kForwards, kContent };
// Steps 21 to 29 of statement.md, and 32 where salt or content are there. `verified` may span calls; null remembers nothing. Refuses as Verify
// does, with kThreshold, and as CheckChain does. Times are checked as of `now`. `failed`, where it is given, is the check that refused.
// `groups` is null where no group is followed: a statement for one refuses with kMemberHash then.
absl::StatusOr<ProvenStatement> CheckProof(const v1::StatementProof& proof, const trust::Parties& parties, absl::Time now,
                                           VerifiedBatches* verified, const trust::Memberships* groups,
                                           ProofCheck* failed = nullptr);

// The proof of `statement`, which is of `batch`. Co-signatures and forwards are the caller's to add.
v1::StatementProof MakeProof(const Batch& batch, const Statement& statement, bool with_content);

}  // namespace entente::envelope
