#pragma once

#include <mutex>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "entente/v1/identity.pb.h"
#include "trust/identity.h"

namespace entente::trust {

inline constexpr ByteView kPrekeyType = "application/vnd.entente.prekey.v1";
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
  // Makes a new prekey when the newest is past half its use, destroys those past grace. Call at start and hourly.
  absl::Status Rotate(absl::Time now);
  v1::SignedBody Offer() const;
  // The seed for `id`, or kKeyGone when it was destroyed or never was.
  absl::StatusOr<crypto::SecretBytes> Seed(const PrekeyId& id, absl::Time now) const;
  // The public key that belongs to the seed of `id`; same failures as Seed.
  absl::StatusOr<Bytes> PublicKey(const PrekeyId& id) const;

 private:
  Self self_;
  crypto::Keystore& keystore_;
  mutable std::mutex mutex_;
  v1::SignedBody offer_;
  absl::Time offer_until_;
};

}  // namespace entente::trust
