"""Which epochs of a group count, and for what: docs/formats/epoch.md, *States*. `member` is an epochs.Member."""

from building_blocks import SUITE
from groups import OF_EPOCH
from identity import DAY, HOUR, SKEW
from refusal import demand

SECOND = 10**6
ANNOUNCED, ACTIVE, DRAINING, DESTROYED = "ANNOUNCED", "ACTIVE", "DRAINING", "DESTROYED"
UNLOGGED, DRAIN, LAST = HOUR, 3 * DAY, (95, 100)


def logged(member, number):
    """The epoch that the log names, where it is on file."""
    entry = member.group.entries(OF_EPOCH).get(number)
    return next((one for one in member.epochs if entry and (one.id, one.epoch) == (entry.subject, number)), None)


def turn(member, epoch):
    return member.group.version(epoch.membership_version).issuers.index(epoch.issuer)


def in_force(member, number, now):
    """The one of this number that counts."""
    named = logged(member, number)
    old = [one for one in member.epochs if one.epoch == number and max(one.not_before_us, one.came) + UNLOGGED <= now]
    begun = [one for one in ([named] if named else old) if one.not_before_us <= now]
    return min(begun, key=lambda one: turn(member, one), default=None)


def latest(member, now):
    """The one of the highest number that counts, or the first in turn."""
    number = max((one.epoch for one in member.epochs), default=None)
    same = [one for one in member.epochs if one.epoch == number]
    return in_force(member, number, now) or min(same, key=lambda one: turn(member, one), default=None)


def behind(member, epoch, now):
    """The next one that is ACTIVE or was."""
    numbers = sorted({one.epoch for one in member.epochs if one.epoch > epoch.epoch})
    return next(filter(None, (in_force(member, number, now) for number in numbers)), None)


def drain_until(member, epoch, now):
    after = behind(member, epoch, now)
    end, grace = epoch.not_after_us, DRAIN
    if after:
        end, grace = min(end, after.not_before_us), after.grace_s * SECOND
    late = grace and epoch.opened is not None and epoch.opened >= end + grace
    return epoch.opened + DRAIN if late else end + grace


def state(member, epoch, now):
    """For who reads: what begins within the skew has begun."""
    now = max(now, min(now + SKEW, epoch.not_before_us))
    if epoch.destroyed or now >= drain_until(member, epoch, now):
        return DESTROYED
    if epoch.id not in member.secrets or now < epoch.not_before_us:
        return ANNOUNCED
    if now >= epoch.not_after_us or behind(member, epoch, now):
        return DRAINING
    force = in_force(member, epoch.epoch, now)
    if force is epoch:
        return ACTIVE
    return DRAINING if force or logged(member, epoch.epoch) else ANNOUNCED


def to_seal_under(member, now):
    """The one epoch that is sealed under."""
    group = member.group
    group.check_fresh(now)
    demand(group.newest.suite == int.from_bytes(SUITE, "big"), "E_SUITE", "the group's suite")
    demand(group.is_in(member.org), "E_NOTMEMBER", "no member any more")
    numbers = sorted({one.epoch for one in member.epochs}, reverse=True)
    epoch = next(filter(None, (in_force(member, number, now) for number in numbers)), None)
    demand(epoch is not None, "E_EPOCHSTALE", "no epoch counts")
    demand(epoch.id in member.secrets and now < epoch.not_after_us, "E_EPOCHSTALE", "it has ended, or its secret is not held")
    life, lived = epoch.not_after_us - epoch.not_before_us, now - epoch.not_before_us
    demand(lived * LAST[1] < life * LAST[0] or epoch.epoch == numbers[0], "E_EPOCHSTALE", "its end is near and the next is there")
    orgs = group.version(epoch.membership_version).orgs
    left = [org for org in orgs if group.has_left(org) and group.leaves[org].time_us > epoch.not_before_us]
    demand(not left and set(orgs) <= set(group.newest.orgs), "E_EPOCHSTALE", "somebody who is out has it")
    return epoch


def sweep(member, now):
    """Destroys what has drained, but what an issuer keeps for others and what waits for a re-wrap."""
    newest = member.group.newest
    keep = newest.catch_up_s * SECOND if newest else 0
    for epoch in member.epochs:
        waits = epoch.unopened and epoch.id not in member.secrets
        kept = epoch.not_after_us + keep if keep and (waits or newest and member.org in newest.issuers) else 0
        if not epoch.destroyed and now >= max(drain_until(member, epoch, now), kept):
            epoch.destroyed = True
            member.secrets.pop(epoch.id, None)
