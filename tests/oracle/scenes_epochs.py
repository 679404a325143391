"""Scenes of what may be done under an epoch at each moment of its life: docs/formats/epoch.md, *States* and *Catch-up and re-wrap*."""

import make_scenes  # noqa: F401  it knows where docs/formats/examples is
from building_blocks import sha256
from groups import OF_EPOCH
from identity import DAY, HOUR
from make_scenes import A, B, C, MINUTE, READER, Scene, Version, members

OPEN, EPOCH, STALE, FREEZE = "ADMITTED", "E_EPOCH", "E_EPOCHSTALE", "E_FREEZE"
HALF, GRACE = 12 * HOUR, HOUR


def began(name, logged=True, **changes):
    """A scene in which epoch 1, of a day, counts."""
    scene = Scene(name, **changes).begin()
    return scene, scene.epoch(scene.made(1, -HOUR, DAY), logged=logged)


def alone():
    scene = Scene("an-epoch-that-nobody-logs")
    scene.version(scene.first)
    scene.ask(0, "E_MEMBERHASH", who=[C], are_in=["E_MEMBERHASH"])
    scene.entry(1, scene.first.document.hash)
    scene.ask(0, STALE, who=[C], are_in=[OPEN])
    one = scene.epoch(scene.made(1, 5 * MINUTE, DAY))
    for at, seals, opens in ((0, STALE, EPOCH), (5 * MINUTE + HOUR - 1, STALE, EPOCH), (5 * MINUTE + HOUR, one, OPEN), (DAY - 1, one, OPEN),
                             (DAY, STALE, OPEN), (4 * DAY - 1, STALE, OPEN), (4 * DAY, STALE, STALE)):
        scene.ask(at, seals, (one, opens))
    scene.ask(7 * DAY - HOUR, FREEZE, (one, STALE), who=[C], are_in=[FREEZE])

    scene = Scene("an-epoch-that-is-logged").begin()
    one = scene.epoch(scene.made(1, 5 * MINUTE, 6 * DAY), logged=True)
    scene.ask(0, STALE, (one, OPEN))  # the skew is for who reads
    scene.ask(5 * MINUTE - 1, STALE, (one, OPEN))
    scene.ask(5 * MINUTE, one, (one, OPEN))
    scene.ask(7 * DAY - HOUR - 1, STALE, (one, OPEN))
    scene.ask(7 * DAY - HOUR, FREEZE, (one, FREEZE))

    scene = Scene("an-epoch-that-came-late").begin()
    one = scene.epoch(scene.made(1, -HALF, DAY), 20 * MINUTE)
    scene.ask(20 * MINUTE + HOUR - 1, STALE, (one, EPOCH))
    scene.ask(20 * MINUTE + HOUR, one, (one, OPEN))

    scene = Scene("a-log-that-names-an-epoch-that-nobody-has").begin()
    one = scene.epoch(scene.made(1, -HALF, DAY))
    scene.entry(OF_EPOCH, sha256(b"made up"))
    scene.ask(HOUR - 1, STALE, (one, EPOCH))
    scene.ask(HOUR, one, (one, OPEN))

    scene = Scene("a-log-that-names-an-epoch-of-another-number").begin()
    two = scene.epoch(scene.made(2, -HOUR, DAY), logged=True)  # as number 1
    scene.ask(0, STALE, (two, EPOCH))
    scene.ask(HOUR, two, (two, OPEN))

    scene = Scene("a-suite-that-nobody-knows", _10=2).begin()
    one = scene.epoch(scene.made(1, -HOUR, DAY, suite=2), logged=True)
    scene.ask(0, "E_SUITE", (one, OPEN))


