"""The oracle reads a group that the C++ makes, issues epochs for and seals to: documents, log, epochs, a leave, a re-wrap and envelopes. A program of
the library plays the members, for moments that daemons come to within hours or days; test_oracle_group_mode.py is with daemons."""

import subprocess

import pytest

import oracles  # noqa: F401  it puts tests/oracle where imports look
import chain
import envelope
import epochs
import groups
import leaves
import statements
import vectors
import wire
from federation import TEST_BIN
from refusal import Refusal


class Reader:
    """The member that the program tells of."""

    def __init__(self, records):
        first, self.parties = records[0], {}
        for v in records:
            if "party" in v:
                begun, *later = wire.strict(wire.IDENTITY_CHAIN, v["identity_chain"]).documents
                party = chain.begin(begun, int(first["now_us"]))
                for one in later:
                    party = chain.take(party, one, int(first["now_us"]))
                self.parties[party.org] = party
        self.org, self.seeds = first["org_id"], {v["prekey_id"]: v["prekey_seed"] for v in records if "prekey_id" in v}
        self.member = epochs.Member(self.org, groups.Group(self.parties), self.seeds)

    def take(self, v):
        """What comes; its answer, or None for a record of nothing that comes."""
        now = int(v.get("at_us", 0))
        acts = {"membership": lambda data: self.member.group.take_document(wire.strict(wire.SIGNED_MEMBERSHIP, data), now),
                "entry": lambda data: self.member.group.take_entry(wire.strict(wire.SIGNED_BODY, data), now),
                "epoch": lambda data: self.member.take(wire.strict(wire.DELIVERY, data), now),
                "rewrap": lambda data: self.member.take_rewrap(wire.strict(wire.SIGNED_BODY, data), now),
                "leave": lambda data: leaves.take(self.member.group, wire.strict(wire.SIGNED_BODY, data), now)}
        form = next((form for form in acts if form in v), None)
        if form is None:
            return None
        try:
            acts[form](v[form])
            return "ADMITTED"
        except Refusal as refusal:
            return refusal.reason

    def read(self, v, data):
        """(answer, what was said)"""
        now = int(v["at_us"])
        try:
            opened = envelope.open_envelope(data, self.org, self.seeds, now, groups=[self.member])
            return "ADMITTED", statements.verify(opened, self.parties, v["peer"], self.org, now, [self.member])
        except Refusal as refusal:
            return refusal.reason, None


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    path = tmp_path_factory.mktemp("group") / "sealed"
    path.write_bytes(subprocess.run([TEST_BIN / "group_seals"], capture_output=True, check=True, timeout=120).stdout)
    return vectors.read(path)


def test_the_oracle_opens_what_the_library_seals_to_a_group(told):
    reader, seen = Reader(told), {}
    for v in told:
        came = reader.take(v)
        assert came in (None, "ADMITTED") or (came, reader.member.epochs[-1].epoch) == ("E_NOSLOT", 2), (came, sorted(v))
        if "envelope" not in v:
            continue
        given, said = reader.read(v, v["envelope"])
        assert given == v["answer"].decode(), v["name"]
        seen[v["name"].decode()] = given
        contents = b"".join(entry.content + b"\n" for entry in getattr(said, "entries", [])) if said else b""
        assert contents == v["contents"], v["name"]
    assert len(reader.member.secrets) == 2 and len(seen) == 8
    assert len(set(seen.values())) == 4, seen  # admitted, unopened, too late and of who is out


def test_of_two_kinds_each_is_read_for_what_it_is(told):
    reader, said = Reader(told), {}
    for v in told:
        reader.take(v)
        if "envelope" in v:
            said[v["name"].decode()] = reader.read(v, v["envelope"])[1]
    assert len(said["a-forward-into-the-group"].hops) == 1 and said["statements"].hops == []
    assert said["a-recall"].recalls and not hasattr(said["a-recall"], "bodies")


def test_a_damaged_envelope_of_the_library_opens_nowhere(told):
    reader = Reader(told)
    for v in told:
        reader.take(v)
        if v.get("name") == b"statements":
            whole = v["envelope"]
            assert reader.read(v, whole)[0] == "ADMITTED"
            for at in range(0, len(whole), len(whole) // 61):
                bent = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
                assert reader.read(v, bent)[0].startswith("E_") and reader.read(v, whole[:at])[0].startswith("E_"), at
            assert reader.read(v, whole + b"\0")[0] == "E_TRAILING"
