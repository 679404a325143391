"""What is bent in statements on their way, and in the proof of one, and the one reason for which docs/formats says every reader refuses it.

A row is built from one of make_passing.Scenes: with one part of it bent, or with other terms."""

import dataclasses
import typing

from building_blocks import labelled_hash, message, sha256, u32
from damages import flip, put, rewrite
from identity import DAY, HOUR
from make import straight
from make_passing import message_field
from world import BEGAN, NOW

BOTH, SEALED, ALONE = ("envelope", "proof"), ("envelope",), ("proof",)


@dataclasses.dataclass
class Row:
    reason: str
    scene: str
    change: typing.Callable  # world -> bend of make_passing.Passed
    terms: typing.Callable   # world -> arguments of the scene; `sealer` and `sealed_at` go to the sealing
    forms: tuple
    shown: bool              # whether a proof has the content

    def journey(self, scenes):
        """(the statements with what goes beside them, who seals them, when)"""
        terms = dict(self.terms(scenes.world))
        sealer, sealed_at = terms.pop("sealer", None), terms.pop("sealed_at", NOW)
        passed, usual = getattr(scenes, self.scene)(self.change(scenes.world), **terms)
        return passed, sealer or usual, sealed_at


TABLE = {}


def row(name, reason, scene, change=lambda _: straight, terms=lambda _: {}, forms=BOTH, shown=True):
    assert name not in TABLE
    TABLE[name] = Row(reason, scene, change, terms, forms, shown)


def bent(scene, stage, name, reason, change, index=None, **more):
    """`change(value, world)` at one stage, at each of its kind or at that of one index."""
    def bend(world):
        def apply(here, value, *place):
            return change(value, world) if here == stage and (index is None or place[0] == index) else value
        return apply
    row(name, reason, scene, bend, **more)


def other(scene, name, reason, terms, **more):
    row(name, reason, scene, terms=terms, **more)


def resigned(kind, who):
    return lambda signed, world: getattr(world, who).signer.signed(kind, message_field(signed, 1))


def signed_damages(scene, stage, prefix, who, org, time, index=0):
    """What befalls every body with one signature."""
    for what, reason, change in (
            ("by-a-key-of-nobody", "E_NOKEY", put(2, sha256(b"nobody"))), ("by-a-short-key", "E_SIG", put(2, bytes(31))),
            ("of-a-short-organisation", "E_SIG", put(org, bytes(31))),
            ("by-the-root-key", "E_KEYUSE", put(2, lambda _, world: getattr(world, who).root.id)),
            ("before-its-key", "E_TIME", lambda body, _: {**body, time: BEGAN - DAY}), ("without-a-time", "E_TIME", put(time, 0)),
            ("with-an-unknown-field", "E_PARSE", put(99, 1)), ("with-an-optional-field", "ADMITTED", put(100, b"later"))):
        bent(scene, stage, f"{prefix}-{what}", reason, change, index)
    bent(scene, f"{stage}_bytes", f"{prefix}-with-a-field-twice", "E_PARSE",
         lambda body, world: body + message((org, getattr(world, who).org)), index)
    bent(scene, f"signed_{stage}", f"{prefix}-signature", "E_SIG", flip(-30), index)
    bent(scene, f"signed_{stage}", f"{prefix}-unsigned", "E_SIG", rewrite(lambda signed: signed[:-66]), index)
    bent(scene, f"signed_{stage}", f"{prefix}-signed-by-another", "E_SIG", resigned(f"{stage}.v1", "frozen"), index)
    bent(scene, f"{stage}_bytes", f"{prefix}-that-is-no-message", "E_SIG", rewrite(lambda _: b"\xff" * 40), index)


def id_list_damages(scene, stage, prefix, number, index=0):
    for what, reason, change in (
            ("of-no-statement", "E_PARSE", put(number, b"")), ("of-half-an-id", "E_PARSE", put(number, lambda ids, _: ids + b"x")),
            ("not-ascending", "E_PARSE", put(number, lambda ids, _: ids + ids[:32])),
            ("over-the-limit", "E_LIMIT", put(number, b"".join(u32(i).rjust(32, b"\0") for i in range(1025))))):
        bent(scene, stage, f"{prefix}-{what}", reason, change, index)


# Steps 18, 23 and 26: keys of several versions.
other("plain", "statement", "ADMITTED", lambda world: {})
other("plain", "statement-alone-in-its-batch", "ADMITTED", lambda world: {"contents": 1})
other("plain", "statement-of-nobody", "E_PARTY", lambda world: {"origin": world.outsider, "sealer": world.origin})
other("plain", "statement-of-version-2", "ADMITTED", lambda world: {"origin": world.rotated, "sealer": world.rotated})
other("plain", "statement-of-version-3", "E_NOKEY", lambda world: {"origin": world.rotated, "sealer": world.rotated, "_3": 3})
other("plain", "statement-of-a-version-without-its-key", "E_NOKEY",
      lambda world: {"origin": world.rotated, "sealer": world.rotated, "_3": 1, "_4": world.rotated.versions[0].hash})
