#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/reject.h"
#include "crypto/group_keys.h"
#include "entente/v1/group.pb.h"
#include "trust/membership_history.h"
#include "trust/prekey.h"

// What a receiver checks of epochs, re-wraps and leaves: docs/formats/epoch.md. Pure functions; which epochs are on file and
// in which state is trust/epoch_ring.h's matter.
namespace entente::trust {

inline constexpr size_t kMaxRewrapBytes = 4096;
inline constexpr absl::Duration kEpochGrace = absl::Hours(72);  // how long the epoch before is still received, at most
using EpochId = FixedBytes<32, struct EpochIdTag>;              // SHA-256 of an epoch body's PAE

// What an epoch's body says. Public; its secret is held elsewhere.
struct Epoch {
  EpochId id;
  OrgId issuer;
  KeyId key_id;
  MembershipRef membership;
  uint64_t number = 0;
  Digest previous_commit, commit;
  absl::Time not_before, not_after;
  uint32_t suite = 0, slots = 0;
  Digest slots_root;
  absl::Duration grace;  // of the epoch before
  v1::EpochReason reason = v1::EPOCH_REASON_UNSPECIFIED;

  Digest fields() const;  // what its secret is committed to
};
// Step 1 of "EpochBody". Refuses with kLimit and kParse.
absl::StatusOr<Epoch> ReadEpoch(const v1::SignedBody& wire);
// Steps 3 to 6. Refuses with kMemberHash, kFreeze, kIssuer, the keys' errors and kSignature.
absl::Status CheckEpochIssuer(const Epoch& epoch, const v1::SignedBody& wire, const MembershipHistory& history,
                              const Parties& parties, const Arrival& arrival);
// Steps 7 (the suite), 8 and 9. `membership` is the version that the epoch names. Refuses with kSuite, kTime and kParse.
absl::Status CheckEpochTerms(const Epoch& epoch, const Membership& membership, absl::Time now);
// Whether a removal of this kind leaves those who were removed no time: grace is 0 for these reasons under RED.
bool EndsAtOnce(const Membership& membership, v1::EpochReason reason);

// Step 11 for `self`; who is no member gets neither slot nor path. Refuses with kSlotProof.
absl::Status CheckSlotPlace(const Epoch& epoch, const Membership& membership, const OrgId& self, const v1::EpochDelivery& delivery);
// Steps 12 to 14 with a slot of 1,184 bytes. Refuses with kNoSlot for zeros and an unknown prekey, kKeyGone, kKem, kUnwrap,
// and kCommit for another secret than the issuer announced.
absl::StatusOr<crypto::EpochSecret> OpenEpochSlot(const Epoch& epoch, const OrgId& self, ByteView slot, const PrekeyRing& prekeys,
                                                  absl::Time now);
// HPKE's info of a slot.
Bytes EpochSlotInfo(const Epoch& epoch, const OrgId& recipient, const PrekeyId& prekey_id, ByteView prekey);

// An epoch's secret once more, for one member.
struct Rewrap {
  OrgId issuer;
  KeyId key_id;
  GroupId group;
  uint64_t number = 0;
  EpochId epoch;
  OrgId recipient;
  Bytes slot;
  absl::Time time;
};
// Refuses with kLimit and kParse.
absl::StatusOr<Rewrap> ReadRewrap(const v1::SignedBody& wire);
// The issuer, its key, the recipient and the time. Refuses with kIssuer, the keys' errors, kSignature, kTime and kAudience.
absl::Status CheckRewrap(const Rewrap& rewrap, const v1::SignedBody& wire, const Membership& newest, const OrgId& self,
                         const Parties& parties, const Arrival& arrival);

// A member's own word that it is none any more.
struct Leave {
  OrgId org;
  KeyId key_id;
  GroupId group;
  uint64_t membership_version = 0;  // the newest it knew
  absl::Time time;
};
// Refuses with kLimit and kParse.
absl::StatusOr<Leave> ReadLeave(const v1::SignedBody& wire);
// Whether `leave` takes its author out of the newest version. Refuses with kMemberHash for a version that does not count
// here yet, kNotMember, kRollback where its author came back since, kTime, the keys' errors and kSignature.
absl::Status CheckLeave(const Leave& leave, const v1::SignedBody& wire, const MembershipHistory& history, const Parties& parties,
                        const Arrival& arrival);
absl::StatusOr<v1::SignedBody> MakeLeave(const Self& self, const MembershipRef& newest, absl::Time now);

// "epoch refused: `what`", with what its reader can do about it.
absl::Status RefuseEpoch(RejectReason reason, std::string_view what);

}  // namespace entente::trust
