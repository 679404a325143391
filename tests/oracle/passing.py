"""Co-signatures, permissions and the forward chain. docs/formats/forward.md; steps 27 and 29 of statement.md."""

import audiences
import wire
from building_blocks import body_id
from forms import ascending, check_audience, check_lengths, hint_of, ids_in, lane, signed_body
from identity import DAY, SKEW, check_signed
from refusal import demand

MAX_JOINT = 64
AMBER, AMBER_STRICT = 3, 4
LABEL, PERMISSION, GROUP, ORIGIN = 1, 2, 3, 4


def check_joint(joint):
    """As one statement has it, part of step 25."""
    if joint is None:
        return
    demand(len(joint.organisations) <= MAX_JOINT, "E_PARSE", "organisations that vouch")
    demand(len(joint.organisations) >= 2 and ascending(joint.organisations), "E_PARSE", "organisations that vouch")
    demand(all(len(org) == 32 for org in joint.organisations), "E_PARSE", "organisations that vouch")
    demand(1 <= joint.threshold <= len(joint.organisations), "E_PARSE", "how many of them must")


def check_cosignatures(cosignatures, body, batch_id, exercise, parties, now):
    """The organisations that count; none without joint terms."""
    listed = body.joint.organisations if body.joint else []
    demand(listed or not cosignatures, "E_PARSE", "co-signatures without joint terms")
    counting = {body.origin} & set(listed)
    for signed in cosignatures:
        hint = hint_of(wire.COSIGN, signed)
        if hint.org_id not in parties:
            continue
        check_signed(parties[hint.org_id], hint.key_id, lane("cosign.v1", exercise), signed, hint.time_us, now)
        cosign = wire.strict(wire.COSIGN, signed.body)
        check_lengths(cosign, org_id=32, key_id=32, batch_id=32)
        demand(cosign.batch_id == batch_id, "E_PARSE", "a co-signature of another batch")
        demand(cosign.org_id in listed and cosign.org_id != body.origin, "E_PARSE", "a co-signature of who is not asked")
        counting.add(cosign.org_id)
    demand(not listed or len(counting) >= body.joint.threshold, "E_THRESHOLD", f"{len(counting)} organisations vouch")
    return sorted(counting)


def effective_label(constraints, at):
    """The label that counts at a time: statement.md, *Release constraints*."""
    if not constraints.embargo_until_us:
        return constraints.label
    if at >= constraints.embargo_until_us and constraints.post_embargo_label:
        return constraints.post_embargo_label
    return max(constraints.label, AMBER_STRICT)


def check_permissions(permissions, origin, parties, now):
    """permission_id -> body. What each allows is asked by the hop that names it."""
    found = {}
    for signed in permissions:
        body = signed_body(wire.PERMISSION, "permission.v1", signed, parties, now, org="origin")
        check_lengths(body, msg_id=16, forwarder=32)
        body.ids = ids_in(body.statement_ids)
        check_audience(body.audience)
        demand(body.time_us < body.expires_us <= body.time_us + 366 * DAY, "E_TIME", "a permission's end")
        demand(body.origin == origin, "E_CHAIN", "leave of another than the origin")
        found[body_id("permission.v1", signed.body)] = body
    return found


def read_hop(signed, constraints, parties, groups, now):
    exercise = bool(constraints.exercise_id)
    hop = signed_body(wire.FORWARD, lane("forward.v1", exercise), signed, parties, now)
    hop.id = body_id(lane("forward.v1", exercise), signed.body)
    check_lengths(hop, permission_id=32 if hop.basis == PERMISSION else 0)
    hop.ids = ids_in(hop.statement_ids)
    demand(hop.audience or hop.group is not None, "E_PARSE", "a forward to nobody")
    audiences.check_form(hop)
    demand(hop.basis != 0 and hop.label != 0, "E_PARSE", "no basis, or no label")
    hop.to = audiences.resolved(hop, groups)
    if hop.to.document:
        audiences.check_terms(hop.to.document, constraints.exercise_id, hop.label)
    return hop


def check_hop(hop, before, ids, bodies, now):
    """What the table of ForwardBody says of it beside the one before it, or beside the statements."""
    demand(hop.previous_forward == (before.id if before else bytes(32)), "E_CHAIN", "not behind the hop before")
    demand(set(ids) <= set(hop.ids), "E_CHAIN", "it does not hold every statement here")
    demand(before is None or set(hop.ids) <= set(before.ids), "E_CHAIN", "statements that the hop before did not pass on")
    loosest = before.label if before else effective_label(bodies[0].constraints, hop.time_us)
    demand(hop.label >= loosest, "E_TLP", "a looser label")
    demand(before is None or hop.time_us >= before.time_us, "E_TIME", "earlier than the hop before")
    demand(max(body.created_us for body in bodies) - SKEW <= hop.time_us <= now + SKEW, "E_TIME", "before the statements, or ahead")


def check_basis(hop, place, body, through, permissions):
    """Rule 4. `place` counts from 1; `through` are the groups, at their versions, that it came through."""
    constraints = body.constraints
    if hop.basis == ORIGIN:
        demand(hop.org_id == body.origin and place == 1, "E_CHAIN", "not the origin")
    elif hop.basis == PERMISSION:
        leave = permissions.get(hop.permission_id)
        demand(leave is not None, "E_CHAIN", "the permission is not there")
        demand(set(hop.ids) <= set(leave.ids) and set(hop.to.orgs) <= set(leave.audience), "E_CHAIN", "more than was permitted")
        demand(hop.org_id == leave.forwarder, "E_CHAIN", "permitted to another")
        demand(leave.time_us <= hop.time_us < leave.expires_us, "E_CHAIN", "not permitted then")
    else:
        demand((hop.basis == GROUP) == bool(through), "E_CHAIN", "the rule of groups counts for what came through them, and for nothing else")
        demand(all(one.onward == audiences.LABEL_ALLOWS for one in through), "E_CHAIN", "a group lets nothing go on")
        demand(hop.label <= AMBER, "E_TLP", "the label goes no further")
        demand(not constraints.orcon, "E_CHAIN", "the origin wants to be asked")
        demand(constraints.hop_limit is None or place <= constraints.hop_limit, "E_CHAIN", "too many hops")


def check_chain(forwards, permissions, ids, bodies, to, parties, groups, now):
    """The hops, first one first. `ids`, `bodies` and `to` are the statements'."""
    origin = bodies[0].origin
    permitted = check_permissions(permissions, origin, parties, now)
    hops, reached = [], {origin, *to.orgs}
    for place, signed in enumerate(forwards, 1):
        hop = read_hop(signed, bodies[0].constraints, parties, groups, now)
        check_hop(hop, hops[-1] if hops else None, ids, bodies, now)
        demand(hop.org_id in reached, "E_CHAIN", "passed on by whom it did not reach")
        demand(hop.org_id not in {one.org_id for one in hops} and (place == 1 or hop.org_id != origin), "E_CHAIN", "a second time")
        through = [one.document for one in (to, *(before.to for before in hops)) if one.document]
        check_basis(hop, place, bodies[0], through, permitted)
        hops.append(hop)
        reached = set(hop.to.orgs)
    demand(set(permitted) == {hop.permission_id for hop in hops} - {b""}, "E_CHAIN", "a permission that no hop names")
    return hops
