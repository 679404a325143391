"""Scenes of who is in a group: leaves, members that come and go, and a log whose keeper stalls or signs two orders. docs/formats/membership.md."""

import make_scenes  # noqa: F401  it knows where docs/formats/examples is
from building_blocks import message, sha256
from damages import flip, put, rewrite
from golden_membership import bent
from groups import OF_EPOCH, OF_MEMBERSHIP
from identity import DAY, HOUR, SKEW
from make_scenes import A, B, C, MINUTE, NEW, READER, Scene, Version, members
from scenes_epochs import OPEN, STALE, began

OUT, ISSUER, EQUIV, HASH, CHAIN, FREEZE = "E_NOTMEMBER", "E_ISSUER", "E_EQUIV", "E_MEMBERHASH", "E_IDCHAIN", "E_FREEZE"


def leave_variants():
    """Each against a group of one version, which none of them changes."""
    scene, one = began("a-bad-leave")
    for reason, stage, change in (
            ("E_PARSE", "leave", put(6, 1)), ("E_LIMIT", "leave", put(100, bytes(1024))), ("E_PARSE", "leave", put(4, 0)),
            ("E_PARSE", "leave", put(5, 0)), ("E_PARSE", "leave", put(3, bytes(31))), ("E_PARSE", "leave", put(1, bytes(33))),
            ("E_PARSE", "leave", put(2, b"")), ("E_PARSE", "leave_bytes", rewrite(lambda body: body + message((4, 1)))),
            ("E_PARTY", "leave", put(3, sha256(b"x"))), (HASH, "leave", put(4, 2)), (OUT, "leave", put(1, NEW.org)),
            ("E_NOKEY", "leave", put(2, sha256(b"nobody"))), ("E_KEYUSE", "leave", put(2, C.admin.id)),
            ("E_SIG", "signed_leave", flip(-30))):
        scene.leave(C, 0, reason, bend=lambda here, value, stage=stage, change=change: change(value, None) if here == stage else value)
    scene.leave(C, 0, "E_TIME", said=SKEW + 1)
    scene.leave(C, 0, "E_TIME", said=-40 * DAY)  # before its key counts
    scene.ask(0, one, (one, OPEN), who=[C], are_in=[OPEN])


def leaving():
    leave_variants()
    scene, one = began("a-member-leaves")
    scene.leave(C, HOUR, bend=bent("leave", put(100, b"later")))
    scene.leave(C, 2 * HOUR)  # one is enough
    scene.ask(2 * HOUR, STALE, (one, OPEN), who=[B, C, READER], are_in=[OPEN, OUT, OPEN])
    before = scene.epoch(scene.made(2, HOUR - 1, DAY, behind=one, reason=3), 2 * HOUR, logged=True)
    scene.ask(2 * HOUR, STALE, (before, OPEN))
    behind = scene.epoch(scene.made(3, HOUR, DAY, behind=before, reason=3), 2 * HOUR, logged=True)
    scene.ask(2 * HOUR, behind, (behind, OPEN))
    still = Version({}, scene.first)
    scene.counts(still, 3 * HOUR)
    scene.ask(3 * HOUR, behind, (behind, OPEN), who=[C], are_in=[OUT])
    gone = Version({"_8": members(A, B, READER)}, still)
    scene.counts(gone, 4 * HOUR)
    scene.leave(C, 4 * HOUR, OUT, version=3)
    back = Version({"_8": members(A, B, C, READER)}, gone)
    scene.counts(back, 5 * HOUR)
    scene.ask(5 * HOUR, behind, (behind, OPEN), who=[C], are_in=[OPEN])
    scene.leave(C, 5 * HOUR, "E_ROLLBACK", said=HOUR)
    scene.leave(C, 5 * HOUR, "E_ROLLBACK", version=3)
    scene.leave(C, 5 * HOUR, version=4)
    scene.ask(5 * HOUR, STALE, (behind, OPEN), who=[C], are_in=[OUT])

    scene, one = began("the-reader-leaves")
    scene.leave(READER, HOUR)
    scene.ask(HOUR, OUT, (one, OUT), who=[READER], are_in=[OUT])


