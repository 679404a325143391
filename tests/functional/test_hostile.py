"""An accepted peer that sends what it must not: each envelope is refused by name, counted, and the session lives."""

import json
import pathlib
import socket
import subprocess

import pytest

from federation import TEST_BIN, wait_for

CASES = [  # scenario, the reasons that may stand behind the refusal
    ("flip-magic", ["E_HEADER"]),
    ("flip-header", ["E_UNWRAP"]),
    ("flip-slot", ["E_UNWRAP", "E_KEM"]),
    ("flip-prekey-id", ["E_NOSLOT", "E_KEYGONE"]),
    ("flip-commitment", ["E_COMMIT"]),
    ("flip-payload", ["E_AEAD"]),
    ("unknown-party", ["E_PARTY"]),
    ("expired", ["E_TIME"]),
    ("addressed-elsewhere", ["E_AUDIENCE"]),
    ("replayed", ["E_REPLAY"]),
]


@pytest.fixture
def victim_and_attacker(make_node):
    """A running daemon that accepted a peer whose folder the hostile program uses."""
    victim = make_node("cert.estovia", nation="XE").start()
    attacker = make_node("rogue", nation="XR")
    victim.accept(attacker)
    return victim, attacker


def attack(victim, attacker, *scenarios):
    done = subprocess.run([TEST_BIN / "hostile_peer", attacker.dir, victim.card, *scenarios], capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rejections(node):
    return {key.split('"')[1]: value for key, value in node.metrics().items()
            if key.startswith("entente_rejections_total{")}


@pytest.mark.parametrize("scenario, reasons", CASES)
def test_hostile_envelope(victim_and_attacker, scenario, reasons):
    victim, attacker = victim_and_attacker
    before = rejections(victim)
    answers = attack(victim, attacker, scenario, "good")
    assert answers[0]["answer"] == "refused"
    assert answers[1]["answer"] == "accepted", "the session must live on"
    after = rejections(victim)
    counted = [reason for reason in after if after[reason] > before[reason]]
    assert len(counted) == 1 and counted[0] in reasons, counted
    assert victim.status()["objects"] + victim.status()["quarantined"] == (2 if scenario == "replayed" else 1)
    assert victim.fsck()[0]["ok"]


def test_many_refusals_in_one_session(victim_and_attacker):
    victim, attacker = victim_and_attacker
    scenarios = [scenario for scenario, _ in CASES] * 5 + ["good"]
    answers = attack(victim, attacker, *scenarios)
    assert [a["answer"] for a in answers] == ["refused"] * 50 + ["accepted"]


def test_handshakes_that_fail_are_counted_and_logged_by_reason(make_node):
    victim, stranger = make_node("cert.estovia", nation="XE").start(), make_node("stranger", nation="XR").start()
    stranger.accept(victim)  # who dials now, and is not on file there
    host, port = victim.status()["peer_address"].rsplit(":", 1)
    for _ in range(30):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /\x1b[2J HTTP/1.1\r\n\r\n")
            connection.settimeout(10)
            try:
                assert connection.recv(1) == b""
            except ConnectionResetError:
                pass
    wait_for(lambda: victim.metrics()['entente_handshake_refusals_total{reason="no_tls"}'] == 30, "the count")
    wait_for(lambda: victim.metrics()['entente_handshake_refusals_total{reason="organisation"}'] >= 1, "the stranger")
    assert victim.metrics()['entente_handshake_refusals_total{reason="timeout"}'] == 0
    log = pathlib.Path(victim.dir) / "entented.log"

    def lines(why):
        said = [json.loads(line) for line in log.read_text().splitlines()]
        return [line for line in said if line["message"] == "handshake refused" and line["why"] == why]

    wait_for(lambda: sum(int(line["count"]) for line in lines("no_tls")) == 30, "the log")
    assert len(lines("no_tls")) <= 2  # a look may fall between the connections
    wait_for(lambda: lines("organisation"), "the stranger's line")
    assert "\x1b" not in log.read_text()
