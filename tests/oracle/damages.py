"""What one thing is bent in an envelope, and the one reason for which docs/formats says every reader refuses it."""

import dataclasses
import types
import typing

from building_blocks import labelled_hash, message, sha256, u16, u32
from identity import DAY, HOUR, ROOT
from make import encoded


@dataclasses.dataclass
class Scene:
    """The two identities: who seals, and to whom."""

    author: types.SimpleNamespace
    owner: types.SimpleNamespace


@dataclasses.dataclass
class Damage:
    reason: str
    bend: typing.Callable  # scene -> bend of make.Author


def adder(table):
    """The function `at`, for one table of damages."""

    def at(stage, name, reason, change, index=None):
        """`change(value, scene)` at one stage; at every statement or at that of one index."""

        def bend(scene):
            def apply(here, value, *more):
                return change(value, scene) if here == stage and (index is None or more[0] == index) else value
            return apply
        assert name not in table
        table[name] = Damage(reason, bend)
    return at


TABLE = {}
at = adder(TABLE)


def put(number, value):
    """Sets one field: a value, or a function of the old one and the scene."""
    return lambda fields, scene: {**fields, number: value(fields.get(number), scene) if callable(value) else value}


def rewrite(change):
    return lambda data, _scene: change(data)


def flip(at_byte, bit=2):
    def change(data, _scene=None):
        place = at_byte % len(data)
        return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1:]
    return change


def root_key(scene):
    return next(key.key_id for key in scene.author.keys.values() if key.usage == ROOT)


def with_entry(**changes):
    def change(entry, _scene):
        return {**entry, **{int(name[1:]): value(entry[int(name[1:])]) if callable(value) else value for name, value in changes.items()}}
    return change


def plus(hour, hours):
    return u32(int.from_bytes(hour, "big") + hours)


def in_slot(place):
    return lambda slots, scene: [flip(place)(slots[0])]


SLOT, COMMITMENT, CHUNKS, SECOND = 83, 83 + 1184, 83 + 1184 + 32, 10**6

# envelope.md, steps 2 to 14.
at("wire", "magic", "E_HEADER", flip(0))
at("wire", "no-header", "E_HEADER", rewrite(lambda wire: wire[:82]))
at("wire", "header-alone", "E_HEADER", rewrite(lambda wire: wire[:CHUNKS + 15]))
at("header", "suite", "E_SUITE", lambda h, _: {**h, "suite": u16(2)})
at("header", "mode-unknown", "E_HEADER", lambda h, _: {**h, "mode": b"\3"})
at("header", "flags", "E_HEADER", lambda h, _: {**h, "flags": b"\1"})
at("header", "no-slots", "E_HEADER", lambda h, _: {**h, "n_slots": u16(0)})
at("header", "slots-over-the-limit", "E_HEADER", lambda h, _: {**h, "n_slots": u16(1001)})
at("header", "created-ahead", "E_TIME", lambda h, _: {**h, "created": plus(h["created"], 2), "expires": plus(h["expires"], 2)})
at("header", "expired", "E_TIME", lambda h, _: {**h, "created": plus(h["created"], -9), "expires": h["created"]})
at("header", "lives-too-long", "E_TIME", lambda h, _: {**h, "expires": plus(h["expires"], 1)})
at("wire", "prekey-of-nobody", "E_NOSLOT", flip(SLOT + 3))
at("slots", "low-order-share", "E_KEM", lambda slots, _: [slots[0][:1104] + bytes(32) + slots[0][1136:]])
at("slots", "ciphertext-of-the-slot", "E_UNWRAP", in_slot(1140))
at("slots", "kem-ciphertext", "E_UNWRAP", in_slot(100))
at("wire", "route-tag", "E_UNWRAP", flip(40))
at("wire", "commitment", "E_COMMIT", flip(COMMITMENT + 5))
at("wire", "chunk", "E_AEAD", flip(CHUNKS + 40))
at("wire", "tag-of-the-chunk", "E_AEAD", flip(-1))
at("wire", "a-byte-behind", "E_TRAILING", rewrite(lambda wire: wire + b"\0"))
at("header", "size-class", "E_HEADER", lambda h, _: {**h, "size_class": bytes([h["size_class"][0] + 1])})
at("plaintext", "length-beyond", "E_TRUNCATED", lambda p, _: b"\1" + p[1:])
at("plaintext", "padding-of-ones", "E_TRAILING", lambda p, _: p[:-1] + b"\1")
at("plaintext", "padding-of-another-size", "E_TRAILING", lambda p, _: p + bytes(1))


