#!/usr/bin/python3
"""Makes tests/vectors/passing.txt and statement_proof.txt: statements on their way in envelopes, and the proof of one alone, with what goes
beside them; each of damages_passing.TABLE, with the answer.

  golden_passing.py           writes both files
  golden_passing.py --check   exit 1 where one would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import damages_beside  # noqa: F401  more rows
import envelope
import proof
import statements
import vectors
from damages_passing import SEALED, TABLE
from make_passing import Scenes
from refusal import Refusal
from world import NOW, World, fixed

SOURCE = ["Source: this project; made from docs/formats by tests/oracle/golden_passing.py, a second implementation", "Licence: Apache-2.0"]
HEADS = {
    "envelope": ["First the node that reads, then the parties that it has on file; then envelopes as `peer` hands them over at now_us, and what",
                 "each is answered with. An admitted one has its hops and the organisations that vouch for it."],
    "proof": ["First the reader of passing.txt, of which only now_us counts here, then whose documents are known; then proofs of one statement,",
              "and what each is answered with. An admitted one has its hops, the organisations that vouch for it, and whether content was shown."]}
FILES = {"envelope": "passing.txt", "proof": "statement_proof.txt"}
LARGE = 20_000  # bytes: what is larger is only checked here


def is_kept(row, form, size):
    """The files stay small: an envelope of what a proof shows as well is kept only where it is admitted."""
    return size < LARGE and (form == "proof" or row.forms == SEALED or row.reason == "ADMITTED")


def answer(check):
    """("ADMITTED", what was said), or (reason, None)"""
    try:
        return "ADMITTED", check()
    except Refusal as refusal:
        return refusal.reason, None


def read_envelope(world, wire_bytes, peer):
    opened = envelope.open_envelope(wire_bytes, world.reader.org, {world.prekey_id: world.prekey_seed}, NOW)
    return statements.verify(opened, world.parties, peer, world.reader.org, NOW)


def said_of(said):
    return {"hops": b"".join(hop.id for hop in said.hops), "cosigners": b"".join(said.cosigners)}


def records(world, form):
    """(name, bytes, record) of each row that has this form."""
    scenes = Scenes(world, lambda name, size: fixed(f"random {name}", size), NOW)
    for name, row in TABLE.items():
        if form not in row.forms:
            continue
        passed, sealer, sealed_at = row.journey(scenes)
        if form == "envelope":
            made = passed.sealed(sealer, world.slot, sealed_at)
            given, said = answer(lambda made=made, sealer=sealer: read_envelope(world, made, sealer.org))
            more = {"peer": sealer.org}
        else:
            made, more = passed.proof(with_content=row.shown), {}
            given, said = answer(lambda made=made: proof.check(made, world.parties, NOW))
        assert given == row.reason, (form, name, given, row.reason)
        told = said_of(said) if said else {}
        if said and form == "proof":
            assert said.content_shown == row.shown, name
            told["content_shown"] = str(int(row.shown))
        yield name, made, {"name": name, **more, form: made, "answer": given, **told}


def file_text(form):
    world = World()
    kept = [record for name, made, record in records(world, form) if is_kept(TABLE[name], form, len(made))]
    return vectors.text_of(SOURCE + HEADS[form], world.records() + kept)


if __name__ == "__main__":
    for form, file in FILES.items():
        vectors.write_or_check(file, file_text(form))