def two():
    scene, one = began("the-next-epoch")
    second = scene.epoch(scene.made(2, HALF, 2 * DAY, behind=one), HALF - 5 * MINUTE, logged=True)
    scene.ask(HALF - 1, one, (one, OPEN), (second, OPEN))
    scene.ask(HALF, second, (one, OPEN), (second, OPEN))
    scene.ask(HALF + GRACE - 1, second, (one, OPEN), (second, OPEN))
    scene.ask(HALF + GRACE, second, (one, STALE), (second, OPEN))
    scene.sweep(HALF + GRACE)
    scene.take("epoch", one[2], HALF + GRACE)  # a tombstone, which it does not wake
    scene.rewrap(one, HALF + GRACE, STALE)
    scene.ask(HALF + GRACE, second, (one, STALE))

    scene, one = began("the-next-epoch-unlogged")
    second = scene.epoch(scene.made(2, HALF, 2 * DAY, behind=one, grace_s=7200), HALF)
    scene.ask(HALF + HOUR - 1, one, (one, OPEN), (second, EPOCH))
    scene.ask(HALF + HOUR, second, (one, OPEN), (second, OPEN))
    scene.ask(HALF + 2 * HOUR, second, (one, STALE), (second, OPEN))

    scene, one = began("the-next-epoch-without-grace")
    second = scene.epoch(scene.made(2, HALF, 2 * DAY, behind=one, grace_s=0), HALF, logged=True)
    scene.ask(HALF, second, (one, STALE), (second, OPEN))

    scene, one = began("the-end-of-an-epoch-is-near")
    last = DAY - (DAY + HOUR) // 20
    scene.ask(last, one, (one, OPEN))  # nothing is behind it yet
    second = scene.epoch(scene.made(2, last + 9 * MINUTE, 2 * DAY, behind=one), last, logged=True)
    scene.ask(last - 1, one, (one, OPEN))
    scene.ask(last, STALE, (one, OPEN))
    scene.ask(last + 9 * MINUTE, second, (one, OPEN))

    scene, one = began("the-next-but-one")
    second = scene.epoch(scene.made(2, HALF, 2 * DAY, behind=one), HALF)
    third = scene.epoch(scene.made(3, HALF, 2 * DAY, behind=second, grace_s=7200), HALF)
    scene.ask(HALF, one, (one, OPEN), (second, EPOCH), (third, EPOCH))
    scene.ask(HALF + HOUR, third, (one, STALE), (second, OPEN), (third, OPEN))