# statement.md, steps 15 to 19: the payload and its seal.
at("payload", "unknown-field", "E_PARSE", put(50, b"x"))
at("payload", "recall-beside-statements", "E_PARSE", put(7, [message((1, b"x"))]))
at("payload", "receipt-beside-statements", "E_PARSE", put(8, [message((1, b"x"), (2, b"y"))]))
at("payload_bytes", "cut", "E_PARSE", rewrite(lambda payload: payload[:-1]))
at("payload_bytes", "batch-twice", "E_PARSE", rewrite(lambda payload: payload + message((1, message((1, b"x"))))))
at("payload", "no-statements", "E_PARSE", put(2, []))
at("payload", "no-batch", "E_PARSE", put(1, []))
at("payload", "statements-over-the-limit", "E_LIMIT", put(2, lambda entries, _: entries * 600))
at("payload", "seal-over-the-limit", "E_LIMIT", put(3, lambda seals, _: [seals[0] + message((100, bytes(16 << 10)))]))
at("payload", "no-seal", "E_SEAL", put(3, []))
at("payload", "seal-unsigned", "E_SIG", put(3, lambda seals, _: [seals[0][:-66]]))
at("payload", "seal-signature", "E_SIG", put(3, lambda seals, _: [flip(-30)(seals[0])]))
at("payload", "seal-that-is-no-message", "E_SIG", put(3, lambda seals, _: [message((1, b"\xff" * 40), (2, bytes(64)))]))
at("seal", "seal-by-a-key-of-nobody", "E_NOKEY", put(2, sha256(b"nobody")))
at("seal", "seal-by-a-short-key", "E_SIG", put(2, bytes(31)))
at("seal", "seal-of-a-short-organisation", "E_SIG", put(1, bytes(31)))
at("seal", "seal-by-the-root-key", "E_KEYUSE", put(2, lambda _, scene: root_key(scene)))
at("seal", "sealed-before-the-key", "E_TIME", put(7, lambda time, _: time - 20 * DAY))
at("seal", "sealed-ahead", "E_TIME", put(7, lambda time, _: time + HOUR))
at("seal", "seal-with-an-unknown-field", "E_PARSE", put(99, 1))
at("seal_bytes", "seal-with-a-field-twice", "E_PARSE", lambda seal, scene: seal + message((1, scene.author.org)))
at("seal", "seal-with-a-short-hash", "E_PARSE", put(5, bytes(31)))
at("seal", "seal-of-another-organisation", "E_SEAL", put(1, lambda _, scene: scene.owner.org))
at("seal", "seal-of-another-envelope", "E_SEAL", put(3, bytes(32)))
at("seal", "seal-of-another-key", "E_SEAL", put(4, bytes(32)))

# Steps 21 to 24: the batch.
at("batch", "origin-of-nobody", "E_PARTY", put(1, sha256(b"nobody")))
at("entry", "index-beyond", "E_PARSE", with_entry(_4=lambda index: index + 2))
at("entry", "paths-in-a-whole-batch", "E_PARSE", with_entry(_5=[bytes(32)]))
at("batch", "root", "E_SIG", put(4, bytes(32)))
at("signed_batch", "batch-signature", "E_SIG", flip(-30))
at("batch", "batch-by-a-key-of-nobody", "E_NOKEY", put(2, sha256(b"nobody")))
at("batch", "batch-by-a-short-key", "E_SIG", put(2, bytes(31)))
at("batch", "root-of-31-bytes", "E_SIG", put(4, bytes(31)))
at("batch", "size-0", "E_PARSE", put(3, 0))
at("batch", "size-beyond", "E_SIG", put(3, 3))
at("batch", "batch-by-the-root-key", "E_KEYUSE", put(2, lambda _, scene: root_key(scene)))
at("batch", "batch-with-an-unknown-field", "E_PARSE", put(6, 1))
at("batch_bytes", "batch-with-a-field-twice", "E_PARSE", lambda batch, scene: batch + message((1, scene.author.org)))
at("batch", "leaf-type", "E_PARSE", put(5, "application/vnd.entente.seal.v1"))

