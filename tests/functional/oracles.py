"""The oracle of tests/oracle beside real nodes: it runs as a program of its own, and reads keys that test programs print."""

import contextlib
import json
import os
import subprocess
import sys

from federation import ROOT, TEST_BIN, wait_for

ORACLE = ROOT / "tests/oracle/oracle.py"
sys.path[:0] = [str(ROOT / "tests/oracle"), str(ROOT / "docs/formats/examples")]


def oracle(command, *words, check=0):
    """The JSON lines that `oracle.py command` prints."""
    done = subprocess.run(["/usr/bin/python3", "-B", ORACLE, command, *map(str, words)], capture_output=True, timeout=120)
    assert done.returncode == check, done.stdout[-2000:] + done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_secrets(node):
    """The node's keystore as the oracle reads it."""
    done = subprocess.run([TEST_BIN / "node_secrets", node.dir / "keystore", node.dir / "passphrase"], capture_output=True, check=True)
    path = node.dir / "secrets-for-the-oracle"
    path.write_bytes(done.stdout)
    return path


def play_peer(attacker, victim, *scenarios):
    """The answers of the daemon `victim` to what hostile_peer does as `attacker`."""
    done = subprocess.run([TEST_BIN / "hostile_peer", attacker.dir, victim.card, *scenarios], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["answer"] for line in done.stdout.splitlines()]


@contextlib.contextmanager
def one_session(attacker, victim, count):
    """A function that sends one envelope in the same session of hostile_peer and gives the answer, `count` times at most."""
    pipes = [attacker.dir / f"pipe-{i}" for i in range(count)]
    for pipe in pipes:
        os.mkfifo(pipe)
    process = subprocess.Popen([TEST_BIN / "hostile_peer", attacker.dir, victim.card, *(f"send={pipe}" for pipe in pipes)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def opened(pipe):
        assert process.poll() is None, process.stderr.read()
        with contextlib.suppress(OSError):  # nobody reads it yet
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)

    def send(envelope):
        descriptor = wait_for(lambda: opened(pipes[0]), "hostile_peer to ask for the next envelope")
        os.set_blocking(descriptor, True)
        with open(descriptor, "wb") as pipe:
            pipe.write(envelope)
        pipes.pop(0)
        return json.loads(process.stdout.readline())["answer"]

    try:
        yield send
    finally:
        process.kill()
        process.wait()
