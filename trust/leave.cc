#include <algorithm>

#include "base/clock.h"
#include "proto/strict_parse.h"
#include "trust/epoch.h"

// Leaves: docs/formats/membership.md, "Joining and leaving".
namespace entente::trust {
namespace {

using enum RejectReason;

absl::Status RefuseLeave(RejectReason reason, std::string_view what) {
  return Reject(reason, "leave refused: " + std::string(what) + "; ask who wants to leave to send a new one");
}

}  // namespace

absl::StatusOr<Leave> ReadLeave(const v1::SignedBody& wire) {
  if (wire.body().size() > kMaxGroupBodyBytes) return RefuseLeave(kLimit, "over 1 KiB");
  v1::LeaveBody body;
  if (absl::Status status = StrictParse(wire.body(), body); !status.ok()) return status;
  const std::optional<OrgId> org = OrgId::From(body.org_id());
  const std::optional<KeyId> key_id = KeyId::From(body.key_id());
  const std::optional<GroupId> group = GroupId::From(body.group_id());
  if (!org || !key_id || !group) return RefuseLeave(kParse, "an id has the wrong length");
  const bool timed = body.time_us() > 0 && body.time_us() <= kMaxTimeUs;
  if (body.membership_version() == 0 || !timed) return RefuseLeave(kParse, "it has no version or time");
  return Leave{*org, *key_id, *group, body.membership_version(), absl::FromUnixMicros(body.time_us())};
}

absl::Status CheckLeave(const Leave& leave, const v1::SignedBody& wire, const MembershipHistory& history, const Parties& parties,
                        const Arrival& arrival) {
  const Membership* newest = history.newest();
  if (newest == nullptr || leave.membership_version > newest->version()) {
    return RefuseLeave(kMemberHash, "it knows a membership document that does not count here yet");
  }
  if (!newest->IsMember(leave.org)) return RefuseLeave(kNotMember, "its author is no member");
  if (!history.IsMemberSince(leave.org, leave.membership_version)) return RefuseLeave(kRollback, "its author left and came back since");
  if (leave.time > arrival.now + kClockSkew) return RefuseLeave(kTime, "it is from the future; compare both clocks");
  return CheckPartySignature(parties, {leave.org, leave.key_id, kLeaveType, wire.body(), wire.signature(), leave.time}, arrival);
}

absl::StatusOr<v1::SignedBody> MakeLeave(const Self& self, const MembershipRef& newest, absl::Time now) {
  v1::LeaveBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_group_id(newest.group.str());
  body.set_membership_version(newest.version);
  body.set_time_us(absl::ToUnixMicros(now));
  return SignBody(self, kLeaveType, body.SerializeAsString());
}

}  // namespace entente::trust
