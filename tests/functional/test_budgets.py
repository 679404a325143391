"""What one accepted peer may cost: over it, it is cut, kept out and named, and the others do not notice."""

import ctypes
import json
import os
import pathlib
import re
import socket
import subprocess

import pytest

from federation import TEST_BIN, bundle_file, indicator, peer_both_ways, wait_for


def configure(node, **keys):
    path = node.dir / "entente.toml"
    text = path.read_text()
    for key, value in keys.items():
        text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert found == 1, key
    path.write_text(text)


def attack(victim, attacker, *scenarios):
    """The hostile program, running."""
    return subprocess.Popen([TEST_BIN / "hostile_peer", attacker.dir, victim.card, *scenarios], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def answers(program):
    out, complaint = program.communicate(timeout=60)
    assert program.returncode == 0, complaint
    return [json.loads(line)["answer"] for line in out.splitlines()]


def over_budget(node, peer, budget):
    return node.metrics()[f'entente_peer_over_budget_total{{peer="{peer}",budget="{budget}"}}']


def said(node, message):
    lines = [json.loads(line) for line in (node.dir / "entented.log").read_text().splitlines()]
    return [line for line in lines if line["message"] == message]


def victim_with_friend(make_node, **keys):
    """A daemon that accepted a hostile peer and holds a session with an honest one."""
    victim, rogue = make_node("cert.estovia", nation="XE"), make_node("rogue", nation="XR")
    configure(victim, **keys)
    friend = make_node("cert.norlandia", nation="XN").start()
    peer_both_ways(friend, victim.start())
    victim.accept(rogue)
    return victim, rogue, friend


def exchange_goes_on(tmp_path, victim, friend, count=200):
    before = victim.status()["objects"]
    path = bundle_file(tmp_path / f"more{before}.json", [indicator(tlp="GREEN") for _ in range(count)])
    assert friend.publish(path)["published"] == count
    friend.drained(victim.name)
    assert victim.status()["objects"] == before + count


def test_O82_memory_pressure_sheds_the_worst_peer(make_node, tmp_path):
    victim, rogue, friend = victim_with_friend(make_node)
    exchange_goes_on(tmp_path, victim, friend)
    victim.stop()
    victim.start()
    victim.session_up(friend.name)
    used = wait_for(lambda: victim.metrics()["entente_memory_used_bytes"], "the first look at the memory")
    assert victim.metrics()["entente_memory_limit_bytes"] == 0
    # One peer's hoard of 64 MiB is more than the room that is left below 85 %.
    limit = int((used / (1 << 20) + 40) / 0.85)
    victim.stop()
    configure(victim, memory_limit_mib=limit)
    victim.start()
    victim.session_up(friend.name)
    wait_for(lambda: victim.metrics()["entente_memory_limit_bytes"] == limit << 20, "the limit")
    sessions = victim.metrics()[f'entente_peer_sessions_total{{peer="{friend.name}"}}']

    hoard = attack(victim, rogue, "hoard")
    assert answers(hoard) == ["closed E_BUDGET"]
    assert over_budget(victim, "rogue", "memory") == 1
    state = victim.peer("rogue")
    assert state["state"] == "over budget" and re.fullmatch(r"back in \d+ s \(memory\)", state["detail"]), state
    refused = attack(victim, rogue, "good")  # kept out: it does not even come to a greeting
    assert refused.wait(30) == 1
    refused.communicate()
    wait_for(lambda: victim.metrics()['entente_handshake_refusals_total{reason="budget"}'] >= 1, "the refusal")
    wait_for(lambda: victim.metrics()["entente_memory_used_bytes"] < 0.85 * (limit << 20), "memory to fall")
    exchange_goes_on(tmp_path, victim, friend)

    assert over_budget(victim, friend.name, "memory") == 0
    assert victim.metrics()[f'entente_peer_sessions_total{{peer="{friend.name}"}}'] == sessions, "the honest session lived on"
    wait_for(lambda: said(victim, "memory is enough again"), "the log")
    assert said(victim, "memory is short")
    wait_for(lambda: [(x["peer"], x["budget"]) for x in said(victim, "peer over budget")] == [("rogue", "memory")], "the log")
    # The hoarder is let in again by itself, and as long as it behaves it stays.
    wait_for(lambda: answers_once(victim, rogue) == ["accepted"], "the back-off to end")


def answers_once(victim, rogue):
    program = attack(victim, rogue, "good")
    out, _ = program.communicate(timeout=60)
    return [json.loads(line)["answer"] for line in out.splitlines()]


def dead_port(node):
    """Shuts the daemon's listening socket down behind its back."""
    port = int(node.status()["peer_address"].rsplit(":", 1)[1])
    inodes = {line.split()[9] for line in open(f"/proc/{node.daemon_pid()}/net/tcp").readlines()[1:]
              if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == port}
    assert len(inodes) == 1
    pid_fd = os.pidfd_open(node.daemon_pid())
    for entry in pathlib.Path(f"/proc/{node.daemon_pid()}/fd").iterdir():
        if os.readlink(entry) != f"socket:[{inodes.copy().pop()}]":
            continue
        copy = ctypes.CDLL(None, use_errno=True).syscall(438, pid_fd, int(entry.name), 0)  # pidfd_getfd
        if copy < 0:
            pytest.skip(f"no pidfd_getfd here: {os.strerror(ctypes.get_errno())}")
        with socket.socket(fileno=copy) as listening:
            listening.shutdown(socket.SHUT_RDWR)
    os.close(pid_fd)


def test_a_peer_port_that_died_is_opened_again(pair, tmp_path):
    norlandia, estovia = pair
    address = estovia.status()["peer_address"]
    quiet = norlandia.metrics(), estovia.metrics()
    dead_port(estovia)
    wait_for(lambda: estovia.readyz()[0] == 503, "not ready")
    assert "listener" in estovia.readyz()[1]
    wait_for(lambda: estovia.metrics()["entente_listener_restarts_total"] == 1, "the restart")
    wait_for(lambda: estovia.readyz()[0] == 200, "ready again")
    assert estovia.status()["peer_address"] == address
    norlandia.stop()
    norlandia.start()  # both dial; whoever did before, the port takes connections
    norlandia.session_up("cert.estovia")
    exchange_goes_on(tmp_path, estovia, norlandia)
    host, port = address.rsplit(":", 1)
    socket.create_connection((host, int(port))).close()
    wait_for(lambda: said(estovia, "the peer port did not answer and was opened again"), "the log")
    # Probes are no failed handshakes: the one above is the only one.
    key = 'entente_handshake_refusals_total{reason="tls"}'
    wait_for(lambda: estovia.metrics()[key] == quiet[1][key] + 1, "the count of what we hung up")
    assert norlandia.metrics()["entente_listener_restarts_total"] == 0


def test_a_flood_of_frames_is_cut_and_named(make_node, tmp_path):
    victim, rogue, friend = victim_with_friend(make_node, peer_frames_per_second=500)
    assert answers(attack(victim, rogue, "flood")) == ["closed E_BUDGET"]
    assert over_budget(victim, "rogue", "frames") == 1
    assert "(frames)" in victim.peer("rogue")["detail"]
    exchange_goes_on(tmp_path, victim, friend)
    assert over_budget(victim, friend.name, "frames") == 0


def test_work_for_nothing_is_cut_and_named(make_node, tmp_path):
    victim, rogue, friend = victim_with_friend(make_node, peer_cpu_percent=1)
    assert answers(attack(victim, rogue, "waste")) == ["closed E_BUDGET"]
    assert over_budget(victim, "rogue", "cpu") == 1
    assert victim.metrics()['entente_peer_cpu_seconds_total{peer="rogue"}'] > 0.6  # sixty seconds' worth at once
    exchange_goes_on(tmp_path, victim, friend)
    assert over_budget(victim, friend.name, "cpu") == 0
