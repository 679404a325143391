#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/reject.h"
#include "entente/v1/group.pb.h"
#include "trust/party_signature.h"

// One version of a group's membership document by itself: docs/formats/membership.md, "The document" and "Signatures". Which
// version counts is trust/membership_history.h's matter.
namespace entente::trust {

inline constexpr size_t kMaxMembershipBytes = 256 * 1024;
inline constexpr size_t kMaxGroupSignatures = 64;
inline constexpr size_t kMaxMembers = 1000, kMaxAdmins = 32, kMaxIssuers = 8;
inline constexpr size_t kMaxGroupNameBytes = 64;
inline constexpr absl::Duration kMembershipLifetime = absl::Hours(24 * 7);
// The longest life of an epoch; the shorter one where the ceiling is AMBER+STRICT or RED.
inline constexpr absl::Duration kEpoch = absl::Hours(24 * 7), kStrictEpoch = absl::Hours(24), kShortestEpoch = absl::Hours(1);
// How long issuers keep a secret behind its epoch's end: at most, and what our nodes write.
inline constexpr absl::Duration kMaxCatchUpWindow = absl::Hours(24 * 90), kCatchUpWindow = absl::Hours(24 * 35);

GroupId GroupOfFirst(ByteView document);  // the bytes of version 1
Digest MembershipHash(ByteView document);

// One version of one group's membership, as epochs and audiences name it.
struct MembershipRef {
  GroupId group;
  uint64_t version = 0;
  Digest hash;
  bool operator==(const MembershipRef&) const = default;
};

// A document whose size and shape have been read and nothing else. Immutable, copyable.
class Membership {
 public:
  // Ids are of their length and lists within their bounds. Refuses with kLimit and kParse.
  static absl::StatusOr<Membership> Read(const v1::SignedMembership& wire);

  MembershipRef ref() const { return {group_, version(), hash_}; }
  const GroupId& group() const { return group_; }
  uint64_t version() const { return document_.version(); }
  const Digest& hash() const { return hash_; }
  const v1::MembershipDocument& document() const { return document_; }
  const v1::SignedMembership& wire() const { return wire_; }
  const std::vector<OrgId>& admins() const { return admins_; }
  const std::vector<OrgId>& issuers() const { return issuers_; }  // in the order in which they are asked
  const std::vector<OrgId>& members() const { return members_; }  // in the order of the slots
  const OrgId& log_org() const { return log_org_; }
  absl::Time issued() const { return absl::FromUnixMicros(document_.issued_us()); }
  absl::Time expires() const { return absl::FromUnixMicros(document_.expires_us()); }
  absl::Duration longest_epoch() const { return absl::Seconds(document_.max_epoch_s()); }
  absl::Duration catch_up() const { return absl::Seconds(document_.catch_up_s()); }

  bool IsAdmin(const OrgId& org) const;
  bool IsMember(const OrgId& org) const { return PlaceOf(org).has_value(); }
  // The place of a member among the slots, and of an issuer among those that are asked.
  std::optional<size_t> PlaceOf(const OrgId& org) const;
  std::optional<size_t> TurnOf(const OrgId& org) const;

 private:
  Membership() = default;
  absl::Status ReadOrganisations();

  GroupId group_;
  Digest hash_;
  v1::MembershipDocument document_;
  v1::SignedMembership wire_;
  std::vector<OrgId> admins_, issuers_, members_;
  OrgId log_org_;
};

// The fields by themselves, whatever version stood before and whatever the time is. Refuses with kParse.
absl::Status CheckMembershipFields(const Membership& membership);
// Rules 1 to 3 of "Signatures". `before` is the version before, null for version 1. Refuses with kParse for a key twice or
// a signer that is no admin, with kUnknownParty, the keys' errors and kSignature for any false one, with kThreshold.
absl::Status CheckMembershipSignatures(const Membership& membership, const Membership* before, const Parties& parties,
                                       const Arrival& arrival);

// "membership document refused: `what`", with what its reader can do about it.
absl::Status RefuseMembership(std::string_view what, RejectReason reason = RejectReason::kParse);

}  // namespace entente::trust
