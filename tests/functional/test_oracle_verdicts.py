"""Whatever the command line of tests/oracle is given, it answers with a line and a reason, and ends with a code that its help names: never
with a traceback. Most of it runs inside this process, for starting Python costs more than an answer."""

import contextlib
import io
import json
import random
import subprocess
import sys

import pytest

import oracles
from federation import ROOT

import armour
import damages_group
import export_file
import make
import make_story as story
import oracle as command_line
import vectors
import world
from building_blocks import message

FILES = ("card", "peer", "chain", "party", "secrets", "documents", "export", "envelope", "paper", "proof", "prekey", "content")
NAMES = ("identity", "membership", "open", "make", "make-for-a-group", "damages", "verify", "pack", "unpack", "prove")
AT = ("--at", str(world.NOW))
REASONS = {line.split("`")[1] for line in (ROOT / "docs/reject-reasons.md").read_text().split("\n") if line.startswith("| `")}


def answered(*words):
    """(exit code, lines) of the command line; whoever raises anything but an exit fails the test."""
    said, heard = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["oracle.py", *map(str, words)]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(heard):
            with pytest.raises(SystemExit) as ended:
                command_line.main()
    finally:
        sys.argv = before
    return ended.value.code, [json.loads(line) for line in said.getvalue().splitlines()]


def check_verdict(code, lines, words):
    wrong = [line for line in lines if not line["ok"]]
    assert lines and code in (0, 2, 4), (code, words)
    assert (code == 0) == (not wrong), (code, lines, words)
    assert all(line["reason"] in REASONS - {"INTERNAL"} for line in wrong), (wrong, words)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Good files of every kind, by name: those of the story that golden_group tells, and what hangs on them."""
    folder = tmp_path_factory.mktemp("given")
    reader, origin = story.READER, story.A
    seed = story.fixed(f"{reader.name} statement").hex()
    kinds = {"membership": export_file.MEMBERSHIP, "entry": export_file.GROUP_LOG, "epoch": export_file.EPOCH, "leave": export_file.LEAVE}
    entries = [(kinds[form], data) for _, form, data in story.STORY[:story.USUAL]]
    sealed, proof = damages_group.TABLE["statement"].sealed(), damages_group.said([story.B])(make.straight).proof()
    files = {
        "card": armour.wrap("CARD", reader.card), "peer": armour.wrap("CARD", origin.card),
        "chain": armour.wrap("IDENTITY", message((1, origin.documents))),
        "party": armour.wrap("CARD", story.B.card),
        "secrets": f"statement {seed}\nprekey/{story.WORLD.prekey_id.hex()} {story.WORLD.prekey_seed.hex()}\n",
        "documents": export_file.write(origin.org, reader.org, entries),
        "export": export_file.write(origin.org, reader.org, [(export_file.IDENTITY, origin.documents[0]), *entries,
                                                             (export_file.ENVELOPE, sealed)]),
        "envelope": sealed, "proof": armour.wrap("STATEMENT", proof), "content": b"{}",
        "paper": armour.wrap("MEMBERSHIP", next(data for _, form, data in story.STORY if form == "membership")),
        "prekey": make.make_prekey(origin, origin.signer, bytes(16), bytes(32), world.NOW)}
    for name, data in files.items():
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def commands(given, changed=None, instead=None):
    """The words of each command with every file good but one: name -> words. None for what has no such file."""
    def file(name):
        return instead if name == changed else given / name
    keys = ("--secrets", file("secrets"))
    reading = ("--receiver", file("card"), *keys, "--peer", file("peer"), "--party", file("party"), *AT)
    making = ("--author", file("card"), *keys, "--owner", file("peer"), *AT, "--out", given / "out", file("content"))
    return {
        "identity": ("identity", *AT, file("chain")),
        "membership": ("membership", "--party", file("peer"), "--party", file("party"), *AT, file("paper")),
        "open": ("open", *reading, "--documents", file("documents"), file("envelope")), "unpack": ("unpack", *reading, file("export")),
        "make": ("make", "--prekey", file("prekey"), *making),
        "make-for-a-group": ("make", "--group", "energy", "--party", file("party"), "--documents", file("documents"), *making),
        "damages": ("damages",), "verify": ("verify", "--card", file("peer"), *AT, file("proof")),
        "pack": ("pack", "--author", file("peer"), "--owner", file("card"), *AT, "--out", given / "out", file("envelope")),
        "prove": ("prove", "--author", file("card"), *keys, "--audience", file("peer"), *AT, "--out", given / "out", file("content"))}


def hostile(good, draw):
    """Contents that the files may have: cut, bent, another's, none."""
    yield from (b"", b"\0", b"\xff" * 100, draw.randbytes(5000), "-----BEGIN ENTENTE CARD-----\n\u2028\n".encode())
    yield from (b"statement zz", b"statement 00\n", b"prekey/00 " + b"00" * 32)
    yield from (b"-----BEGIN ENTENTE IDENTITY-----\n-----END ENTENTE IDENTITY-----\n", (ROOT / "README.md").read_bytes()[:3000])
    yield armour.wrap("IDENTITY", message((1, message((1, b"\xff"))))).encode()
    yield armour.wrap("CARD", message((1, 1), (2, b""), (4, [b"", message((1, b"\x10\1"))]))).encode()
    yield armour.wrap("MEMBERSHIP", message((1, b"\x10\1"), (2, b""))).encode()
    yield armour.wrap("STATEMENT", message((1, b""), (2, b""))).encode()
    yield export_file.write(bytes(32), bytes(32), [(kind, data) for kind in range(1, 10) for data in (b"", b"\x0a\0", draw.randbytes(40))])
    for _ in range(4):
        at = draw.randrange(len(good))
        yield good[:at]
        yield good[:at] + bytes([good[at] ^ 1 << draw.randrange(8)]) + good[at + 1:]
        yield good[at:] + good[:at]


