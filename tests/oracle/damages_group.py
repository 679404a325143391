"""What is bent in group envelopes and in what is addressed to a group, and the one reason for which docs/formats says every reader refuses it.
Steps 2 to 28 and 30 to 33; damages_group_passing has what goes on from a group and into one.

A row is built from what `said` or `noticed` makes, with one part of it bent or with other terms, and sealed under an epoch or, without
one, to the reader's prekey."""

import dataclasses
import typing

import make_story as story
from building_blocks import labelled_hash, message, sha256, u16
from damages import flip, plus, put, rewrite
from identity import DAY, HOUR
from make import Author, GroupAudience, straight
from make_notices import Notices
from make_passing import Passed
from make_story import A, B, ENERGY, EXERCISE, GONE, MIDDLE, MINUTE, NEW, ORIGIN, READER, WORD
from world import NOW, fixed

ENERGY_3, EXERCISE_2 = ENERGY.audiences[3], EXERCISE.audiences[2]
GREEN, AMBER, AMBER_STRICT, RED = 2, 3, 4, 5


@dataclasses.dataclass
class Row:
    reason: str
    made: typing.Callable  # bend -> what is sealed
    bend: typing.Callable
    epoch: tuple           # (secret, epoch), None in direct mode
    sealer: object
    sealed_at: int
    behind: int            # of story.STORY, at the reader
    at: int

    def sealed(self):
        return self.made(self.bend).sealed(self.sealer, story.SLOT, self.sealed_at, self.epoch)

    def proof(self):
        """Of its first statement."""
        return self.made(self.bend).proof()


TABLE = {}


def row(name, reason, made, bend=straight, epoch=ENERGY.epochs[2], sealer=A, sealed_at=NOW, behind=story.USUAL, at=NOW):
    assert name not in TABLE, name
    TABLE[name] = Row(reason, made, bend, epoch, sealer, sealed_at, behind, at)


def direct(name, reason, made, **more):
    row(name, reason, made, epoch=None, **more)


def bent(stage, change, index=None):
    return lambda here, value, *place: change(value, None) if here == stage and (index is None or place[0] == index) else value


def draw(name, size):
    return fixed(f"random {name}", size)


def said(audience=ENERGY_3, origin=A, hops=(), permitted=None, contents=1, at=NOW, constraints=None, exercise=None):
    """A batch for `audience`; `hops`: (who, audience, terms) of each forward; `permitted`: whom the origin lets pass it on, and to whom."""
    def made(bend):
        limits, terms = {1: GREEN}, {}
        if isinstance(audience, GroupAudience):
            limits, terms = {1: GREEN, 13: audience.group}, {16: [audience.field]}
        in_exercise = audience.group == EXERCISE.group if exercise is None and terms else bool(exercise)
        limits.update({16: WORD} if in_exercise else {})
        author = Author(origin, origin.signer, at, draw, bend, exercise=in_exercise, terms=terms)
        passed = Passed(author, [b'{"type":"indicator","n":%d}' % i for i in range(contents)], audience, {**limits, **(constraints or {})})
        if permitted:
            passed.permit(origin, *permitted)
        for who, to, terms in hops:
            passed.forward(who, to, **terms)
        return passed
    return made


def joint(origin=A, cosigners=(MIDDLE,)):
    """Two vouch, of whom one is no member."""
    def made(bend):
        terms = {16: [ENERGY_3.field], 17: message((1, sorted([A.org, MIDDLE.org])), (2, 2))}
        author = Author(origin, origin.signer, NOW, draw, bend, terms=terms)
        passed = Passed(author, [b"{}"], ENERGY_3, {1: GREEN, 13: ENERGY.group})
        for who in cosigners:
            passed.cosign(who)
        return passed
    return made


def noticed(recall=True, receipt_to=None, **terms):
    def made(bend):
        notices = Notices(draw, NOW, bend)
        if recall:
            notices.recall(A, [sha256(b"target")], [A], **terms)
        return notices.receipt(B, receipt_to, [sha256(b"target")]) if receipt_to else notices
    return made


def earlier(hours):
    return lambda header, _: {**header, "created": plus(header["created"], -hours), "expires": plus(header["expires"], -hours)}


def audience_of(group, version, membership_hash):
    return said(GroupAudience(group, version, membership_hash))