# Steps 25 and 26: the statements.
at("body", "statement-with-an-unknown-field", "E_PARSE", put(20, b"x"))
at("body_bytes", "statement-cut", "E_PARSE", rewrite(lambda body: body[:-1]), 1)
at("body_bytes", "first-statement-cut", "E_TIME", rewrite(lambda body: body[:-1]))
at("body", "statement-of-another-origin", "E_PARSE", put(1, lambda _, scene: scene.owner.org))
at("body", "statement-of-another-key", "E_PARSE", put(2, sha256(b"nobody")))
at("body", "no-message-id", "E_PARSE", put(5, b""))
at("body", "identity-version-0", "E_PARSE", put(3, 0))
at("body", "content-type", "E_PARSE", put(13, "application/stix+json;version=2.0"))
at("body", "group-of-level-1", "E_PARSE", put(16, message((1, bytes(32)))))
at("body", "replaces-of-31-bytes", "E_PARSE", put(18, [bytes(31)]))
at("body", "replaces-not-ascending", "E_PARSE", put(18, [sha256(b"x"), bytes(32)]))
at("body", "derived-from-one-twice", "E_PARSE", put(19, [bytes(32), bytes(32)]))
at("body", "replaces-over-the-limit", "E_LIMIT", put(18, [u32(i).rjust(32, b"\0") for i in range(1, 66)]))
at("body", "derived-from-over-the-limit", "E_LIMIT", put(19, [u32(i).rjust(32, b"\0") for i in range(1, 66)]))
at("body", "no-label", "E_PARSE", put(11, encoded({2: 1})))
at("body", "nation-in-lower-case", "E_PARSE", put(11, encoded({1: 2, 3: ["ee"]})))
at("body", "nations-not-ascending", "E_PARSE", put(11, encoded({1: 2, 3: ["NO", "EE"]})))
at("body", "exercise-in-operations", "E_PARSE", put(11, encoded({1: 2, 16: "locked-shields"})))
at("body", "constraints-that-differ", "E_PARSE", put(11, encoded({1: 3})), 1)
at("body", "stream-that-differs", "E_PARSE", put(6, sha256(b"another")[:16]), 1)
at("body", "audience-not-ascending", "E_AUDIENCE", put(12, lambda orgs, _: [sha256(b"x"), *orgs, bytes(32)]))
at("body", "audience-of-short-ids", "E_AUDIENCE", put(12, [bytes(31)]))
at("body", "audience-that-differs", "E_PARSE", put(12, lambda orgs, _: [sha256(b"x"), *orgs, bytes(32)]), 1)
at("body", "audience-over-the-limit", "E_AUDIENCE", put(12, [u32(i).rjust(32, b"\0") for i in range(1, 1002)]))
at("body", "made-ahead", "E_TIME", put(9, lambda time, _: time + HOUR), 1)
at("body", "made-before-the-key", "E_TIME", put(9, lambda time, _: time - DAY), 1)
at("body", "statement-expired", "E_TIME", lambda body, _: {**body, 9: body[9] - 2 * SECOND, 10: body[9] - SECOND}, 1)
at("body", "statement-without-an-end", "E_TIME", put(10, 0))
at("body", "statement-that-lives-too-long", "E_TIME", put(10, lambda end, _: end + 2 * DAY))
at("body", "identity-version-ahead", "E_NOKEY", put(3, 2))
at("body", "identity-version-of-one-ahead", "E_NOKEY", put(3, 2), 1)
at("body", "identity-hash", "E_NOKEY", put(4, bytes(32)))

# Steps 30 to 33.
at("body", "addressed-elsewhere", "E_AUDIENCE", put(12, [sha256(b"elsewhere")]))
at("body", "addressed-to-nobody", "E_AUDIENCE", put(12, []))
at("seal", "seal-of-other-statements", "E_SEAL", put(5, bytes(32)))
at("seal", "seal-of-another-audience", "E_SEAL", put(6, labelled_hash("entente/1/audience")))
at("seal", "seal-with-forwards", "E_SEAL", put(8, bytes(32)))
at("seal", "seal-with-notices", "E_SEAL", put(9, bytes(32)))
at("entry", "content-changed", "E_CONTENT", with_entry(_3=flip(3)))
at("entry", "salt-changed", "E_CONTENT", with_entry(_2=flip(3)))
at("entry", "no-salt", "E_CONTENT", with_entry(_2=b""))
at("body", "content-length", "E_CONTENT", put(14, lambda size, _: size + 1))
at("body", "sequence-that-jumps", "E_GAP", put(7, 5), 1)
at("body", "sequence-0", "E_GAP", put(7, 0), 0)
at("body", "previous-at-the-beginning", "E_GAP", put(8, [sha256(b"x")]), 0)
at("body", "previous-of-another", "E_GAP", put(8, [sha256(b"x")]), 1)


def alone(path):
    """Leaves out the second statement and gives the first this audit path."""
    return lambda entry, _scene: {**entry, 5: path} if entry[4] == 0 else None


at("entry", "part-without-a-path", "E_SIG", alone([]))
at("entry", "part-with-a-path-too-long", "E_SIG", alone([bytes(32)] * 2))
at("entry", "part-with-another-path", "E_SIG", alone([bytes(32)]))
at("entry", "part-with-a-short-hash", "E_PARSE", alone([bytes(31)]))
at("entry", "part-with-11-hashes", "E_LIMIT", alone([bytes(32)] * 11))

# No damage: what every reader passes over, or may meet in another encoding.
for stage, number in (("body", 100), ("batch", 101), ("seal", 102), ("payload", 5000), ("entry", 103)):
    at(stage, f"optional-field-in-{stage}", "ADMITTED", put(number, b"of a later version"))
at("body", "replaces-and-derived-from", "ADMITTED", lambda body, _: {**body, 18: [sha256(b"old")], 19: [bytes(32), sha256(b"x")]}, 1)
at("body", "optional-constraint", "ADMITTED", put(11, encoded({1: 2, 100: b"of a later version"})), 1)
at("seal_bytes", "default-value-on-the-wire", "ADMITTED", rewrite(lambda seal: seal + b"\x42\0"))
at("body", "constraints-with-a-default-value", "ADMITTED", put(11, encoded({1: 2}) + b"\x28\0"), 1)
