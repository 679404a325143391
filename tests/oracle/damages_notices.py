"""What is bent in an envelope of notices, and the one reason for which docs/formats says every reader refuses it."""

import dataclasses
import typing

from building_blocks import message, sha256, u32
from damages import flip, put, rewrite
from identity import DAY, HOUR, SKEW
from make import straight
from make_notices import Notices
from make_passing import message_field
from world import BEGAN, NOW, fixed

TARGETS = sorted(sha256(f"target {i}".encode()) for i in range(3))
WORD = "exercise-of-the-oracle"
DELETE, CORRECT, SUPERSEDE = 1, 2, 3
BY_ORIGIN, BY_COSIGNERS, BY_GROUP = 1, 2, 3
STORED, AWARE, RECALLED, LEGAL_HOLD, REFUSED = 1, 2, 3, 4, 5


@dataclasses.dataclass
class Row:
    reason: str
    fill: typing.Callable    # Notices, world: puts the notices in
    change: typing.Callable  # world -> bend of make_notices.Notices
    exercise: str
    sealer: str

    def sealed(self, world, randomness):
        made = Notices(randomness, NOW, self.change(world), self.exercise)
        self.fill(made, world)
        return made.sealed(getattr(world, self.sealer), world.slot, NOW)


TABLE = {}


def usual(made, world):
    """A recall by the origin and one that corrects; a receipt of a statement and one of a recall."""
    made.recall(world.origin, TARGETS, [world.origin])
    made.recall(world.rotated, TARGETS[:1], [world.rotated], action=CORRECT, replacements=[sha256(b"better")])
    made.receipt(world.middle, world.reader, TARGETS)
    made.receipt(world.second, world.reader, TARGETS[:1], kind=RECALLED, _6=sha256(b"a recall"), _7=3, _8=2, _9=7)


def pair(made, world):
    made.recall(world.origin, TARGETS, [world.origin])
    made.receipt(world.middle, world.reader, TARGETS)


def row(name, reason, fill=usual, change=lambda _: straight, exercise="", sealer="middle"):
    assert name not in TABLE
    TABLE[name] = Row(reason, fill, change, exercise, sealer)


def bent(stage, name, reason, change, index=0):
    """`change(value, world)` at one stage: of the first of its kind, or of what holds them all."""

    def bend(world):
        def apply(here, value, *place):
            return change(value, world) if here == stage and (not place or place[0] == index) else value
        return apply
    row(name, reason, usual if index or stage == "payload" else pair, bend)


def recalled(name, reason, origin, signers, targets=TARGETS, **terms):
    """One recall alone."""
    row(name, reason, lambda made, world: made.recall(getattr(world, origin), targets, [getattr(world, one) for one in signers], **{
        key: value(world) if callable(value) else value for key, value in terms.items()}))


def receipted(name, reason, who, **terms):
    row(name, reason, lambda made, world: made.receipt(getattr(world, who), world.reader, TARGETS, **terms))


def each_body(stage, number, org, time, prefix):
    """What befalls the ids and the form of every notice."""
    for what, reason, change in (
            ("with-an-unknown-field", "E_PARSE", put(99, 1)), ("with-an-optional-field", "ADMITTED", put(100, b"later")),
            ("of-nothing", "E_PARSE", put(number, b"")), ("of-half-an-id", "E_PARSE", put(number, lambda ids, _: ids + b"x")),
            ("not-ascending", "E_PARSE", put(number, lambda ids, _: ids + ids[:32])),
            ("over-the-limit", "E_LIMIT", put(number, b"".join(u32(i).rjust(32, b"\0") for i in range(1025)))),
            ("before-its-key", "E_TIME", put(time, BEGAN - DAY)), ("without-a-time", "E_TIME", put(time, 0)),
            ("ahead", "E_TIME", put(time, NOW + SKEW + 1)), ("just-ahead", "ADMITTED", put(time, NOW + SKEW))):
        bent(stage, f"{prefix}-{what}", reason, change)
    bent(f"{stage}_bytes", f"{prefix}-with-a-field-twice", "E_PARSE",
         lambda body, _: body + message((org, message_field(body, org))))


row("notices", "ADMITTED")
row("notices-sealed-by-another", "ADMITTED", sealer="second")
row("notices-of-an-exercise", "ADMITTED", exercise=WORD)
row("recalls-alone", "ADMITTED", lambda made, world: made.recall(world.origin, TARGETS, [world.origin]))
row("receipts-alone", "ADMITTED", lambda made, world: made.receipt(world.middle, world.reader, TARGETS))

