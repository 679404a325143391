#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "entente/v1/identity.pb.h"
#include "model/marking.h"
#include "trust/identity_chain.h"

namespace entente::trust {

inline constexpr size_t kMaxPrekeyBytes = 4096;  // of a signed body; ours are about 1.4 KiB
inline constexpr size_t kMaxHeldPrekeys = 64;    // a steady clock leads to eight of both classes; more means that it jumps
inline constexpr absl::Duration kPrekeyUse = absl::Hours(24 * 7), kPrekeyGrace = absl::Hours(24 * 7);
// Of class offline, for organisations that are reached by files: how long it is used and how often a new one comes.
inline constexpr absl::Duration kOfflinePrekeyUse = absl::Hours(24 * 90), kOfflinePrekeyAge = absl::Hours(24 * 30);

// Another organisation's prekey, checked: what may be sealed to now.
struct Prekey {
  OrgId org;
  PrekeyId id;
  Bytes public_key;   // X-Wing
  absl::Time not_after;
  model::Label ceiling = model::Label::kRed;  // the strictest material to seal to it: of class offline what its owner says
};
// Refuses with kPrekey: not signed by a statement key of `owner` that counts now, of another organisation, document, suite or
// class, offline where the newest document does not say so, expired or not yet valid at `now`, living longer than its class
// and the skew, key that cannot be encapsulated to; with kSuite as CheckSuiteFloor; with kParse when malformed.
absl::StatusOr<Prekey> CheckPrekey(const IdentityHistory& owner, const v1::SignedBody& prekey, absl::Time now,
                                   v1::PrekeyClass prekey_class = v1::PREKEY_CLASS_ONLINE);
// Whether an organisation with this newest document takes what this version seals, suite 1. Refuses with kSuite. Who seals
// later than the prekey was checked asks again.
absl::Status CheckSuiteFloor(const Identity& recipient);

// This node's own prekeys in its keystore under "prekey/<hex id>": the newest is offered, older ones open until their
// grace ends, then their seeds are removed and the file rewritten. Where the own document says offline, the same once more
// for that class. Safe from any thread.
class PrekeyRing {
 public:
  // `keystore` outlives this; who else uses it from now on holds its mutex.
  PrekeyRing(Self self, crypto::Keystore& keystore);
  // Makes a new prekey when the newest is past half its use, destroys those past grace; what it offers is on disk. Call
  // at start and hourly. Refuses with kKeystore (file not written, entry damaged; the next call tries again), kLimit or kHsm; what was offered stays.
  absl::Status Rotate(absl::Time now);
  // From now on `self` signs: the same prekeys, their ids, keys and times under the new key or document. A class that the
  // new document takes up begins with the next Rotate. Where a token does not sign, what was offered stays until the next
  // Rotate, and kHsm says so.
  absl::Status SignAnew(Self self);
  // What to hand to peers; empty before the first successful Rotate.
  v1::SignedBody Offer() const;
  // What to hand over as a file; empty where the own document does not say offline.
  v1::SignedBody OfflineOffer() const;
  // The seed for `id`; kKeyGone when it is past its grace or remembered as destroyed, kNoSlot when not known at all.
  absl::StatusOr<crypto::SecretBytes> Seed(const PrekeyId& id, absl::Time now) const;
  // The public key that belongs to the seed of `id`; kKeyGone when there is none.
  absl::StatusOr<Bytes> PublicKey(const PrekeyId& id) const;
  // The lowest suite that the own identity document takes.
  uint32_t min_suite() const;

 private:
  absl::Status DestroyPastGrace(absl::Time now);
  absl::StatusOr<PrekeyId> NewestOrNew(v1::PrekeyClass prekey_class, absl::Time now);
  absl::StatusOr<v1::SignedBody> Sign(const PrekeyId& id) const;
  absl::Status SignOffers(const std::optional<PrekeyId>& online, const std::optional<PrekeyId>& offline);

  Self self_;
  crypto::Keystore& keystore_;
  std::optional<PrekeyId> offered_, offered_offline_;  // on disk
  v1::SignedBody offer_, offline_offer_;
  bool unsaved_ = false;  // the keystore in memory is ahead of its file
};

}  // namespace entente::trust
