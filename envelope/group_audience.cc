#include "envelope/group_audience.h"

#include <algorithm>

#include "base/reject.h"

namespace entente::envelope {

v1::GroupAudience ToWire(const trust::MembershipRef& group) {
  v1::GroupAudience wire;
  wire.set_group_id(group.group.str());
  wire.set_membership_version(group.version);
  wire.set_membership_hash(group.hash.str());
  return wire;
}

absl::StatusOr<trust::MembershipRef> ReadGroupAudience(const v1::GroupAudience& wire) {
  const auto group = GroupId::From(wire.group_id());
  const auto hash = Digest::From(wire.membership_hash());
  if (!group || !hash || wire.membership_version() == 0) {
    return Reject(RejectReason::kParse,
                  "the group of an audience is malformed: its ids have 32 bytes, its version is 1 or later");
  }
  return trust::MembershipRef{*group, wire.membership_version(), *hash};
}

absl::StatusOr<std::shared_ptr<const trust::Membership>> FindVersion(const trust::MembershipRef& group,
                                                                     const trust::Memberships* groups) {
  auto version = groups != nullptr ? groups->Version(group) : nullptr;
  if (version != nullptr) return version;
  return Reject(RejectReason::kMemberHash,
                "an audience is a version of a group that does not count here; the group's admins send its documents");
}

model::Label StrictestLabel(const policy::Constraints& constraints) {
  const bool embargo = constraints.embargo_until != absl::InfinitePast();
  return std::max(
      {constraints.label, constraints.post_embargo_label, embargo ? model::Label::kAmberStrict : constraints.label});
}

absl::Status CheckGroupTerms(const trust::Membership& version, const GroupTerms& terms) {
  if (terms.exercise_id != version.document().exercise_id()) {
    return Reject(RejectReason::kAudience,
                  "of another exercise than the group, or of none; one lane never enters the other");
  }
  const auto ceiling = static_cast<model::Label>(version.document().ceiling());
  return terms.strictest <= ceiling
             ? absl::OkStatus()
             : Reject(RejectReason::kAudience, "the label is, or becomes, stricter than what the group may carry");
}

absl::Status CheckMember(const trust::Membership& version, const trust::Memberships& groups, const OrgId& org,
                         absl::Time now) {
  if (version.IsMember(org)) return groups.CheckMember(version.group(), org, now);
  return Reject(RejectReason::kNotMember,
                "an organisation is no member of the group's version that is named; ask the group's admins");
}

absl::Status CheckGroupAudience(Claims& claims, const OrgId& origin, const OrgId* receiver,
                                const trust::Memberships* groups, absl::Time now) {
  if (!claims.group) return absl::OkStatus();
  const auto version = FindVersion(*claims.group, groups);
  if (!version.ok()) return version.status();
  if (auto s = CheckMember(**version, *groups, origin, now); !s.ok()) return s;
  if (receiver != nullptr) {
    if (auto s = CheckMember(**version, *groups, *receiver, now); !s.ok()) return s;
  }
  claims.audience = (*version)->members();
  return CheckGroupTerms(**version, {claims.constraints.exercise_id, StrictestLabel(claims.constraints)});
}

}  // namespace entente::envelope