# Steps 15 to 19 and 31.
bent("payload", "notices-beside-a-batch", "E_PARSE", put(1, [message((1, b"x"))]))
bent("payload", "notices-beside-a-statement", "E_PARSE", put(2, [message((1, b"x"))]))
bent("payload", "notices-beside-a-forward", "E_PARSE", put(4, [message((1, b"x"))]))
bent("payload", "notices-beside-a-cosignature", "E_PARSE", put(5, [message((1, b"x"))]))
bent("payload", "notices-beside-a-permission", "E_PARSE", put(6, [message((1, b"x"))]))
bent("payload", "no-notices", "E_PARSE", lambda payload, _: {**payload, 7: [], 8: []})
bent("payload", "notices-without-a-seal", "E_SEAL", put(3, []))
bent("payload", "recall-left-out", "E_SEAL", put(7, lambda recalls, _: recalls[:1]))
bent("payload", "receipt-left-out", "E_SEAL", put(8, lambda receipts, _: receipts[:1]))
bent("payload", "recalls-in-another-order", "E_SEAL", put(7, lambda recalls, _: recalls[::-1]))
bent("payload", "recalls-over-the-limit", "E_LIMIT", put(7, [message((1, b"x"))] * 257))
bent("payload", "receipts-over-the-limit", "E_LIMIT", put(8, [message((1, b"x"))] * 257))
bent("seal", "seal-without-the-notices", "E_SEAL", put(9, b""))
bent("seal", "seal-of-other-notices", "E_SEAL", put(9, bytes(32)))
bent("seal", "seal-of-notices-of-31-bytes", "E_PARSE", put(9, bytes(31)))
bent("seal", "seal-of-notices-and-forwards", "E_SEAL", put(8, bytes(32)))
bent("seal", "seal-of-notices-and-statements", "E_SEAL", put(5, bytes(32)))
bent("seal", "seal-of-notices-for-an-audience", "E_SEAL", put(6, bytes(32)))

# Recalls.
each_body("recall", 3, 1, 9, "recall")
bent("recall", "recall-of-half-an-origin", "E_PARSE", put(1, bytes(31)))
bent("recall", "recall-of-a-short-message-id", "E_PARSE", put(2, bytes(15)))
bent("recall", "delete-with-replacements", "E_PARSE", put(4, lambda _, world: bytes(96)))
bent("recall", "correct-without-replacements", "E_PARSE", put(5, CORRECT))
bent("recall", "correct-with-too-few-replacements", "E_PARSE", lambda body, _: {**body, 5: CORRECT, 4: bytes(64)})
bent("recall", "correct-with-half-a-replacement", "E_PARSE", lambda body, _: {**body, 5: CORRECT, 4: bytes(95)})
bent("recall", "supersede", "ADMITTED", lambda body, _: {**body, 5: SUPERSEDE, 4: bytes(96)})
bent("recall", "recall-without-an-action", "E_PARSE", put(5, 0))
bent("recall", "recall-of-an-unknown-action", "E_PARSE", put(5, 4))
bent("recall", "recall-without-a-reason", "E_PARSE", put(6, 0))
bent("recall", "recall-of-an-unknown-reason", "E_PARSE", put(6, 7))
bent("recall", "recall-without-an-authority", "E_PARSE", put(7, 0))
bent("recall", "recall-of-an-unknown-authority", "E_PARSE", put(7, 4))
bent("recall", "recall-by-origin-with-a-group", "E_PARSE", put(8, bytes(32)))
recalled("recall-by-a-group-without-one", "E_PARSE", "origin", ["admin"], authority=BY_GROUP)
recalled("recall-by-a-group-with-a-statement-key", "E_KEYUSE", "origin", ["rotated"], authority=BY_GROUP, _8=bytes(32))
recalled("recall-by-cosigners-with-an-admin-key", "E_KEYUSE", "origin", ["origin", "admin"], authority=BY_COSIGNERS)
bent("recall_signatures", "recall-signed-by-65", "E_PARSE",
     lambda signatures, world: signatures + [{1: world.outsider.org, 2: u32(i).rjust(32, b"\0")} for i in range(64)])
