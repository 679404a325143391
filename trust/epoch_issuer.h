#pragma once

#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/group_keys.h"
#include "trust/epoch.h"

// What an issuer does: a new epoch with a slot for each member, a secret once more, and when either is due
// (docs/formats/epoch.md, "Rekey" and "Catch-up and re-wrap").
namespace entente::trust {

inline constexpr absl::Duration kIssuerTurn = absl::Minutes(10);  // how long each further issuer waits for those before it

struct HeldEpoch;  // trust/epoch_ring.h

struct EpochTerms {
  const Membership& membership;  // the newest that counts
  uint64_t number = 1;
  Digest previous_commit;        // zeros where there is no epoch before
  const crypto::EpochSecret* previous = nullptr;  // null where it is not held
  v1::EpochReason reason = v1::EPOCH_REASON_UNSPECIFIED;
  absl::Time not_before;
  std::vector<OrgId> left;       // members that get no slot any more
};
// One encapsulation per member whose valid prekey is among `prekeys`; the others get zeros. The secret is in the slots alone:
// this organisation takes its own like everybody. Refuses with kIssuer where it may not issue, with kPrekey without a prekey of
// its own and for a bad one.
absl::StatusOr<v1::EpochSlots> IssueEpoch(const Self& self, const EpochTerms& terms, std::span<const Prekey> prekeys, absl::Time now);
// What the member at `place` downloads, cut from all slots; without a log entry. Refuses with kSlotProof where the slots are
// not those that the issuer signed, or too few.
absl::StatusOr<v1::EpochDelivery> DeliveryFor(const v1::EpochSlots& issued, size_t place);

// `secret` of `epoch` under the recipient's current prekey. `then` is the membership that the epoch names. Refuses with kIssuer,
// with kNotMember unless the recipient was a member then and is one now, and with kPrekey for a bad prekey and one that has ended.
absl::StatusOr<v1::SignedBody> MakeRewrap(const Self& self, const Epoch& epoch, const crypto::EpochSecret& secret, const Membership& then,
                                          const Membership& newest, const Prekey& recipient, absl::Time now);

// A leave in effect.
struct HeldLeave {
  Leave leave;
  absl::Time taken;  // here
};
// Whether `held` has no slot for who left, as far as the issuer `self` can know: an epoch of its own is behind all that had come here,
// and another issuer is taken at its word.
bool LeavesOut(const HeldEpoch& held, const HeldLeave& left, const OrgId& self);
// Why the next epoch is due for the issuer `self`, the gravest cause of those whose turn has come; nothing where it has to wait or
// may not issue. `latest` is null before the first epoch.
std::optional<v1::EpochReason> RekeyDue(const MembershipHistory& history, const HeldEpoch* latest, std::span<const HeldLeave> leaves,
                                        const Parties& parties, const OrgId& self, absl::Time now);

}  // namespace entente::trust