other("plain", "statement-before-its-key-was-superseded", "ADMITTED",
      lambda world: {"origin": world.rotated.with_key(world.rotated.old), "sealer": world.rotated, "at": NOW - 2 * DAY})
other("plain", "statement-after-its-key-was-superseded", "E_REVOKED",
      lambda world: {"origin": world.rotated.with_key(world.rotated.old), "sealer": world.rotated, "at": NOW - DAY})
other("plain", "statement-by-a-stolen-key", "E_REVOKED",
      lambda world: {"origin": world.thief, "sealer": world.rotated, "at": NOW - 10 * DAY, "_3": 1,
                     "_4": world.rotated.versions[0].hash})
other("plain", "statement-by-an-admin-key", "E_KEYUSE", lambda world: {"origin": world.rotated.with_key(world.rotated.admin),
                                                                      "sealer": world.rotated})
other("plain", "statement-of-an-expired-organisation", "E_FREEZE",
      lambda world: {"origin": world.frozen, "sealer": world.origin, "at": NOW - 2 * HOUR})
other("plain", "sealed-by-an-expired-organisation", "E_FREEZE", lambda world: {"sealer": world.frozen, "sealed_at": NOW - 2 * HOUR},
      forms=SEALED)
other("plain", "sealed-by-a-stolen-key", "E_REVOKED", lambda world: {"sealer": world.thief}, forms=SEALED)
other("plain", "sealed-by-a-superseded-key", "E_REVOKED", lambda world: {"sealer": world.rotated.with_key(world.rotated.old)}, forms=SEALED)

# Step 30: who may seal, and to whom.
other("repaired", "repaired", "ADMITTED", lambda world: {})
other("plain", "sealed-by-whom-it-did-not-reach", "E_AUDIENCE", lambda world: {"sealer": world.middle}, forms=SEALED)
other("forwarded", "sealed-to-whom-it-did-not-reach", "E_AUDIENCE", lambda world: {"sealer": world.middle, "hops": [
    (world.middle, [world.second], {})]}, forms=SEALED)
other("forwarded", "sealed-by-a-hop-that-is-not-the-last", "E_AUDIENCE", lambda world: {"sealer": world.middle}, forms=SEALED)
other("forwarded", "sealed-by-the-origin-of-what-others-pass-on", "E_AUDIENCE", lambda world: {"sealer": world.origin}, forms=SEALED)
other("forwarded", "sealed-by-another-of-the-last-audience", "ADMITTED", lambda world: {"sealer": world.rotated, "hops": [
    (world.middle, [world.rotated, world.reader], {})]}, forms=SEALED)
other("forwarded", "forwarded-to-others-than-the-signed-audience", "E_AUDIENCE", lambda world: {
    "first": world.reader, "sealer": world.reader, "hops": [(world.reader, [world.second], {})]}, forms=SEALED)
bent("forwarded", "payload", "forwards-left-out", "E_AUDIENCE", put(4, []), forms=SEALED)
bent("forwarded", "payload", "last-forward-left-out", "E_AUDIENCE", put(4, lambda forwards, _: forwards[:1]), forms=SEALED)
bent("forwarded", "payload", "first-forward-left-out", "E_CHAIN", put(4, lambda forwards, _: forwards[1:]), forms=SEALED)
bent("forwarded", "payload", "forwards-in-another-order", "E_CHAIN", put(4, lambda forwards, _: forwards[::-1]), forms=SEALED)


def audience_hash(*members):
    return labelled_hash("entente/1/audience", *sorted(one.org for one in members))


# Step 31.
bent("forwarded", "seal", "seal-without-the-forwards", "E_SEAL", put(8, b""), forms=SEALED)
bent("forwarded", "seal", "seal-of-other-forwards", "E_SEAL", put(8, bytes(32)), forms=SEALED)
bent("forwarded", "seal", "seal-of-forwards-of-31-bytes", "E_PARSE", put(8, bytes(31)), forms=SEALED)
bent("forwarded", "seal", "seal-of-the-statements-audience", "E_SEAL", put(6, lambda _, world: audience_hash(world.middle)), forms=SEALED)
bent("forwarded", "seal", "seal-of-notices-that-are-not-there", "E_SEAL", put(9, bytes(32)), forms=SEALED)


