"""Logs and answers under hostile text: one record for each event, nothing that a terminal or a reader would obey."""

import json
import os
import pty
import socket
import subprocess
import time
import uuid

import pytest

from federation import ENTENTE, TEST_BIN, bundle_file, indicator, run, wait_for

# Ends the line, forges a record, colours, turns the reading direction, adds a field. As tests/hostile/hostile_peer.cc.
HOSTILE = 'x","level":"error"}\r\n{"level":"forged"}\x1b[31m\u202e  state=up'
LEVELS = {"trace", "debug", "info", "warn", "error"}


def harmless(output):
    """No byte of `output` acts on a terminal, and no line of it is the forged record."""
    text = output.decode()
    assert "\x1b" not in text and "\r" not in text and "\u202e" not in text, text
    assert not any(line.startswith('{"level":"forged"') for line in text.split("\n")), text
    return text


def once(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)


def records(node):
    """Every record of the log file and of stderr, each a JSON object of one line with each key once."""
    lines = []
    for text in ((node.dir / "entented.log").read_bytes(), (node.dir / "test-output.txt").read_bytes()):
        lines += harmless(text).splitlines()
    found = [json.loads(line, object_pairs_hook=once) for line in lines]
    assert all(record["level"] in LEVELS and set(record) >= {"time", "level", "message"} for record in found)
    return found


def trace(node):
    config = node.dir / "entente.toml"
    config.write_text(config.read_text().replace('log_level = "info"', 'log_level = "trace"'))
    return node.start()


def test_O80_what_a_peer_says_is_one_escaped_record(make_node):
    victim, attacker = trace(make_node("cert.estovia", nation="XE")), make_node("rogue", nation="XR")
    victim.accept(attacker)

    said = [0.0]

    def goodbyes():  # said again until a look of the log falls before the node's own next try to dial; within its budget
        if time.monotonic() < said[0] + 0.5:
            return []
        said[0] = time.monotonic()
        done = subprocess.run([TEST_BIN / "hostile_peer", attacker.dir, victim.card, "good", "bye"],
                              capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [r for r in records(victim) if "peer ended the session" in r.get("detail", "")]

    for record in wait_for(goodbyes, "the bye"):
        assert record["message"] == "session" and "\\x1b" in record["detail"] and "level" in record["detail"]
    for words in (["status"], ["peer", "list"], ["peer", "show", "rogue"], ["doctor"], ["tail"]):
        for form in ([], ["--json"]):
            done = victim.cli(words[0], *words[1:], *form)
            harmless(done.stdout), harmless(done.stderr)
    host, port = victim.facts["peer_address"].rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as stranger:
        stranger.sendall(HOSTILE.encode())
    host, port = victim.facts["metrics_listen"].rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as stranger:
        stranger.sendall(b"GET /" + HOSTILE.encode().replace(b"\r\n", b"") + b" HTTP/1.1\r\n\r\n")
        harmless(stranger.recv(4096).replace(b"\r\n", b"\n"))
    harmless(json.dumps(victim.metrics(), ensure_ascii=False).encode())
    wait_for(lambda: any(r["message"] == "handshake refused" for r in records(victim)), "the stranger's record")


def hostile_objects():
    marking = {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.uuid4()}",
               "created": "2026-01-01T00:00:00Z", "definition_type": "statement",
               "definition": {"statement": HOSTILE + " TLP:RED"}}
    return [indicator(tlp="GREEN", name=HOSTILE), indicator(tlp="GREEN", type=HOSTILE),
            indicator(tlp="GREEN", object_id="indicator--" + HOSTILE), indicator(object_marking_refs=[HOSTILE]),
            {**indicator(tlp="GREEN"), HOSTILE: 1}, marking,
            indicator(object_marking_refs=[marking["id"]]), indicator(tlp="GREEN", modified=HOSTILE)]


def test_O80_what_objects_and_files_are_called_is_one_escaped_record(pair, tmp_path):
    norlandia, estovia = pair
    things = hostile_objects()
    path = bundle_file(tmp_path / HOSTILE, things)
    for form in ([], ["--json"]):
        done = norlandia.cli("publish", path, *form)
        assert done.returncode == 6
        harmless(done.stdout), harmless(done.stderr)
        if form:
            assert json.loads(done.stdout)["rejected"] >= 3
    norlandia.drained("cert.estovia")
    (tmp_path / ("no" + HOSTILE)).write_text('{"type": "bundle", "objects": [' + HOSTILE)
    commands = [["publish", tmp_path / ("no" + HOSTILE)], ["publish", tmp_path / ("absent" + HOSTILE)],
                ["search", HOSTILE], ["get", things[0]["id"]], ["get", HOSTILE], ["get", "--version", HOSTILE, "x"],
                ["explain", HOSTILE, "--peer", HOSTILE], ["explain", things[3]["id"], "--peer", "cert.estovia"],
                ["peer", "show", HOSTILE], ["peer", "add", tmp_path / HOSTILE, "--fingerprint", HOSTILE, "--nation", HOSTILE,
                                            "--kind", HOSTILE], ["tail"], ["tail", "--peer", HOSTILE], [HOSTILE],
                ["status", "--" + HOSTILE], ["publish", path, "--tlp", HOSTILE], ["help", HOSTILE]]
    for node in (norlandia, estovia):
        for words in commands:
            for form in ([], ["--json"]):
                done = run(*words, *form, env={"ENTENTE_NODE": str(node.dir)})
                harmless(done.stdout), harmless(done.stderr)
                assert words[0] == "tail" or all(json.loads(line) for line in done.stdout.splitlines() if form)
        assert records(node)


@pytest.mark.parametrize("words", [["init", "--name", HOSTILE], ["status"], ["run"]])
def test_O80_folders_and_names_of_nodes_are_shown_escaped(tmp_path, words):
    done = run(words[0], "--node", tmp_path / HOSTILE, *words[1:])
    assert done.returncode != 0
    harmless(done.stdout), harmless(done.stderr)


def test_O80_a_configuration_of_hostile_words_is_one_json_record(make_node):
    node = make_node("cert.norlandia")
    config = node.dir / "entente.toml"
    config.write_text(config.read_text() + '\n"' + "\\u001b[31m\\r\\n\\u202e" + '" = 1\n')
    done = node.cli("run", check=1)
    (record,) = [json.loads(line) for line in harmless(done.stderr).splitlines()]
    assert (record["reason"], record["level"]) == ("CONFIG", "error") and "\\x1b" in record["detail"]


def test_a_terminal_gets_human_text_and_the_file_json(make_node):
    node = make_node("cert.norlandia")
    ours, theirs = pty.openpty()
    node.process = subprocess.Popen([ENTENTE, "run", "--node", node.dir], stdin=subprocess.DEVNULL, stdout=theirs,
                                    stderr=theirs)
    os.close(theirs)
    wait_for(node.answers, "the daemon to answer")
    assert node.stop() == 0
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # a pseudo-terminal ends with EIO
    lines = shown.decode().replace("\r\n", "\n").splitlines()
    assert any(" info ready  name=cert.norlandia  " in line for line in lines), lines
    assert not any(line.startswith("{") for line in lines)
    assert all(json.loads(line) for line in (node.dir / "entented.log").read_text().splitlines())