# What holds.
row("statement", "ADMITTED", said())
row("statements", "ADMITTED", said(contents=2))
row("statement-sealed-by-another-member", "ADMITTED", said(), sealer=B)
row("statement-of-another-member", "ADMITTED", said(origin=B))
row("statement-of-an-exercise", "ADMITTED", said(EXERCISE_2), epoch=EXERCISE.epochs[2])
row("under-an-epoch-of-fewer-members", "ADMITTED", said(EXERCISE_2), epoch=EXERCISE.epochs[1])
row("for-the-version-before", "ADMITTED", said(ENERGY.audiences[2]), epoch=ENERGY.epochs[1])
row("statement-of-who-is-in-with-who-is-not", "ADMITTED", joint())
direct("direct", "ADMITTED", said())
direct("direct-of-the-version-before", "ADMITTED", said(ENERGY.audiences[2]))
direct("direct-sealed-by-another-member", "ADMITTED", said(), sealer=B)
direct("direct-sealed-by-who-is-out-since", "E_NOTMEMBER", said(ENERGY.audiences[2]), sealer=GONE)
direct("direct-of-a-group-that-expired", "E_FREEZE", said(EXERCISE_2), at=NOW + 2 * DAY + HOUR)

# Steps 2 to 5.
row("with-a-slot", "E_HEADER", said(), bent("header", lambda h, _: {**h, "n_slots": u16(1)}))
row("with-flags", "E_HEADER", said(), bent("header", lambda h, _: {**h, "flags": b"\1"}))
row("of-direct-mode", "E_HEADER", said(), bent("header", lambda h, _: {**h, "mode": b"\1"}))
row("without-a-chunk", "E_HEADER", said(), bent("wire", rewrite(lambda wire: wire[:83 + 32 + 15])))
row("of-suite-2", "E_SUITE", said(), bent("header", lambda h, _: {**h, "suite": u16(2)}))
row("expired", "E_TIME", said(), bent("header", lambda h, _: {**h, "created": plus(h["created"], -1), "expires": h["created"]}))
row("from-the-future", "E_TIME", said(), bent("header", earlier(-2)))
row("that-lives-too-long", "E_TIME", said(), bent("header", lambda h, _: {**h, "expires": plus(h["expires"], 1)}))

# Steps 7 and 8: which epoch, and when.
row("of-no-epoch", "E_EPOCH", said(), bent("header", lambda h, _: {**h, "route_tag": sha256(b"x")[:16]}))
row("to-who-follows-no-group", "E_EPOCH", said(), behind=0)
row("under-an-epoch-that-has-not-come", "E_EPOCH", said(), epoch=ENERGY.epochs[3])
row("under-an-epoch-that-nobody-logged", "E_EPOCH", said(), epoch=ENERGY.epochs[3], behind=story.WITH_THE_THIRD)
row("just-under-an-hour-after-it-came", "E_EPOCH", said(), epoch=ENERGY.epochs[3], behind=story.WITH_THE_THIRD, at=NOW + HOUR - 1)
row("an-hour-after-it-came", "ADMITTED", said(), epoch=ENERGY.epochs[3], behind=story.WITH_THE_THIRD, at=NOW + HOUR)
row("before-the-next-epoch-counts", "ADMITTED", said(), behind=story.WITH_THE_THIRD, at=NOW + HOUR - 1)
row("behind-the-next-epoch-and-its-grace", "E_EPOCHSTALE", said(), behind=story.WITH_THE_THIRD, at=NOW + HOUR)
row("under-the-other-epoch-of-a-number", "ADMITTED", said(EXERCISE_2), epoch=story.RIVAL)
row("eleven-minutes-before-its-epoch", "E_EPOCH", said(EXERCISE_2, at=NOW - 6 * MINUTE), epoch=EXERCISE.epochs[2],
    sealed_at=NOW - 6 * MINUTE, at=NOW - 6 * MINUTE)
