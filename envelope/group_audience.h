#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/claims.h"
#include "policy/policy.h"
#include "trust/memberships.h"

// Private to envelope/: audiences that are the members of one version of a group (docs/formats/statement.md, Group
// audience).
namespace entente::envelope {

v1::GroupAudience ToWire(const trust::MembershipRef& group);
// Refuses with kParse: ids and hashes of another length, version 0.
absl::StatusOr<trust::MembershipRef> ReadGroupAudience(const v1::GroupAudience& wire);

// The version itself, never null. Refuses with kMemberHash where it does not count here, which may pass; `groups` is
// null where no group is followed.
absl::StatusOr<std::shared_ptr<const trust::Membership>> FindVersion(const trust::MembershipRef& group,
                                                                     const trust::Memberships* groups);
// What is said in the group's name keeps to what the group is for: its exercise, and no label over its ceiling.
struct GroupTerms {
  ByteView exercise_id;
  model::Label strictest;  // that counts for the statements at any time
};
// The strictest label of statements: of AMBER+STRICT at least for an embargo.
model::Label StrictestLabel(const policy::Constraints& constraints);
// Refuses with kAudience.
absl::Status CheckGroupTerms(const trust::Membership& version, const GroupTerms& terms);
// `org` is a member of `version` and in the group now. Refuses with kNotMember and kFreeze.
absl::Status CheckMember(const trust::Membership& version, const trust::Memberships& groups, const OrgId& org,
                         absl::Time now);
// Step 28, where the claims name a group: the origin, and the receiver where there is one, are members of its version
// and in it now. `claims.audience` is the members from then on. Refuses with kMemberHash, kNotMember, kFreeze,
// kAudience.
absl::Status CheckGroupAudience(Claims& claims, const OrgId& origin, const OrgId* receiver,
                                const trust::Memberships* groups, absl::Time now);

}  // namespace entente::envelope