# Step 33: what was passed on is in nobody's stream.
bent("forwarded", "body", "forwarded-with-a-sequence-that-jumps", "ADMITTED", put(7, 5), 1, forms=SEALED)
bent("plain", "body", "sequence-that-jumps", "E_GAP", put(7, 5), 1, forms=SEALED)

# forward.md, *One statement alone*.
other("plain", "proof-without-content", "ADMITTED", lambda world: {}, forms=ALONE, shown=False)
bent("plain", "proof", "proof-without-a-batch", "E_PARSE", put(1, []), forms=ALONE)
bent("plain", "proof", "proof-without-a-statement", "E_PARSE", put(2, []), forms=ALONE)
bent("plain", "proof", "proof-of-two-statements", "E_PARSE", put(2, lambda entries, _: entries * 2), forms=ALONE)
bent("plain", "proof", "proof-with-an-unknown-field", "E_PARSE", put(6, b"x"), forms=ALONE)
bent("plain", "proof", "proof-with-an-optional-field", "ADMITTED", put(100, b"x"), forms=ALONE)
bent("plain", "proof_bytes", "proof-cut", "E_PARSE", rewrite(lambda proof: proof[:-1]), forms=ALONE)
bent("plain", "proof_entry", "proof-with-a-salt-alone", "E_CONTENT", put(3, b""), forms=ALONE)
bent("plain", "proof_entry", "proof-with-content-alone", "E_CONTENT", put(2, b""), forms=ALONE)
bent("plain", "proof_entry", "proof-with-another-salt", "E_CONTENT", put(2, bytes(32)), forms=ALONE)
bent("plain", "proof_entry", "proof-with-a-short-salt", "E_CONTENT", put(2, bytes(31)), forms=ALONE)
bent("plain", "proof_entry", "proof-with-other-content", "E_CONTENT", put(3, b"{}"), forms=ALONE)
bent("plain", "proof_entry", "proof-without-its-path", "E_SIG", put(5, []), forms=ALONE)
bent("plain", "proof_entry", "proof-with-another-path", "E_SIG", put(5, [bytes(32)]), forms=ALONE)
bent("plain", "proof_entry", "proof-with-a-longer-path", "E_SIG", put(5, lambda path, _: path + [bytes(32)]), forms=ALONE)
bent("plain", "proof_entry", "proof-with-half-a-hash", "E_PARSE", put(5, [bytes(31)]), forms=ALONE)
bent("plain", "proof_entry", "proof-with-11-hashes", "E_LIMIT", put(5, [bytes(32)] * 11), forms=ALONE)
bent("plain", "proof_entry", "proof-of-another-place", "E_SIG", put(4, 1), forms=ALONE)
bent("plain", "proof_entry", "proof-of-a-place-beyond", "E_PARSE", put(4, 2), forms=ALONE)
bent("plain", "proof_entry", "proof-of-another-statement", "E_SIG", put(1, lambda body, _: body + message((100, b"x"))), forms=ALONE)
bent("plain", "signed_batch", "proof-batch-signature", "E_SIG", flip(-30), forms=ALONE)
bent("plain", "batch", "proof-batch-root", "E_SIG", put(4, bytes(32)), forms=ALONE)
bent("plain", "batch", "proof-batch-by-a-key-of-nobody", "E_NOKEY", put(2, sha256(b"nobody")), forms=ALONE)
bent("plain", "batch", "proof-batch-leaf-type", "E_PARSE", put(5, "application/vnd.entente.seal.v1"), forms=ALONE)
bent("plain", "batch", "proof-batch-over-the-limit", "E_LIMIT", put(100, bytes(16 << 10)), forms=ALONE)
bent("plain", "body", "proof-statement-expired", "E_TIME", lambda body, _: {**body, 9: NOW - 9 * DAY, 10: NOW - DAY}, forms=ALONE)
bent("plain", "body", "proof-statement-without-a-label", "E_PARSE", put(11, b""), forms=ALONE)
bent("plain", "body", "proof-statement-audience", "E_AUDIENCE", put(12, [bytes(31)]), forms=ALONE)
bent("plain", "body", "proof-statement-for-nobody", "ADMITTED", put(12, []), forms=ALONE)
bent("plain", "body", "proof-statement-anywhere-in-its-stream", "ADMITTED", put(7, 9), forms=ALONE)


def alone_with_path(entry, _world):
    return {**entry, 5: [bytes(32)]}


row("proof-of-a-batch-of-one-with-a-path", "E_PARSE", "plain",
    lambda world: lambda here, value, *_: alone_with_path(value, world) if here == "proof_entry" else value,
    terms=lambda world: {"contents": 1}, forms=ALONE)