row("drained", "E_EPOCHSTALE", said(ENERGY.audiences[2]), epoch=ENERGY.epochs[1], at=NOW + 2 * DAY - HOUR)
row("draining", "ADMITTED", said(ENERGY.audiences[2]), epoch=ENERGY.epochs[1], at=NOW + 2 * DAY - HOUR - 1)
row("drained-without-a-next-epoch", "E_EPOCHSTALE", said(), at=NOW + 5 * DAY)
row("draining-without-a-next-epoch", "ADMITTED", said(), at=NOW + 5 * DAY - 1)
row("made-in-the-hour-in-which-its-epoch-begins", "ADMITTED", said(), bent("header", earlier(1)))
row("made-before-that-hour", "E_EPOCHSTALE", said(), bent("header", earlier(2)))
row("made-in-the-hour-at-whose-end-its-epoch-begins", "ADMITTED", said(ENERGY.audiences[2]), bent("header", earlier(4)), epoch=ENERGY.epochs[1])
row("made-an-hour-before-that", "E_EPOCHSTALE", said(ENERGY.audiences[2]), bent("header", earlier(5)), epoch=ENERGY.epochs[1])
row("made-in-the-hour-that-begins-when-its-epoch-ends", "ADMITTED", said(ENERGY.audiences[2]), bent("header", earlier(-1)),
    epoch=ENERGY.epochs[1], at=NOW + 40 * MINUTE)
row("made-in-the-hour-in-which-its-epoch-ends", "ADMITTED", said(), sealed_at=NOW + 2 * DAY, at=NOW + 2 * DAY)
row("made-behind-that-hour", "E_EPOCHSTALE", said(), sealed_at=NOW + 2 * DAY + HOUR, at=NOW + 2 * DAY + HOUR)
row("when-the-membership-expires", "E_FREEZE", said(EXERCISE_2), epoch=EXERCISE.epochs[2], at=NOW + 2 * DAY + HOUR)
row("before-the-membership-expires", "ADMITTED", said(EXERCISE_2), epoch=EXERCISE.epochs[2], at=NOW + 2 * DAY + HOUR - 1)
row("to-who-is-out", "E_NOTMEMBER", said(), behind=story.WITHOUT_READER)
row("to-who-is-out-once-it-is-logged", "ADMITTED", said(), behind=story.BEFORE_ITS_ENTRY)

# Steps 10 to 14.
row("with-the-key-of-another-epoch", "E_COMMIT", said(), bent("header", lambda h, _: {
    **h, "route_tag": story.tag(ENERGY.epochs[2])}), epoch=ENERGY.epochs[1])
row("msg-salt", "E_COMMIT", said(), bent("wire", flip(50)))
row("env-id", "E_COMMIT", said(), bent("wire", flip(10)))
row("commitment", "E_COMMIT", said(), bent("wire", flip(83 + 5)))
row("chunk", "E_AEAD", said(), bent("wire", flip(-40)))
row("a-byte-behind", "E_TRAILING", said(), bent("wire", rewrite(lambda wire: wire + b"\0")))
row("size-class", "E_HEADER", said(), bent("header", lambda h, _: {**h, "size_class": bytes([h["size_class"][0] + 1])}))
row("padding-of-ones", "E_TRAILING", said(), bent("plaintext", lambda p, _: p[:-1] + b"\1"))

# Steps 15 to 20.
row("unsealed", "E_SEAL", said(), bent("payload", put(3, [])))
row("seal-of-another-envelope", "E_SEAL", said(), bent("seal", put(3, sha256(b"x"))))
row("seal-of-another-key", "E_SEAL", said(), bent("seal", put(4, sha256(b"x"))))
row("seal-by-an-admin-key", "E_KEYUSE", said(), bent("seal", put(2, A.admin.id)))
row("sealed-by-who-is-out-since", "E_NOTMEMBER", said(ENERGY.audiences[2]), epoch=ENERGY.epochs[1], sealer=GONE)
row("sealed-by-who-is-in-since", "E_NOTMEMBER", said(ENERGY.audiences[2]), epoch=ENERGY.epochs[1], sealer=NEW)
row("sealed-by-who-never-was-in", "E_NOTMEMBER", said(), sealer=MIDDLE)
row("sealed-by-its-origin-who-never-was-in", "E_NOTMEMBER", said([READER], ORIGIN), sealer=ORIGIN)
# Two faults: the step that comes first answers.
row("signature-of-the-batch-sealed-by-who-never-was-in", "E_NOTMEMBER", said(), bent("signed_batch", flip(-30)), sealer=MIDDLE)