def races():
    for logged, counts in ((None, 0), (0, 0), (1, 1)):
        scene, one = began(f"two-epochs-of-one-number-{'unlogged' if logged is None else 'logged-' + 'AB'[logged]}")
        both = [scene.epoch(scene.made(2, HALF, 2 * DAY, behind=one, who=who), HALF) for who in (A, B)]
        scene.ask(HALF, one, *((made, EPOCH) for made in both))
        if logged is not None:
            scene.entry(OF_EPOCH, both[logged][1].id, HALF)
            scene.ask(HALF, both[counts], *((made, OPEN) for made in both))
        scene.ask(HALF + HOUR, both[counts], *((made, OPEN) for made in both))

    scene, one = began("the-first-in-turn-comes-later")
    late = scene.epoch(scene.made(2, HALF, 2 * DAY, behind=one, who=B), HALF)
    first = scene.epoch(scene.made(2, HALF, 2 * DAY, behind=one), HALF + HOUR // 2)
    scene.ask(HALF + HOUR - 1, one, (late, EPOCH), (first, EPOCH))
    scene.ask(HALF + HOUR, late, (late, OPEN), (first, OPEN))
    scene.ask(HALF + HOUR + HOUR // 2, first, (late, OPEN), (first, OPEN))

    scene, one = began("an-issuer-of-two")
    second = scene.epoch(scene.made(2, -MINUTE, DAY, behind=one), 0)
    other = scene.made(2, -MINUTE, DAY, behind=one, variant="other")
    scene.epoch(other, 0, "E_EQUIV")
    scene.entry(OF_EPOCH, other[1].id)
    scene.ask(0, one, (second, EPOCH), (other, EPOCH))
    scene.epoch(other, 0)
    scene.ask(0, other, (second, OPEN), (other, OPEN))


def past():
    scene, one = began("an-older-epoch-that-was-asked-for")
    second, third = scene.made(2, -MINUTE, HOUR, behind=one), scene.made(3, -MINUTE, DAY, behind=one)
    scene.epoch(third, 0, "E_IDCHAIN")  # a gap
    scene.epoch(second, 0, logged=True)
    rival = scene.made(1, -2 * HOUR, HOUR, who=B)
    scene.epoch(rival, 0, STALE)
    scene.epoch(rival, HOUR + DAY, STALE, asked=True)
    scene.epoch(rival, HOUR + DAY - 1, asked=True)
    # It drained when the second began, so that it has three days from its coming.
    scene.ask(HOUR + DAY, STALE, (rival, OPEN))
    scene.ask(HOUR + 4 * DAY - 2, STALE, (rival, OPEN))
    scene.ask(HOUR + 4 * DAY - 1, STALE, (rival, STALE))

    scene = Scene("the-first-epoch-of-who-joins").begin()
    scene.epoch(scene.made(129, -HOUR, DAY), 0, "E_IDCHAIN")
    one = scene.epoch(scene.made(128, -HOUR, DAY, previous_commit=sha256(b"before")))
    scene.ask(HOUR, one, (one, OPEN))

    scene = Scene("re-wrapped-late").begin()
    one = scene.epoch(scene.made(1, -HOUR, 2 * HOUR, slot=False), 0, "E_NOSLOT", logged=True)
    second = scene.epoch(scene.made(2, HOUR, DAY, behind=one), HOUR, logged=True)
    scene.ask(HOUR, second, (one, EPOCH))
    scene.sweep(20 * HOUR)
    scene.rewrap(one, 20 * HOUR)
    scene.ask(20 * HOUR + 3 * DAY - 1, STALE, (one, OPEN))
    scene.ask(20 * HOUR + 3 * DAY, STALE, (one, STALE))
    scene.rewrap(one, 2 * HOUR + DAY + 1)  # its secret is here: nothing else is asked

    for name, at, swept, expected in (("at-the-end-of-the-window", DAY + 2 * HOUR, False, STALE), ("just-before", DAY + 2 * HOUR - 1, False, OPEN),
                                      ("swept", DAY + 2 * HOUR, True, STALE)):
        scene = Scene(f"re-wrapped-{name}").begin()
        one = scene.epoch(scene.made(1, -HOUR, 2 * HOUR, slot=False), 0, "E_NOSLOT", logged=True)
        scene.epoch(scene.made(2, HOUR, DAY, behind=one), HOUR, logged=True)
        if swept:
            scene.sweep(at)
        scene.rewrap(one, at, expected)

    scene = Scene("re-wrapped-behind-an-end-without-grace").begin()
    one = scene.epoch(scene.made(1, -HOUR, 2 * HOUR, slot=False), 0, "E_NOSLOT", logged=True)
    second = scene.epoch(scene.made(2, HOUR, DAY, behind=one, grace_s=0), HOUR, logged=True)
    scene.rewrap(one, 2 * HOUR)
    scene.ask(2 * HOUR, second, (one, STALE))

    scene = Scene("re-wrapped-to-who-was-out").begin()
    one = scene.epoch(scene.made(1, -HOUR, DAY, slot=False), 0, "E_NOSLOT", logged=True)
    out = Version({"_8": members(A, B, C)}, scene.first)
    scene.counts(out, MINUTE)
    scene.rewrap(one, MINUTE, "E_NOTMEMBER")
    back = Version({"_8": members(A, B, C, READER)}, out)
    scene.counts(back, 2 * HOUR)
    scene.rewrap(one, 2 * HOUR, "E_NOTMEMBER", back)
    second = scene.epoch(scene.made(9, HOUR, DAY, back, behind=one), 2 * HOUR, logged=False)
    scene.ask(3 * HOUR, second, (second, OPEN), who=[READER], are_in=[OPEN])


for tell in (alone, two, races, past):
    tell()
