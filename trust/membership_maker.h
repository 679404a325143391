#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/signer.h"
#include "trust/membership.h"

// A group's own documents, for its admins.
namespace entente::trust {

// What an admin decides about a group; everything else follows from it and from the version before.
struct GroupTerms {
  std::string name;
  std::set<OrgId> admins;
  uint32_t threshold = 1;                // of the admins' organisations
  std::vector<OrgId> issuers;            // members, in the order in which they are asked
  std::map<OrgId, uint64_t> members;     // with the lowest identity version of each
  OrgId log_org;
  v1::Label ceiling = v1::LABEL_GREEN;
  v1::OnwardRule onward = v1::ONWARD_RULE_LABEL;
  absl::Duration longest_epoch = kEpoch;  // at most kStrictEpoch is written where the ceiling asks for it
  absl::Duration catch_up = kCatchUpWindow;
  bool clients = false;
  std::string exercise_id;
};
GroupTerms TermsOf(const Membership& membership);

// Version 1, or the version after `before`, without a signature: issued at `now`, or just behind the version before, for
// kMembershipLifetime. Refuses what Membership::Read and CheckMembershipFields refuse.
absl::StatusOr<v1::SignedMembership> MakeMembership(const GroupTerms& terms, const Membership* before, absl::Time now);
// Adds the signature of `org`'s group admin key. Refuses with kHsm where a token does.
absl::Status SignMembership(const OrgId& org, const crypto::Signer& admin_key, v1::SignedMembership& membership);

}  // namespace entente::trust