@pytest.mark.parametrize("changed", FILES)
def test_a_hostile_file_gets_a_verdict_from_every_command_that_reads_it(given, tmp_path, changed):
    draw, reached, refused = random.Random(changed), 0, 0
    good = (given / changed).read_bytes()
    whole = commands(given)
    for number, content in enumerate(hostile(good, draw)):
        path = tmp_path / str(number)
        path.write_bytes(content)
        for name, words in commands(given, changed, path).items():
            if words != whole[name]:
                code, lines = answered(*words)
                check_verdict(code, lines, words)
                reached, refused = reached + 1, refused + (code != 0)
    assert reached and (refused >= reached // 3 or changed == "content")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_file_gets_a_verdict(given, tmp_path, name):
    missing, seen = tmp_path / "nothing", 0
    whole = commands(given)[name]
    for changed in FILES:
        for instead, reason in ((missing, "NOT_FOUND"), (tmp_path, "USAGE"), (missing / "below", "NOT_FOUND"), ("nul\0", "USAGE")):
            words = commands(given, changed, instead)[name]
            if words == whole:
                continue
            code, lines = answered(*words)
            assert (code, lines[-1]["reason"]) == (2, reason) or "unpack" == name and lines, (lines, words)
            check_verdict(code, lines, words)
            seen += 1
    assert seen or name == "damages"


def test_where_nothing_can_be_written_there_is_a_verdict(given, tmp_path):
    for name in ("pack", "prove", "make-for-a-group"):
        words = [tmp_path / "no" / "folder" if word == given / "out" else word for word in commands(given)[name]]
        code, lines = answered(*words)
        assert (code, lines[-1]["reason"]) == (2, "USAGE"), lines


def test_good_files_are_good(given):
    """Else what is above would show nothing."""
    for name, words in commands(given).items():
        code, lines = answered(*words)
        assert code == 0, (name, lines)


@pytest.mark.parametrize("words", [(), ("open",), ("identity", "x", "--at", "-1"), ("identity", "x", "--at", "9" * 30), ("nothing",)])
def test_a_wrong_command_line_ends_with_2(words):
    done = subprocess.run(["/usr/bin/python3", "-B", oracles.ORACLE, *words], capture_output=True, timeout=60)
    assert done.returncode == 2 and b"usage:" in done.stderr and b"Traceback" not in done.stderr


def test_every_golden_envelope_has_its_answer_from_the_command_line(given, tmp_path):
    """Statements, forwards and notices: what the golden files say that each is answered with, in one run for each sealer."""
    tells = {"notices.txt": lambda v, one: [said["id"] for said in one["recalls"]] == hexed(v["recalls"]),
             "passing.txt": lambda v, one: ([hop["id"] for hop in one["hops"]], one["cosigners"]) == (hexed(v["hops"]), hexed(v["cosigners"]))}
    for file, more in tells.items():
        records, folder, seen = vectors.read(file), tmp_path / file, set()
        folder.mkdir()
        parties = {v["org_id"]: v for v in records if "party" in v}
        reading = [folder / "reader", "--secrets", folder / "secrets", *AT]
        (folder / "secrets").write_text(f"prekey/{records[0]['prekey_id'].hex()} {records[0]['prekey_seed'].hex()}\n")
        frozen = next(org for org, v in parties.items() if v["party"] == b"frozen")
        for org, v in parties.items():
            (folder / v["party"].decode()).write_text(armour.wrap("IDENTITY", v["identity_chain"]))
        others = [word for org, v in parties.items() if org != frozen for word in ("--party", folder / v["party"].decode())]
        for peer, v in parties.items():
            rows = [one for one in records if one.get("peer") == peer and "envelope" in one and peer != frozen]
            paths = [folder / f"{peer.hex()}-{number}" for number in range(len(rows))]
            for path, row in zip(paths, rows):
                path.write_bytes(row["envelope"])
            if rows:
                _, lines = answered("open", "--receiver", *reading, "--peer", folder / v["party"].decode(), *others, *paths)
                for row, one in zip(rows, lines):
                    if b"expired" in row["name"]:
                        continue  # of an organisation whose card nobody takes
                    assert one.get("reason", "ADMITTED") == row["answer"].decode(), row["name"]
                    seen.add(row["name"])
                    assert not one["ok"] or (one["sealer"] == peer.hex() and more(row, one)), (row["name"], one)
        assert len(seen) > 40, (file, len(seen))


def hexed(ids):
    return [ids[at:at + 32].hex() for at in range(0, len(ids), 32)]
