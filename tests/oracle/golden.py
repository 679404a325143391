#!/usr/bin/python3
"""Makes tests/vectors/direct_envelope.txt: envelopes with all randomness given, and what damage to them is answered with.

  golden.py           writes the file
  golden.py --check   exit 1 where it would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import envelope
import identity
import make
import statements
import vectors
import wire
from building_blocks import expand, path, sha256
from refusal import Refusal

FILE = "direct_envelope.txt"
NOW = 1767229200 * 10**6 + 1800 * 10**6  # 2026-01-01T01:30:00Z, at no hour's edge
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden.py, a second implementation",
        "Licence: Apache-2.0",
        "First the three organisations; then envelopes of the first for the other two, and what each of these answers, \"ADMITTED\" or a",
        "reason, when it gets the envelope damaged: cut to a size, one bit of one byte flipped, a byte behind it, or twice."]


def fixed(name, size=32):
    return expand(sha256(b"entente golden envelope"), name, b"", size)


class Organisation:
    """Keys and one prekey, all of them from its name."""

    def __init__(self, name):
        root, self.signer = make.Signer(fixed(f"{name} root"), identity.ROOT), make.Signer(fixed(f"{name} statement"))
        signed = make.make_identity(name, root, self.signer, NOW)
        self.identity = identity.check(wire.strict(wire.SIGNED_IDENTITY, signed), NOW)
        self.prekey_id, self.prekey_seed = fixed(f"{name} prekey id", 16), fixed(f"{name} prekey")
        prekey = make.make_prekey(self.identity, self.signer, self.prekey_id, self.prekey_seed, NOW)
        self.prekey = identity.check_prekey(self.identity, wire.strict(wire.SIGNED_BODY, prekey), NOW)
        self.record = {
            "name": name, "now_us": str(NOW), "statement_seed": fixed(f"{name} statement"), "signed_identity": signed,
            "org_id": self.identity.org, "prekey_id": self.prekey_id, "prekey_seed": self.prekey_seed, "signed_prekey": prekey,
            "prekey_public": self.prekey.public_key, "prekey_not_before_us": str(NOW),
            "prekey_not_after_us": str(NOW + 7 * identity.DAY)}


def answer(wire_bytes, author, receiver):
    try:
        opened = envelope.open_envelope(wire_bytes, receiver.identity.org, {receiver.prekey_id: receiver.prekey_seed}, NOW)
        statements.verify(opened, {author.identity.org: author.identity}, author.identity.org, receiver.identity.org, NOW)
        return "ADMITTED"
    except Refusal as refusal:
        return refusal.reason


def damages(wire_bytes):
    """(name, value) of each: a size, a byte and a bit, nothing."""
    size = len(wire_bytes)
    for i in range(64):
        yield "cut", str(size * i // 64)
    yield "cut", str(size - 1)
    spread = [(size - 1) * i // 63 for i in range(64)]
    for i, at in enumerate([*range(envelope.CORE), envelope.CORE + 3, envelope.CORE + envelope.SLOT + 3, *spread]):
        yield "flip", f"{at} {i % 8}"
    yield "append", "1"
    yield "twice", "1"


def damaged(wire_bytes, name, value):
    if name == "cut":
        return wire_bytes[:int(value)]
    if name == "flip":
        at, bit = map(int, value.split())
        return wire_bytes[:at] + bytes([wire_bytes[at] ^ 1 << bit]) + wire_bytes[at + 1:]
    return wire_bytes + (b"\0" if name == "append" else wire_bytes)


def partial(kept):
    """Leaves out the statements that are not `kept` and gives the others their audit paths."""
    def bend(stage, entry, *more):
        if stage != "entry":
            return entry
        return {**entry, 5: path(more[0], entry[4])} if entry[4] in kept else None
    return bend


def envelopes(author, receivers):
    contents = [b'{"type":"indicator","n":%d,"pad":"%s"}' % (i, b"x" * 100 * i) for i in range(5)]
    for name, count, kept, exercise in (("whole", 2, None, False), ("part", 5, {1, 4}, False), ("exercise", 1, None, True)):
        drawn = {}

        def draw(what, size):
            return drawn.setdefault("random_" + what.replace(" ", "_"), fixed(f"{name} {what}", size))

        maker = make.Author(author.identity, author.signer, NOW, draw, partial(kept) if kept else make.straight, exercise=exercise)
        constraints = {**make.GREEN, **({16: "exercise-of-the-oracle"} if exercise else {})}
        made = maker.envelope(contents[:count], [one.identity.org for one in receivers],
                              [(one.identity.org, one.prekey_id, one.prekey.public_key) for one in receivers], constraints)
        opened = envelope.open_envelope(made, receivers[0].identity.org, {receivers[0].prekey_id: receivers[0].prekey_seed}, NOW)
        said = statements.verify(opened, {author.identity.org: author.identity}, author.identity.org, receivers[0].identity.org, NOW)
        record = {"envelope": made, "h_core": opened.h_core, "key_commitment": opened.commitment, "payload": opened.payload,
                  "batch_id": said.batch_id, "statement_ids": b"".join(said.ids),
                  "contents": b"\n".join(entry.content for entry in said.entries)}
        yield name, made, {"kind": name, **drawn, **record}


def file_text():
    author, *receivers = organisations = [Organisation(name) for name in ("cert.norlandia", "cert.estovia", "volt-energy")]
    records = [one.record for one in organisations]
    for name, made, record in envelopes(author, receivers):
        records.append(record)
        for what, value in damages(made) if name == "whole" else [("append", "1")]:
            answers = [answer(damaged(made, what, value), author, receiver) for receiver in receivers]
            assert "ADMITTED" not in answers, (what, value)
            records.append({"damage": what, "value": value, "first": answers[0], "second": answers[1]})
    return vectors.text_of(HEAD, records)


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
