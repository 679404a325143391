"""A member's own word that it is none any more: docs/formats/membership.md, *Joining and leaving*."""

import wire
from forms import check_lengths
from groups import MAX_BODY
from identity import SKEW, YEAR_10000, check_signed
from refusal import demand


def read_leave(signed):
    demand(len(signed.body) <= MAX_BODY, "E_LIMIT", "a leave's size")
    leave = wire.strict(wire.LEAVE, signed.body)
    check_lengths(leave, org_id=32, key_id=32, group_id=32)
    demand(leave.membership_version >= 1 and 0 < leave.time_us < YEAR_10000, "E_PARSE", "its version or time")
    return leave


def take(group, signed, now):
    """`group`: groups.Group, which follows it."""
    leave = read_leave(signed)
    demand(group.versions and leave.group_id == group.versions[0].group, "E_PARTY", "a group that is not followed")
    demand(leave.membership_version <= len(group.versions), "E_MEMBERHASH", "it knows a version that does not count here")
    demand(leave.org_id in group.newest.orgs, "E_NOTMEMBER", "its author is no member")
    demand(group.is_member_since(leave.org_id, leave.membership_version), "E_ROLLBACK", "its author came back since")
    demand(leave.time_us <= now + SKEW, "E_TIME", "of the future")
    demand(leave.org_id in group.parties, "E_PARTY", "its author is not on file")
    check_signed(group.parties[leave.org_id], leave.key_id, "leave.v1", signed, leave.time_us, now)
    if not group.has_left(leave.org_id):
        group.leaves[leave.org_id] = leave
