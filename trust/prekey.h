#pragma once

#include <mutex>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "entente/v1/identity.pb.h"
#include "trust/identity.h"

namespace entente::trust {

inline constexpr size_t kMaxPrekeyBytes = 4096;  // of a signed body; ours are about 1.4 KiB
inline constexpr size_t kMaxHeldPrekeys = 64;    // a steady clock leads to four; more means that it jumps
inline constexpr absl::Duration kPrekeyUse = absl::Hours(24 * 7), kPrekeyGrace = absl::Hours(24 * 7);

// Another organisation's prekey, checked: what may be sealed to now.
struct Prekey {
  OrgId org;
  PrekeyId id;
  Bytes public_key;   // X-Wing
  absl::Time not_after;
};
// Refuses with kPrekey: not signed by `owner`'s statement key, of another organisation or suite, expired or not yet
// valid at `now`, lifetime over kPrekeyUse plus skew, key that cannot be encapsulated to; with kParse when malformed.
absl::StatusOr<Prekey> CheckPrekey(const Identity& owner, const v1::SignedBody& prekey, absl::Time now);

// This node's own prekeys in its keystore under "prekey/<hex id>": the newest is offered, older ones open until their
// grace ends, then their seeds are removed and the file rewritten. Safe from any thread.
class PrekeyRing {
 public:
  // `keystore` outlives this and is written only through it from now on.
  PrekeyRing(Self self, crypto::Keystore& keystore);
  // Makes a new prekey when the newest is past half its use, destroys those past grace; what it offers is on disk. Call
  // at start and hourly. Refuses with kKeystore (file not written, entry damaged; the next call tries again) or kLimit.
  absl::Status Rotate(absl::Time now);
  // What to hand to peers; empty before the first successful Rotate.
  v1::SignedBody Offer() const;
  // The seed for `id`, or kKeyGone when it was destroyed, is past its grace, or never was.
  absl::StatusOr<crypto::SecretBytes> Seed(const PrekeyId& id, absl::Time now) const;
  // The public key that belongs to the seed of `id`; kKeyGone when there is none.
  absl::StatusOr<Bytes> PublicKey(const PrekeyId& id) const;

 private:
  absl::Status DestroyPastGrace(absl::Time now);
  absl::StatusOr<PrekeyId> NewestOrNew(absl::Time now);
  v1::SignedBody Sign(const PrekeyId& id) const;

  Self self_;
  crypto::Keystore& keystore_;
  mutable std::mutex mutex_;
  v1::SignedBody offer_;
  bool unsaved_ = false;  // the keystore in memory is ahead of its file
};

}  // namespace entente::trust
