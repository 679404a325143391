"""`verify` of envelopes and export files: what anybody can read of them, and what the keys of the node they are for open."""

import json
import struct

import pytest

from federation import ROOT, bundle_file, indicator
from test_files import exported
from test_verify import verify

HEAD = 69  # ENTX, version, from, to


def envelope_in(file):
    content, at = file.read_bytes(), HEAD
    while True:
        kind, size = struct.unpack(">BI", content[at:at + 5])
        if kind == 1:
            return content[at + 5:at + 5 + size]
        at += 5 + size


def said(*args, check=0):
    answer = json.loads(verify(*args, "--json", check=check).stdout)
    return answer, {row["check"]: (row["result"], row["detail"]) for row in answer["checks"]}


@pytest.fixture
def carried(pair, tmp_path):
    file, objects = exported(pair, tmp_path, 3)
    return (*pair, file, objects)


def test_the_clear_part_is_told_without_keys_and_nothing_else(carried, tmp_path):
    norlandia, _, file, objects = carried
    answer, checks = said(file, "--identity", norlandia.card)
    assert answer["ok"] and answer["kind"] == "export file" and answer["id"] == norlandia.fingerprint
    assert checks["form"][0] == "holds" and checks["identity documents"] == ("holds", "1")
    assert checks["envelopes"][0] == "not checked" and "--node" in checks["envelopes"][1]
    assert checks["writer"][0] == "not checked" and "cert.norlandia" in checks["writer"][1]
    (tmp_path / "one").write_bytes(envelope_in(file))
    answer, checks = said(tmp_path / "one")
    assert answer["ok"] and answer["tlp"] == "" and checks["sealed"][0] == "not checked"
    assert checks["form"] == ("holds", "to individual organisations, 1 slots")


def test_the_keys_of_the_node_open_it(carried, make_node, tmp_path):
    norlandia, estovia, file, objects = carried
    before = (estovia.dir / "keystore").read_bytes()
    with_keys = ("--identity", norlandia.card, "--node", estovia.dir)
    _, checks = said(file, *with_keys)
    assert checks["envelopes"] == ("holds", "1")
    (tmp_path / "one").write_bytes(envelope_in(file))
    answer, checks = said(tmp_path / "one", *with_keys)
    assert answer["tlp"] == "GREEN" and checks["sealed"][0] == "holds"
    assert checks["statements"][0] == "holds" and norlandia.fingerprint in checks["statements"][1]
    assert norlandia.fingerprint in checks["sealed"][1] and checks["co-signatures"] == ("holds", "none were asked for")
    assert checks["forward chain"] == ("holds", "none: sealed by their origin or for its own recipients")
    for thing in objects:
        assert thing["name"].encode() not in verify(tmp_path / "one", *with_keys, check=0).stdout
    assert (estovia.dir / "keystore").read_bytes() == before
    # With more cards than one, the sealer's is found; without it, the key of the seal is nobody's.
    others = [make_node(f"cert.other{i}").card for i in range(3)]
    more = [word for card in (*others, estovia.card) for word in ("--identity", card)]
    assert said(tmp_path / "one", *with_keys, *more)[0]["ok"]
    assert said(tmp_path / "one", *more, "--node", estovia.dir, check=4)[0]["reason"] == "E_NOKEY"


def test_each_damage_fails_by_name(carried, tmp_path):
    norlandia, estovia, file, _ = carried
    whole, with_keys = file.read_bytes(), ("--identity", norlandia.card, "--node", estovia.dir)

    def reason(content, *args):
        (tmp_path / "bad").write_bytes(content)
        answer, checks = said(tmp_path / "bad", *args, check=4)
        assert not answer["ok"] and any(result == "fails" for result, _ in checks.values())
        return answer["reason"]

    assert reason(whole[:-1]) == "E_TRUNCATED"
    assert reason(whole + b"x") == "E_TRAILING"
    assert reason(whole[:-1] + bytes([whole[-1] ^ 1])) == "E_AEAD"
    one = envelope_in(file)
    assert reason(one[:-1], *with_keys) == "E_AEAD"
    assert reason(one[:6] + b"\x09" + one[7:]) == "E_HEADER"
    assert reason(one, "--at", "2028-01-01T00:00:00Z") == "E_TIME"
    assert reason(one, "--node", estovia.dir) == "E_PARTY"
    assert reason(one, "--identity", norlandia.card, "--node", norlandia.dir) == "E_NOSLOT"
    assert reason(whole, "--node", estovia.dir) == "E_PARTY"


def test_a_keystore_that_does_not_open_is_told_as_such(carried, tmp_path):
    norlandia, estovia, file, _ = carried
    (tmp_path / "wrong").write_text("another passphrase of some length\n")
    (tmp_path / "wrong").chmod(0o600)
    done = verify(file, "--node", estovia.dir, "--passphrase-file", tmp_path / "wrong", check=1)
    assert b"E_KEYSTORE" in done.stderr and done.stdout == b""


def test_an_envelope_for_a_group_is_told_apart(tmp_path):
    vectors = (ROOT / "tests/vectors/group_envelope.txt").read_text()
    record = next(part for part in vectors.split("\n\n") if part.startswith('name = "statement"'))
    fields = dict(line.split(" = ") for line in record.splitlines())
    assert fields["common"] == '"0"'
    (tmp_path / "one").write_bytes(bytes.fromhex(fields["envelope"]))
    answer, checks = said(tmp_path / "one", "--at", "2026-01-01T01:30:00Z")
    assert answer["ok"] and checks["form"] == ("holds", "to the members of a group")
    assert checks["sealed"] == ("not checked", "no keystore was named with --node, and --documents FILE goes with it")