# Step 25: how a group is named.
for what, reason, field in (
        ("of-31-bytes", "E_PARSE", message((1, bytes(31)), (2, 3), (3, ENERGY.documents[2].hash))),
        ("with-a-hash-of-31-bytes", "E_PARSE", message((1, ENERGY.group), (2, 3), (3, bytes(31)))),
        ("of-version-0", "E_PARSE", message((1, ENERGY.group), (3, ENERGY.documents[2].hash))),
        ("with-an-unknown-field", "E_PARSE", ENERGY_3.field + message((4, 1))),
        ("with-an-optional-field", "ADMITTED", ENERGY_3.field + message((100, 1)))):
    row(f"group-{what}", reason, said(), bent("body", put(16, [field])))
row("group-and-organisations", "E_PARSE", said(), bent("body", put(12, [READER.org])))
row("group-by-another-in-one-statement", "E_PARSE", said(contents=2), bent("body", put(16, [ENERGY.audiences[2].field]), 1))
row("marked-as-another-groups", "E_PARSE", said(constraints={13: EXERCISE.group}))
row("marked-as-no-groups", "E_PARSE", said(constraints={13: b""}))
direct("direct-marked-as-another-groups", "E_PARSE", said(constraints={13: EXERCISE.group}))

# Step 28.
row("for-a-version-ahead", "E_MEMBERHASH", audience_of(ENERGY.group, 4, ENERGY.documents[3].hash))
row("for-a-version-that-nobody-logged", "E_MEMBERHASH", audience_of(ENERGY.group, 4, ENERGY.documents[3].hash), behind=story.BEFORE_ITS_ENTRY)
row("for-another-document", "E_MEMBERHASH", audience_of(ENERGY.group, 3, sha256(b"x")))
row("for-the-document-of-another-version", "E_MEMBERHASH", audience_of(ENERGY.group, 3, ENERGY.documents[1].hash))
row("for-a-group-that-nobody-follows", "E_MEMBERHASH", audience_of(sha256(b"x"), 3, ENERGY.documents[2].hash))
direct("direct-for-a-group-that-nobody-follows", "E_MEMBERHASH", audience_of(sha256(b"x"), 3, ENERGY.documents[2].hash))
row("of-who-is-out-since", "E_NOTMEMBER", said(ENERGY.audiences[2], GONE), epoch=ENERGY.epochs[1])
row("of-who-is-in-since", "E_NOTMEMBER", said(ENERGY.audiences[2], NEW), epoch=ENERGY.epochs[1])
row("of-who-never-was-in", "E_NOTMEMBER", said(origin=MIDDLE))
direct("direct-of-who-is-out-since", "E_NOTMEMBER", said(ENERGY.audiences[2], GONE), sealer=GONE)
direct("direct-of-who-is-in-since", "E_NOTMEMBER", said(ENERGY.audiences[2], NEW), sealer=NEW)
direct("direct-to-who-is-in-since", "E_NOTMEMBER", said(ENERGY.audiences[1]))
direct("direct-to-who-is-out", "E_NOTMEMBER", said(), behind=story.WITHOUT_READER)
row("of-an-exercise-for-the-group-of-none", "E_AUDIENCE", said(exercise=True))
row("of-no-exercise-for-the-group-of-one", "E_AUDIENCE", said(EXERCISE_2, exercise=False), epoch=EXERCISE.epochs[2])
row("of-another-exercise", "E_AUDIENCE", said(EXERCISE_2, constraints={16: "another"}), epoch=EXERCISE.epochs[2])
row("at-the-ceiling", "ADMITTED", said(constraints={1: AMBER}))
row("over-the-ceiling", "E_AUDIENCE", said(constraints={1: AMBER_STRICT}))
row("red-where-it-may-be", "ADMITTED", said(EXERCISE_2, constraints={1: RED}), epoch=EXERCISE.epochs[2])
row("under-an-embargo", "E_AUDIENCE", said(constraints={6: NOW + DAY}))
row("at-the-ceiling-after-an-embargo", "E_AUDIENCE", said(constraints={6: NOW + DAY, 7: AMBER}))
row("over-the-ceiling-after-an-embargo", "E_AUDIENCE", said(constraints={6: NOW + DAY, 7: AMBER_STRICT}))
row("under-an-embargo-below-the-ceiling", "ADMITTED", said(EXERCISE_2, constraints={6: NOW + DAY, 7: AMBER}, exercise=True), epoch=EXERCISE.epochs[2])
row("membership-before-hours", "E_FREEZE", said(EXERCISE_2), bent("header", earlier(2)), epoch=EXERCISE.epochs[2], at=NOW + 2 * DAY + HOUR)
row("out-before-hours", "E_NOTMEMBER", said(), bent("header", earlier(2)), behind=story.WITHOUT_READER)

