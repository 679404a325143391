#pragma once

#include <utility>
#include <vector>

#include "entente/v1/record.pb.h"
#include "exchange/exchange.h"

namespace entente::exchange {

// Outbox entries on their way out: read, asked about again, sealed. Private to exchange.
struct Released {
  struct Withheld {
    uint64_t seq;
    RejectReason reason;
  };
  std::vector<uint64_t> sent;       // what the envelope carries
  std::vector<Withheld> withheld;   // what policy no longer permits, among and in front of it
  uint64_t last = 0;                // of all of these
  Bytes envelope;                   // empty when nothing is sent
};
// What was signed to a group goes to all its members in one envelope where that can be, or in one for each: to a file, and
// to who refused the first kind.
enum class SealMode { kGroupWherePossible, kDirect };
// Takes entries from the front of `entries` (ascending) while one envelope carries them: one batch, kBatchStatements,
// kBatchBytes unless one object alone is larger. What is above the prekey's ceiling is withheld (kPrekey). Refuses with kStoreCorrupt, kStoreIo, and what envelope::SealDirect refuses.
absl::StatusOr<Released> ReleaseFirst(const Room& room, const OrgId& peer, const std::vector<uint64_t>& entries,
                                      const trust::Prekey& prekey, SealMode mode);

// The RFC 6962 leaves of a stored batch, as far as its statements are known; borrowed from `batch`.
std::vector<ByteView> LeavesOf(const v1::BatchAccepted& batch);

}  // namespace entente::exchange
