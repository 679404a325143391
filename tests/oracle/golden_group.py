#!/usr/bin/python3
"""Makes tests/vectors/group_envelope.txt: what a member knows of two groups, and envelopes of their epochs or addressed to them, good ones and
each of damages_group.TABLE, with the answer; of some the proof of one statement.

  golden_group.py           writes the file
  golden_group.py --check   exit 1 where it would differ
"""

import os

import oracle  # noqa: F401  it knows where docs/formats/examples is
import envelope
import make_story as story
import proof
import statements
import vectors
from damages_group import TABLE
from damages_group_passing import PROVEN
from golden_passing import SOURCE, answer
from make_story import PARTIES, READER, WORLD
from world import fixed

FILE = "group_envelope.txt"
HEAD = [SOURCE[0].replace("golden_passing", "golden_group"), SOURCE[1],
        "First the member that reads, then the parties that it has on file; then what it takes in of its groups at now_us, one behind the other:",
        "`membership` is a SignedMembership, `entry` a SignedBody of the group's log, `epoch` an EpochDelivery, `leave` a SignedBody. Then envelopes as `peer` hands",
        "them over at at_us, behind as many of these as it says, and what each is answered with; then proofs of one statement. The first",
        "`common` bytes are those of what is called `like`, the others stand here. What is admitted has its hops."]
ON_FILE = {one.org: one.party for one in PARTIES}


def read_envelope(row, wire_bytes):
    followed = story.reader_behind(row.behind)
    opened = envelope.open_envelope(wire_bytes, READER.org, {WORLD.prekey_id: WORLD.prekey_seed}, row.at, groups=followed)
    return statements.verify(opened, ON_FILE, row.sealer.org, READER.org, row.at, followed)


def read_proof(row, data):
    return proof.check(data, ON_FILE, row.at, story.reader_behind(row.behind))


def common_size(one, other):
    return len(os.path.commonprefix([one, other]))


class Shortener:
    """Gives what begins like something before it without that beginning."""

    def __init__(self):
        self.before = {"": b""}

    def of(self, name, form, data):
        like = max(self.before, key=lambda one: common_size(self.before[one], data))
        common, self.before[name] = common_size(self.before[like], data), data
        return {"like": like, "common": str(common), form: data[common:]}


def told(said):
    return {"hops": b"".join(hop.id for hop in said.hops)} if said else {}


def records():
    reader = {**WORLD.records()[0], "reader": READER.name, "org_id": READER.org, "statement_seed": fixed(f"{READER.name} statement")}
    yield from [reader, *(one.record for one in PARTIES)]
    for place, (group_id, form, data) in enumerate(story.STORY, 1):
        yield {"place": str(place), "group_id": group_id, form: data}
    envelopes, proofs = Shortener(), Shortener()
    for name, row in TABLE.items():
        made = row.sealed()
        given, said = answer(lambda row=row, made=made: read_envelope(row, made))
        assert given == row.reason, (name, given, row.reason)
        yield {"name": name, "peer": row.sealer.org, "behind": str(row.behind), "at_us": str(row.at),
               **envelopes.of(name, "envelope", made), "answer": given, **told(said)}
    for name, expected in PROVEN.items():
        row = TABLE[name]
        made = row.proof()
        given, said = answer(lambda row=row, made=made: read_proof(row, made))
        assert given == expected, (name, given, expected)
        yield {"name": name, "behind": str(row.behind), "at_us": str(row.at), **proofs.of(name, "proof", made), "answer": given, **told(said)}


if __name__ == "__main__":
    vectors.write_or_check(FILE, vectors.text_of(HEAD, records()))