bent("recall", "recall-of-the-other-lane", "E_SIG", put(10, WORD))
bent("signed_recall", "recall-with-an-unknown-field-beside-it", "E_PARSE", rewrite(lambda signed: signed + message((3, 1))))
bent("recall_signatures", "recall-unsigned", "E_PARSE", lambda signatures, _: [])
bent("recall_signatures", "recall-signed-by-one-key-twice", "E_PARSE", lambda signatures, _: signatures * 2)
bent("recall_signatures", "recall-signature", "E_SIG", lambda signatures, _: [{**signatures[0], 3: flip(5)(signatures[0][3])}])
bent("recall_signatures", "recall-signature-of-63-bytes", "E_SIG", lambda signatures, _: [{**signatures[0], 3: signatures[0][3][:63]}])
bent("recall_signatures", "recall-by-a-key-of-nobody", "E_NOKEY", lambda signatures, _: [{**signatures[0], 2: sha256(b"nobody")}])
bent("recall_signatures", "recall-by-the-root-key", "E_KEYUSE", lambda signatures, world: [{**signatures[0], 2: world.origin.root.id}])
recalled("recall-by-an-exercise-with-two-words", "E_PARSE", "origin", ["origin"])
TABLE["recall-by-an-exercise-with-two-words"].exercise = "two words"
recalled("recall-of-another-organisations-statements", "E_AUTHORITY", "origin", ["middle"])
recalled("recall-by-the-origin-and-another", "E_AUTHORITY", "origin", ["origin", "middle"])
recalled("recall-by-an-admin-key-as-origin", "E_KEYUSE", "rotated", ["admin"])
recalled("recall-by-who-is-not-on-file", "E_PARTY", "outsider", ["outsider"])
recalled("recall-by-a-stolen-key", "E_REVOKED", "rotated", ["thief"])
recalled("recall-by-an-expired-organisation", "E_FREEZE", "frozen", ["frozen"], at=NOW - 2 * HOUR)
recalled("recall-by-cosigners", "ADMITTED", "origin", ["origin", "middle"], authority=BY_COSIGNERS)
recalled("recall-by-cosigners-of-which-one-is-not-on-file", "ADMITTED", "origin", ["outsider", "middle"], authority=BY_COSIGNERS)
recalled("recall-by-cosigners-with-a-false-one", "E_SIG", "origin", ["origin", "liar"], authority=BY_COSIGNERS)
recalled("recall-by-cosigners-with-a-group", "E_PARSE", "origin", ["origin"], authority=BY_COSIGNERS, _8=bytes(32))
recalled("recall-by-a-group", "ADMITTED", "origin", ["admin"], authority=BY_GROUP, _8=bytes(32))

# Receipts.
each_body("receipt", 4, 1, 10, "receipt")
for number, what, reason, value in (
        (2, "by-a-key-of-nobody", "E_NOKEY", sha256(b"nobody")), (2, "by-a-short-key", "E_SIG", bytes(31)),
        (1, "of-a-short-organisation", "E_SIG", bytes(31)), (2, "by-the-root-key", "E_KEYUSE", lambda _, world: world.middle.root.id),
        (3, "for-half-an-organisation", "E_AUDIENCE", bytes(31)), (3, "for-another", "E_AUDIENCE", lambda _, world: world.origin.org),
        (5, "without-a-kind", "E_PARSE", 0), (5, "of-an-unknown-kind", "E_PARSE", 6), (5, "of-awareness", "ADMITTED", AWARE),
        (5, "of-a-recall-that-it-does-not-name", "E_PARSE", RECALLED), (6, "of-storing-with-a-recall", "E_PARSE", sha256(b"x")),
        (7, "of-storing-that-was-passed-on", "E_PARSE", 1), (11, "of-the-other-lane", "E_SIG", WORD)):
    bent("receipt", f"receipt-{what}", reason, put(number, value))
bent("receipt", "receipt-of-half-a-recall", "E_PARSE", put(6, bytes(31)), 1)
bent("receipt", "receipt-with-more-outstanding-than-passed-on", "E_PARSE", put(8, 4), 1)
bent("receipt", "receipt-of-a-legal-hold", "ADMITTED", put(5, LEGAL_HOLD), 1)
bent("receipt", "receipt-of-a-refusal", "ADMITTED", put(5, REFUSED), 1)
bent("signed_receipt", "receipt-signature", "E_SIG", flip(-30))
bent("signed_receipt", "receipt-unsigned", "E_SIG", rewrite(lambda signed: signed[:-66]))
bent("signed_receipt", "receipt-that-is-no-message", "E_SIG", rewrite(lambda _: message((1, b"\xff" * 40), (2, bytes(64)))))
receipted("receipt-of-who-is-not-on-file", "E_PARTY", "outsider")
receipted("receipt-by-a-stolen-key", "E_REVOKED", "thief")
receipted("receipt-by-an-admin-key", "E_KEYUSE", "admin")
receipted("receipt-of-an-expired-organisation", "E_FREEZE", "frozen", at=NOW - 2 * HOUR)