# Two faults: of the steps before and behind, too, the first one answers.
row("of-who-never-was-in-with-too-few-who-vouch", "E_THRESHOLD", joint(MIDDLE, ()))
row("for-fewer-members-with-another-seal", "E_AUDIENCE", said(ENERGY.audiences[2]), bent("seal", put(6, sha256(b"x"))))

# Step 30.
row("for-a-version-with-fewer-members", "E_AUDIENCE", said(ENERGY.audiences[2]))
row("under-an-epoch-with-who-is-out", "E_AUDIENCE", said(), epoch=ENERGY.epochs[1])
row("for-another-group", "E_AUDIENCE", said(), epoch=EXERCISE.epochs[1])
row("for-organisations-by-name", "E_AUDIENCE", said([B, READER, NEW]))
direct("direct-sealed-by-who-never-was-in", "E_AUDIENCE", said(), sealer=MIDDLE)
direct("direct-sealed-by-who-is-in-since", "E_AUDIENCE", said(ENERGY.audiences[2]), sealer=NEW)

# Steps 31 to 33.
LISTED = labelled_hash("entente/1/audience", *sorted(one.org for one in (A, B, READER, NEW)))
row("seal-of-the-members-by-name", "E_SEAL", said(), bent("seal", put(6, LISTED)))
row("seal-of-the-version-before", "E_SEAL", said(), bent("seal", put(6, ENERGY.audiences[2].hash)))
direct("direct-seal-of-the-members-by-name", "E_SEAL", said(), bend=bent("seal", put(6, LISTED)))
row("seal-of-other-statements", "E_SEAL", said(), bent("seal", put(5, sha256(b"x"))))
row("content", "E_CONTENT", said(), bent("entry", lambda entry, _: {**entry, 3: b"{}"}))
row("sequence-that-jumps", "E_GAP", said(contents=2), bent("body", put(7, 5), 1))

# Behind a leave.
row("before-it-is-here", "ADMITTED", said(origin=NEW), sealer=NEW, behind=story.WITH_THE_THIRD)
row("statement-beside-who-left", "ADMITTED", said(), behind=story.WITHOUT_NEW)
row("sealed-by-who-left", "E_NOTMEMBER", said(), sealer=NEW, behind=story.WITHOUT_NEW)
row("of-who-left", "E_NOTMEMBER", said(origin=NEW), behind=story.WITHOUT_NEW)
row("to-who-left-itself", "E_NOTMEMBER", said(EXERCISE_2), epoch=EXERCISE.epochs[2], behind=story.WITHOUT_BOTH)
row("recall-from-who-left", "E_NOTMEMBER", noticed(), sealer=NEW, behind=story.WITHOUT_NEW)
direct("direct-of-who-left", "E_NOTMEMBER", said(origin=NEW), behind=story.WITHOUT_NEW)
direct("direct-sealed-by-who-left", "E_NOTMEMBER", said(), sealer=NEW, behind=story.WITHOUT_NEW)
direct("direct-to-who-left-itself", "E_NOTMEMBER", said(EXERCISE_2), behind=story.WITHOUT_BOTH)

# Notices.
row("recall", "ADMITTED", noticed())
row("recall-sealed-by-another-member", "ADMITTED", noticed(), sealer=B)
row("recall-in-the-groups-name", "ADMITTED", lambda bend: Notices(draw, NOW, bend).recall(
    A, [sha256(b"target")], [A.with_key(A.admin)], authority=3, _8=ENERGY.group))
row("receipt", "ADMITTED", noticed(False, READER))
row("receipt-for-another-member", "E_AUDIENCE", noticed(True, B))
row("recall-to-who-is-out", "E_NOTMEMBER", noticed(), behind=story.WITHOUT_READER)
row("recall-sealed-by-who-never-was-in", "E_NOTMEMBER", noticed(), sealer=MIDDLE)
row("recall-under-an-epoch-from-who-is-out-since", "E_NOTMEMBER", noticed(), epoch=ENERGY.epochs[1], sealer=GONE)
row("recall-sealed-to-the-group-by-name", "E_SEAL", noticed(), bent("seal", put(6, ENERGY_3.hash)))
row("recall-signature", "E_SIG", noticed(), bent("recall_signatures", lambda all_, _: [{**all_[0], 3: bytes(64)}]))
