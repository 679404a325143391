"""Who asked, who may see, and the second officer: Unix users at one node's admin socket, as the kernel knows them."""

import grp
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest
from federation import ENTENTE, Node, bundle_file, indicator, wait_for

ANNA, BRAM, CLEO, GUEST = 61001, 61002, 61003, 61004  # officers Anna and Bram; Cleo has need-to-know
GROUP = "users"
SEATS = f"""version = 1
socket_group = "{GROUP}"
second_officer_above = "AMBER"
officers = [0, {ANNA}, {BRAM}]
need_to_know = [{CLEO}]
[[seat]]
name = "duty officer"
users = [{ANNA}, {BRAM}]
"""


def run_as(uid, *args):
    return subprocess.run([ENTENTE, *map(str, args)], capture_output=True, timeout=60, user=uid,
                          group=grp.getgrnam(GROUP).gr_gid, extra_groups=[], cwd="/")


class Office:
    """A node whose folder lets the socket's group through, and its command line as one of its users."""

    def __init__(self, folder, seats=SEATS):
        self.folder = pathlib.Path(folder)
        self.node = Node(self.folder / "node", "cert.norlandia")
        if seats:
            (self.node.dir / "seats.toml").write_text(seats)
        os.chown(self.node.dir, -1, grp.getgrnam(GROUP).gr_gid)
        self.node.dir.chmod(0o710)
        self.node.start()

    def cli(self, uid, command, *args, check=0):
        done = run_as(uid, *command.split(), "--node", self.node.dir, *args)
        assert done.returncode == check, (command, args, done.returncode, done.stdout[-600:], done.stderr[-600:])
        return done.stdout.decode() if check == 0 else done.stderr.decode()

    def json(self, uid, command, *args, check=0):
        done = run_as(uid, *command.split(), "--node", self.node.dir, *args, "--json")
        assert done.returncode == check, (command, args, done.returncode, done.stdout[-600:], done.stderr[-600:])
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def bundle(self, *objects):
        path = bundle_file(self.folder / "bundle.json", objects)
        os.chmod(path, 0o644)
        return path

    def restart(self):
        self.node.process.send_signal(signal.SIGTERM)
        self.node.process.wait(10)
        self.node.start()


@pytest.fixture
def folder():
    """A folder that every user can pass; pytest's own is its user's alone."""
    if os.getuid() != 0:
        pytest.skip("only root can act as several users")
    made = tempfile.mkdtemp()
    os.chmod(made, 0o711)
    yield pathlib.Path(made)
    shutil.rmtree(made)


@pytest.fixture
def office(folder):
    try:
        probe = run_as(GUEST, "version").returncode
    except PermissionError:
        probe = 1
    if probe != 0:
        pytest.skip("another user cannot run the program from where it was built")
    made = Office(folder)
    yield made
    if made.node.process.poll() is None:
        made.node.kill()


