#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "trust/membership.h"

namespace entente::trust {

// Which versions of groups count, and who is in a group now: what checking a statement for a group asks. Safe from any
// thread.
class Memberships {
 public:
  virtual ~Memberships() = default;
  // Null when that version does not count here: the caller refuses with kMemberHash.
  virtual std::shared_ptr<const Membership> Version(const MembershipRef& ref) const = 0;
  // Whether `org` is in the group as it is now: in the newest version, without a leave on file. Refuses with
  // kUnknownParty, kFreeze and kNotMember.
  virtual absl::Status CheckMember(const GroupId& group, const OrgId& org, absl::Time now) const = 0;
};

}  // namespace entente::trust
