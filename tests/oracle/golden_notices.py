#!/usr/bin/python3
"""Makes tests/vectors/notices.txt: envelopes of recalls and receipts, each of damages_notices.TABLE, with the answer; and which targets
a recall reaches.

  golden_notices.py           writes the file
  golden_notices.py --check   exit 1 where it would differ
"""

import types

import oracle  # noqa: F401  it knows where docs/formats/examples is
import notices
import vectors
from damages_notices import TABLE, WORD
from golden_passing import LARGE, SOURCE, answer, read_envelope
from world import World, fixed

FILE = "notices.txt"
HEAD = [SOURCE[0].replace("golden_passing", "golden_notices"), SOURCE[1],
        "First the node that reads, then the parties that it has on file; then envelopes as `peer` hands them over at now_us, and what",
        "each is answered with. An admitted one has the ids of its recalls and its receipts, as they stand in it; then what the",
        "first recall of an envelope is answered with at a target of that origin, of those joint terms, in that exercise."]


def records(world):
    """(name, bytes, record) of each row."""
    for name, row in TABLE.items():
        made = row.sealed(world, lambda what, size: fixed(f"random {what}", size))
        peer = getattr(world, row.sealer).org
        given, said = answer(lambda made=made, peer=peer: read_envelope(world, made, peer))
        assert given == row.reason, (name, given, row.reason)
        told = {"recalls": b"".join(one.id for one in said.recalls), "receipts": b"".join(one.id for one in said.receipts)} if said else {}
        yield name, made, {"name": name, "peer": peer, "envelope": made, "answer": given, **told}


# (recall, origin of the target, who vouches for it, how many must, exercise, answer)
REACH = [
    ("recalls-alone", "origin", [], 0, "", "ADMITTED"),
    ("recalls-alone", "origin", ["origin", "middle"], 2, "", "ADMITTED"),
    ("recalls-alone", "middle", [], 0, "", "E_AUTHORITY"),
    ("recalls-alone", "origin", [], 0, WORD, "E_AUTHORITY"),
    ("notices-of-an-exercise", "origin", [], 0, WORD, "ADMITTED"),
    ("notices-of-an-exercise", "origin", [], 0, "another", "E_AUTHORITY"),
    ("notices-of-an-exercise", "origin", [], 0, "", "E_AUTHORITY"),
    ("recall-by-cosigners", "origin", ["origin", "middle", "second"], 2, "", "ADMITTED"),
    ("recall-by-cosigners", "origin", ["origin", "middle", "second"], 3, "", "E_THRESHOLD"),
    ("recall-by-cosigners", "origin", ["middle", "second"], 1, "", "E_AUTHORITY"),
    ("recall-by-cosigners", "origin", [], 0, "", "E_AUTHORITY"),
    ("recall-by-cosigners", "middle", ["origin", "middle"], 1, "", "E_AUTHORITY"),
    ("recall-by-cosigners-of-which-one-is-not-on-file", "origin", ["middle", "outsider"], 1, "", "ADMITTED"),
    ("recall-by-cosigners-of-which-one-is-not-on-file", "origin", ["middle", "outsider"], 2, "", "E_THRESHOLD"),
    ("recall-by-a-group", "origin", [], 0, "", "E_AUTHORITY")]


def reached(world, envelopes):
    for name, origin, listed, threshold, exercise, expected in REACH:
        row = TABLE[name]
        recall = read_envelope(world, envelopes[name], getattr(world, row.sealer).org).recalls[0]
        origin, listed = getattr(world, origin).org, sorted(getattr(world, one).org for one in listed)
        target = types.SimpleNamespace(origin=origin, constraints=types.SimpleNamespace(exercise_id=exercise),
                                       joint=types.SimpleNamespace(organisations=listed, threshold=threshold) if listed else None)
        given, _ = answer(lambda recall=recall, target=target: notices.check_authority(recall, target))
        assert given == expected, (name, given, expected)
        yield {"recall": name, "target_origin": origin, "target_joint": b"".join(listed), "target_threshold": str(threshold),
               "target_exercise": exercise, "answer": given}


def file_text():
    world = World()
    made = list(records(world))
    reach = list(reached(world, {name: wire_bytes for name, wire_bytes, _ in made}))
    return vectors.text_of(HEAD, world.records() + [record for _, wire_bytes, record in made if len(wire_bytes) < LARGE] + reach)


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
