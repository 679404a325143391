"""Canary scan: a whole story with planted secrets and values, then a search of everything that a node leaves behind."""

import json
import os
import resource
import signal
import socket
import subprocess
import urllib.request

import pytest

from canaries import leaks, node_secrets, process_places, spellings
from federation import ENTENTE, bundle_file, indicator, peer_both_ways, wait_for

VALUE, NAME = "canary-value-7f3a91.example", "canary name of an object 7f3a91"
CONTENT = {"value": VALUE.encode(), "name": NAME.encode()}


CRASHES = [signal.SIGABRT, signal.SIGSEGV, signal.SIGQUIT]


def unlimited_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def in_folder(folder):
    def prepare():
        unlimited_cores()
        for number in CRASHES:  # a shell that runs this in the background has its children ignore some
            signal.signal(number, signal.SIG_DFL)
        os.chdir(folder)
    return prepare


class Story:
    """Runs commands and keeps what each said on stderr, and how the operating system showed it."""

    def __init__(self):
        self.places = []

    def tell(self, node, *words, stdin=None):
        command = [str(word) for word in words]
        child = subprocess.Popen([ENTENTE, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env={**os.environ, "ENTENTE_NODE": str(node.dir)})
        self.places += process_places(child.pid)
        out, err = child.communicate(stdin, timeout=120)
        self.places.append((f"stderr of {command[0]}", err))
        return out, child.returncode

    def look_at(self, node):
        """Logs, health, metrics and the daemon's own command line and environment."""
        self.places += process_places(node.daemon_pid())
        for page in ("metrics", "readyz?verbose", "livez", ""):
            url = f"http://{node.facts['metrics_listen']}/{page}"
            self.places.append((f"/{page}", urllib.request.urlopen(url, timeout=10).read()))

    def files(self, node):
        found = [*node.dir.glob("entented*.log"), node.dir / "test-output.txt"]
        self.places += [(f"{node.name} {path.name}", path.read_bytes()) for path in found]
        assert len(found) >= 2


def objects():
    """What is published, held, and refused: each with the canaries in it."""
    sound = indicator(value=VALUE, tlp="GREEN", name=NAME)
    bare = indicator(value=VALUE, name=NAME)
    twice = json.dumps(indicator(value=VALUE, tlp="GREEN", name=NAME))[:-1] + f', "name": "{NAME}"}}'
    dated = indicator(value=VALUE, tlp="GREEN", name=NAME, modified=VALUE)
    typed = indicator(value=VALUE, tlp="GREEN", name=NAME, pattern_type=7)
    return sound, [sound, bare, twice, dated, typed, f'{{"name": {NAME}']


def tell_all(story, node, tmp_path):
    sound, things = objects()
    path = bundle_file(tmp_path / "things.json", things)
    out, code = story.tell(node, "publish", path, "--json")
    assert code == 6 and json.loads(out)["published"] >= 1 and json.loads(out)["quarantined"] >= 1, out
    clash = bundle_file(tmp_path / "clash.json", [{**sound, "name": NAME + "!"}])
    assert story.tell(node, "publish", clash)[1] == 6
    assert VALUE.encode() in story.tell(node, "get", sound["id"], "--raw")[0]
    out, _ = story.tell(node, "search", "-", "--json", stdin=VALUE.encode() + b"\n")
    assert [row["id"] for row in json.loads(out)["matches"]].count(sound["id"]) == 1
    for words in (["explain", sound["id"], "--peer", "cert.estovia"], ["explain", sound["id"], "--peer", "nobody"],
                  ["status"], ["doctor"], ["tail", "--content", "--json"], ["fsck"], ["peer", "list"]):
        story.tell(node, *words)
    wrong = tmp_path / "wrong-passphrase"
    wrong.write_text("not the canary\n")
    wrong.chmod(0o600)
    story.tell(node, "doctor", "--passphrase-file", wrong)
    story.tell(node, "run", "--passphrase-file", wrong)
    return sound


def traced(node, folder):
    config = node.dir / "entente.toml"
    config.write_text(config.read_text().replace('log_level = "info"', 'log_level = "trace"'))
    return node.start(preexec=in_folder(folder))


def crash(node, number):
    """Whether the kernel wrote a core of the daemon, which must die of this signal."""
    os.kill(node.daemon_pid(), number)
    _, status = os.waitpid(node.process.pid, 0)
    node.process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == number
    return os.WCOREDUMP(status)


def cores_are_possible(folder):
    """Whether this machine writes core files at all, shown on a process that does nothing against it."""
    child = subprocess.Popen(["sleep", "60"], preexec_fn=in_folder(folder))
    child.send_signal(signal.SIGABRT)
    _, status = os.waitpid(child.pid, 0)
    child.returncode = -signal.SIGABRT
    return os.WCOREDUMP(status)


def test_O81_nothing_a_node_leaves_behind_has_a_secret_or_a_value(make_node, tmp_path):
    norlandia, estovia = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE")
    secrets = {**node_secrets(norlandia), **node_secrets(estovia)}
    assert len(secrets) >= 4 and {"keystore statement", "keystore storage", "root.keystore root"} <= set(secrets)
    for node in (norlandia, estovia):
        traced(node, tmp_path)
    peer_both_ways(norlandia, estovia)
    story = Story()
    sound = tell_all(story, norlandia, tmp_path)
    norlandia.drained("cert.estovia")
    story.tell(estovia, "get", sound["id"])
    with socket.create_connection(tuple(estovia.facts["peer_address"].rsplit(":", 1)), timeout=10) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
    for node in (norlandia, estovia):
        story.look_at(node)
    for node, number in ((norlandia, signal.SIGABRT), (estovia, signal.SIGSEGV)):
        assert not crash(node, number)
        traced(node, tmp_path)
        story.look_at(node)
        node.stop()
        story.files(node)
        secrets |= node_secrets(node)  # prekeys, too
    for core in (*tmp_path.glob("core*"), *tmp_path.glob("*/core*")):
        story.places.append((str(core), core.read_bytes()))
    assert leaks(story.places, {**secrets, **CONTENT}) == []


@pytest.mark.parametrize("number", CRASHES)
def test_O81_a_crash_leaves_no_core_of_the_daemon_or_of_a_command_that_holds_keys(make_node, tmp_path, number):
    if not cores_are_possible(tmp_path):
        pytest.skip("this machine writes no core files, so their absence shows nothing")
    node = make_node("cert.norlandia")
    node.start(preexec=in_folder(tmp_path))
    assert not crash(node, number)
    child = subprocess.Popen([ENTENTE, "init", "--node", tmp_path / "other", "--name", "other", "--root-cost", "sensitive"],
                             preexec_fn=in_folder(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: (tmp_path / "other").exists() and any((tmp_path / "other").iterdir()), "init to be under way")
    os.kill(child.pid, number)
    _, status = os.waitpid(child.pid, 0)
    child.returncode = status
    assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)


def test_O81_the_scan_finds_each_spelling_in_each_place(tmp_path):
    secret = bytes(range(200, 232))
    for text in spellings(secret):
        log = tmp_path / "log"
        log.write_bytes(b'{"message":"ready","detail":"' + text + b'"}\n')
        assert leaks([("log", log.read_bytes())], {"key": secret}) == [("log", "key")], text
    assert len(spellings(secret)) == 3 + 3 + 3
    child = subprocess.Popen(["sleep", "60"], env={"LEAK": VALUE})
    try:
        places = wait_for(lambda: [p for p in process_places(child.pid) if b"LEAK" in p[1]], "the environment")
        assert leaks(places, CONTENT) == [(f"/proc/{child.pid}/environ", "value")]
    finally:
        child.kill()
        child.wait()
    assert leaks([("log", b"nothing of it")], {"key": secret, **CONTENT}) == []