def coming_and_going():
    scene, one = began("a-member-is-taken-out")
    gone = Version({"_8": members(A, B, READER)}, scene.first)
    rival = scene.made(1, -2 * HOUR, DAY, who=B)
    scene.version(gone)
    scene.ask(0, one, (one, OPEN), who=[C], are_in=[OPEN])  # announced
    scene.entry(OF_MEMBERSHIP, gone.document.hash)
    scene.ask(0, STALE, (one, OPEN), who=[C], are_in=[OUT])
    scene.epoch(rival, 0, HASH)
    scene.epoch(rival, 0, asked=True)
    second = scene.epoch(scene.made(2, -HOUR, DAY, gone, behind=one, reason=4), 0, logged=True)
    scene.ask(0, second, (second, OPEN), (rival, OPEN))  # it came late

    scene, one = began("a-member-comes")
    more = Version({"_8": members(A, B, C, READER, NEW)}, scene.first)
    scene.counts(more)
    scene.ask(0, one, (one, OPEN), who=[NEW], are_in=[OPEN])
    scene.epoch(scene.made(2, -HOUR, DAY, behind=one), 0, HASH)  # of the version before, unasked
    second = scene.epoch(scene.made(2, -HOUR, DAY, more, behind=one, reason=2), 0, logged=True)
    scene.ask(0, second, (second, OPEN))

    scene, one = began("other-issuers")
    fewer = Version({"_7": [B.org]}, scene.first)
    scene.counts(fewer)
    scene.epoch(scene.made(2, -HOUR, DAY, fewer, behind=one), 0, ISSUER)
    scene.epoch(scene.made(2, -HOUR, DAY, behind=one), 0, HASH)
    second = scene.epoch(scene.made(2, -HOUR, DAY, fewer, who=B, behind=one), 0, logged=True)
    scene.ask(0, second, (second, OPEN))

    scene, one = began("the-reader-comes-back")
    out = Version({"_8": members(A, B, C)}, scene.first)
    scene.counts(out)
    scene.ask(0, OUT, (one, OUT), who=[READER], are_in=[OUT])
    back = Version({"_8": members(A, B, C, READER)}, out)
    scene.counts(back, HOUR)
    scene.epoch(scene.made(130, 0, DAY, back), HOUR, CHAIN)
    again = scene.epoch(scene.made(9, 0, DAY, back), HOUR)
    scene.epoch(scene.made(11, 0, DAY, back), HOUR, CHAIN)
    scene.ask(2 * HOUR, again, (again, OPEN), (one, STALE))


def taken_over():
    """The keeper of the log stalls until the version before has expired: the next one's keeper logs it."""
    end = 7 * DAY - HOUR
    scene, _ = began("a-log-is-taken-over", _6=2)
    second = Version({"_9": B.org, "_18": scene.first.fields[18] + 6 * DAY, "_19": scene.first.fields[19] + 6 * DAY}, scene.first)
    scene.version(second, 6 * DAY)
    scene.entry(OF_MEMBERSHIP, second.document.hash, end - 1, ISSUER, B, keep=False)
    scene.entry(OF_MEMBERSHIP, second.document.hash, end, ISSUER, B, keep=False, said=end - 1)  # signed before
    scene.entry(OF_MEMBERSHIP, second.document.hash, end - 1, ISSUER, B, keep=False, said=end)  # taken before
    scene.entry(OF_MEMBERSHIP, sha256(b"nobody's"), end, ISSUER, B, keep=False)
    scene.entry(OF_EPOCH, sha256(b"an epoch"), end, ISSUER, B, keep=False)
    scene.entry(OF_MEMBERSHIP, second.document.hash, end, ISSUER, C, keep=False)
    late = scene.log.entry(A, OF_MEMBERSHIP, second.document.hash, make_scenes.NOW + 6 * DAY, keep=False)
    scene.entry(OF_MEMBERSHIP, second.document.hash, end, OPEN, B)
    scene.take("entry", late, end, ISSUER)  # its place was taken over
    scene.entry(OF_EPOCH, sha256(b"an epoch"), end, ISSUER, A, keep=False)
    scene.entry(OF_EPOCH, sha256(b"an epoch"), end, OPEN, B)
    scene.take("membership", scene.first.signed, end, "E_ROLLBACK")
    scene.ask(end, STALE, who=[A, B], are_in=[OPEN, OPEN])

    scene, _ = began("who-took-a-log-over-signs-two-orders", _6=2)
    second = Version({"_9": B.org, "_18": scene.first.fields[18] + 6 * DAY, "_19": scene.first.fields[19] + 6 * DAY}, scene.first)
    scene.version(second, end, FREEZE)  # it is taken all the same
    other = scene.log.entry(B, OF_MEMBERSHIP, sha256(b"x"), make_scenes.NOW + end, keep=False)
    scene.entry(OF_MEMBERSHIP, second.document.hash, end, OPEN, B)
    scene.take("entry", other, end, EQUIV)
    scene.ask(end, STALE, who=[C], are_in=[OPEN])