def labelled(office):
    """One object of each label, by the number of its strictness; RED and AMBER+STRICT went through a draft."""
    things = [indicator("seen.example", tlp=tlp) for tlp in ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")]
    office.json(ANNA, "publish", office.bundle(*things[:3]))
    made = office.json(ANNA, "publish", office.bundle(*things[3:]), "--draft")[0]
    office.json(BRAM, "draft publish", made["draft"])
    return things


def test_reads_ask_who_reads_and_tell_nothing_else(office):
    things = labelled(office)
    for uid, sees in ((ANNA, 5), (CLEO, 4), (GUEST, 2)):
        for strictness, thing in enumerate(things):
            said = office.cli(uid, "get", thing["id"], check=0 if strictness < sees else 3)
            if strictness >= sees:
                assert "ENT-3001" in said and "seen.example" not in said and "test indicator" not in said
        assert len(office.json(uid, "search", "seen.example")[0]["matches"]) == sees
        assert len(office.json(uid, "tail")) == sees
        if sees < 5:
            office.cli(uid, "get", things[4]["id"], "--proof", check=3)
    opened = office.json(ANNA, "opened")
    assert {row["tlp"] for row in opened} == {"RED", "AMBER+STRICT"}
    by = [(row["by"], row["how"], row["tlp"]) for row in opened]
    assert (f"uid {ANNA}", "get", "RED") in by and (f"uid {CLEO}", "search", "AMBER+STRICT") in by
    assert (f"uid {CLEO}", "get", "RED") not in by and not any(str(GUEST) in who for who, _, _ in by)
    office.restart()
    assert office.json(ANNA, "opened")[-1] == opened[-1]
    assert office.node.fsck()[1] == 0


def test_changes_are_an_officers(office):
    rules = office.folder / "rules.toml"
    rules.write_text("version = 1\n")
    rules.chmod(0o644)
    office.json(GUEST, "publish", office.bundle(indicator()))  # held: it has no label
    for command, *args in (("policy apply", rules), ("policy rollback", 0), ("quarantine list",), ("opened",),
                           ("group create", "g"), ("fsck", "--rebuild")):
        said = office.cli(GUEST, command, *args, check=3)
        assert "ROLE" in said or "ENT-3040" in said, (command, said)
    office.cli(ANNA, "policy apply", rules)
    assert office.json(GUEST, "policy show")[0]["in_force"]["by"] == f"uid {ANNA}"
    held = office.json(ANNA, "quarantine list")[0]["rows"][0]
    assert held["by"] == f"uid {GUEST}"
    office.cli(ANNA, "quarantine reject", held["id"], "--because", "noise")


def test_a_label_above_the_mark_is_published_by_two(office):
    red = indicator(tlp="RED")
    refused = office.json(ANNA, "publish", office.bundle(red), check=6)[0]
    assert refused["rejected"] == 1 and refused["notable"][0]["reason"] == "SECOND_OFFICER"
    made = office.json(ANNA, "publish", office.bundle(red), "--draft", "--orcon", "--rel-to", "XN", "--note", "for the minister")[0]
    assert made["draft"] == 1 and made["published"] == 0
    assert "ENT-3041" in office.cli(ANNA, "draft publish", 1, check=3)
    said = office.cli(ANNA, "draft publish", 1, check=3)
    assert "SECOND_OFFICER" in said or "ENT-3041" in said
    office.cli(GUEST, "draft show", 1, check=3)
    office.cli(ANNA, "draft review", 1, check=3)
    office.cli(BRAM, "draft review", 1, "--note", "read it")
    office.restart()
    shown = office.json(BRAM, "draft show", 1)[0]
    assert (shown["state"], shown["by"], shown["note"]) == ("waits", f"uid {ANNA}", "for the minister")
    assert [(step["step"], step["by"]) for step in shown["steps"]] == [("reviewed", f"uid {BRAM}")]
    assert json.loads(shown["contents"][0])["id"] == red["id"]
    assert shown["terms"] == ["rel to: XN", "orcon: true"]
    assert "  rel to: XN\n  orcon: true\n" in office.cli(BRAM, "draft show", 1)
    office.cli(ANNA, "get", red["id"], check=1)
    published = office.json(BRAM, "draft publish", 1)[0]
    assert published["published"] == 1 and published["permitted"].keys() == published["withheld"].keys()
    office.cli(BRAM, "draft publish", 1, check=1)
    office.restart()
    shown = office.json(ANNA, "draft list")[0]["drafts"][0]
    assert shown["state"] == "published" and shown["steps"][-1]["by"] == f"uid {BRAM}"
    assert office.json(ANNA, "get", red["id"])[0]["tlp"] == "RED"
    again = office.json(ANNA, "publish", office.bundle(indicator(tlp="RED")), "--draft")[0]["draft"]
    office.cli(GUEST, "draft drop", again, "--because", "mine", check=3)
    office.cli(ANNA, "draft drop", again, "--because", "too early")
    assert office.node.fsck()[1] == 0


def test_without_the_file_whoever_opens_the_socket_is_the_operator(folder):
    office = Office(folder, seats=None)
    red = indicator(tlp="RED")
    assert office.node.publish(bundle_file(folder / "red.json", [red]))["published"] == 1
    assert office.node.json("get", red["id"])["tlp"] == "RED"
    assert office.node.cli("opened", check=0).stdout.decode().startswith("nothing was opened")
    assert run_as(GUEST, "status", "--node", office.node.dir).returncode == 1, "the socket is its owner's alone"
    office.node.accept(Node(folder / "other", "cert.estovia"))
    assert office.node.explain(red["id"], "cert.estovia")["by"].endswith("(uid 0)")
    office.node.stop()


def test_a_faulty_file_stops_the_start_with_its_place(folder):
    node = Node(folder / "node", "cert.norlandia")
    (node.dir / "seats.toml").write_text('version = 1\nofficers = ["root"]\nneed_to_kow = []\n')
    node.start(wait=False)
    wait_for(lambda: node.process.poll() is not None, "the node to refuse")
    assert "seats.toml:3:1: unknown key 'need_to_kow'; did you mean 'need_to_know'?" in node.said()