def awaited():
    scene, one = began("an-entry-whose-document-nobody-has")
    second = Version({}, scene.first)
    scene.entry(OF_MEMBERSHIP, sha256(b"made up"), keep=False)
    scene.entry(OF_MEMBERSHIP, sha256(b"made up, too"), 0, EQUIV, keep=False)  # it waits, too
    scene.version(second)
    scene.ask(0, one, (one, OPEN), who=[C], are_in=[OPEN])
    scene.entry(OF_MEMBERSHIP, second.document.hash, 0, ISSUER, B, keep=False)
    scene.entry(OF_MEMBERSHIP, second.document.hash)  # gives way to this
    scene.entry(OF_EPOCH, sha256(b"an epoch"))
    scene.take("membership", second.signed, 0)

    scene, _ = began("an-entry-before-its-document")
    second = Version({}, scene.first)
    scene.entry(OF_MEMBERSHIP, second.document.hash)
    scene.entry(OF_EPOCH, sha256(b"an epoch"), 0, HASH, keep=False)
    scene.version(Version({"_4": "another"}, scene.first))  # announced beside it
    scene.version(second)
    scene.entry(OF_EPOCH, sha256(b"an epoch"))
    scene.version(Version({"_4": "another"}, scene.first), 0, CHAIN)

    scene, _ = began("an-entry-whose-document-nobody-has-is-taken-over", _6=2)
    end = 7 * DAY - HOUR
    second = Version({"_9": B.org, "_18": scene.first.fields[18] + 6 * DAY, "_19": scene.first.fields[19] + 6 * DAY}, scene.first)
    scene.version(second, 6 * DAY)
    scene.entry(OF_MEMBERSHIP, sha256(b"made up"), 6 * DAY, keep=False)
    scene.entry(OF_MEMBERSHIP, second.document.hash, end, OPEN, B)
    scene.ask(end, STALE, who=[C], are_in=[OPEN])


def two_orders():
    scene, _ = began("two-documents-of-one-version")
    second, other = Version({}, scene.first), Version({"_4": "another"}, scene.first)
    for one in (second, other):
        scene.version(one)
    scene.entry(OF_MEMBERSHIP, second.document.hash)
    scene.version(other, 0, CHAIN)  # it lost, which is no evidence
    scene.entry(OF_MEMBERSHIP, other.document.hash, 0, EQUIV, keep=False, bend=bent("entry", put(7, 2)))
    scene.version(other, 0, EQUIV)
    scene.entry(OF_EPOCH, sha256(b"an epoch"), MINUTE)

    scene, one = began("two-epochs-of-one-number-in-the-log")
    scene.entry(OF_EPOCH, sha256(b"another"), 0, EQUIV, keep=False, bend=bent("entry", put(7, 1)))
    scene.entry(OF_EPOCH, one[1].id, 0, CHAIN, keep=False, bend=bent("entry", put(7, 1)))  # once more
    scene.ask(0, one, (one, OPEN))

    scene = Scene("a-first-entry-of-another-group's-document")
    scene.version(scene.first)
    scene.entry(OF_MEMBERSHIP, sha256(b"x"), 0, CHAIN, keep=False)
    scene.entry(OF_MEMBERSHIP, scene.first.document.hash)
    scene.ask(0, STALE, who=[C], are_in=[OPEN])


for tell in (leaving, coming_and_going, taken_over, awaited, two_orders):
    tell()
