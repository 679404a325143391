"""Groups and identities by sessions alone: what is founded, signed, changed and rotated at one node reaches the others, and no
file is carried."""

import json
import subprocess

import pytest

from federation import TEST_BIN, wait_for
from test_groups import admins as nodes  # noqa: F401  the fixture


def shown(node, group="energy"):
    done = node.cli("group show", group, "--json")
    return node.json("group show", group) if done.returncode == 0 else {"version": 0, "epoch": 0, "proposals": []}


def reaches(nodes, version, epoch):
    for node in nodes:
        wait_for(lambda: (shown(node)["version"], shown(node)["epoch"]) == (version, epoch),
                 f"version {version} and epoch {epoch} at {node.name}")


def refusals(nodes):
    """Of what peers sent, each. Whoever dialled before it was accepted was refused."""
    return [{name: value for name, value in node.metrics().items()
             if name.startswith("entente_verification_failures_total") and value} for node in nodes]


def restarted(node):
    node.stop()
    node.start()


def founded(nodes):
    nodes[0].json("group create", "energy", "--member", "volt-energy", "--admin", "cert.estovia", "--issuer", "cert.estovia",
                  "--threshold", 2)
    wait_for(lambda: shown(nodes[1])["proposals"], "the proposal at Estovia")
    nodes[1].json("group sign", "energy")
    reaches(nodes, 1, 1)


def test_a_group_lives_by_sessions_alone(nodes):
    norlandia, estovia, volt = nodes
    before = refusals(nodes)
    founded(nodes)
    assert sorted(shown(volt)["members"]) == ["cert.estovia", "cert.norlandia", "volt-energy"]
    # A change that the other admin begins.
    estovia.json("group remove", "energy", "volt-energy")
    wait_for(lambda: shown(norlandia)["proposals"], "the proposal at Norlandia")
    norlandia.json("group sign", "energy")
    reaches(nodes[:2], 2, 2)
    assert (shown(volt)["version"], shown(volt)["epoch"]) == (1, 1)
    norlandia.json("group add", "energy", "volt-energy")
    wait_for(lambda: shown(estovia)["proposals"], "the proposal at Estovia")
    estovia.json("group sign", "energy")
    reaches(nodes, 3, 3)
    norlandia.json("group rotate", "energy")
    reaches(nodes, 3, 4)
    volt.json("group leave", "energy")
    for node in nodes[:2]:
        wait_for(lambda: shown(node)["left"] == ["volt-energy"], f"the leave at {node.name}")
    reaches(nodes[:2], 3, 5)
    assert shown(volt)["epoch"] == 0
    assert refusals(nodes) == before
    for node in nodes:
        assert node.fsck()[0]["problems"] == []


def test_who_was_down_catches_up_by_asking(nodes):
    norlandia, estovia, volt = nodes
    founded(nodes)
    volt.stop()
    norlandia.json("group rotate", "energy")
    for step in ("remove", "add"):
        norlandia.json(f"group {step}", "energy", "volt-energy")
        wait_for(lambda: shown(estovia)["proposals"], f"the proposal to {step}")
        estovia.json("group sign", "energy")
        wait_for(lambda: not shown(norlandia)["proposals"], "the signature at Norlandia")
    reaches(nodes[:2], 3, shown(norlandia)["epoch"])
    wait_for(lambda: shown(norlandia)["epoch"] >= 3, "an epoch behind the removal")
    newest = shown(norlandia)["epoch"]
    reaches(nodes[:2], 3, newest)
    volt.start()
    reaches(nodes, 3, newest)
    assert refusals([volt]) == [{}]
    # What an admin missed, and what waits for its signature.
    estovia.stop()
    norlandia.json("group remove", "energy", "volt-energy")
    norlandia.json("group rotate", "energy")
    estovia.start()
    wait_for(lambda: shown(estovia)["proposals"], "the proposal at Estovia")
    wait_for(lambda: shown(estovia)["epoch"] == newest + 1, "the epoch that it missed")
    estovia.json("group sign", "energy")
    wait_for(lambda: shown(norlandia)["version"] == 4, "the change that both signed")


def test_a_newer_identity_document_comes_by_the_session(nodes):
    norlandia, estovia, volt = nodes
    before = refusals([estovia, volt])
    norlandia.stop()
    assert norlandia.json("key rotate", "--usage", "group-admin")["version"] == 3
    norlandia.start()
    for other in (estovia, volt):
        other.session_up(norlandia.name)
        norlandia.session_up(other.name)
    founded(nodes)  # signed with the new key
    assert refusals(nodes) == [{}, *before]
    for node in nodes:
        restarted(node)
    for other in (estovia, volt):
        other.session_up(norlandia.name)


@pytest.mark.parametrize("scenario, bye, reason", [("documents", "E_BUDGET", "E_PARSE"), ("wants", "E_LIMIT", "E_LIMIT")])
def test_documents_and_questions_without_end_end_the_session(make_node, scenario, bye, reason):
    victim, rogue = make_node("cert.estovia", nation="XE").start(), make_node("rogue", nation="XR")
    victim.accept(rogue)
    done = subprocess.run([TEST_BIN / "hostile_peer", rogue.dir, victim.card, scenario], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answer"] == f"closed {bye}"
    assert victim.metrics()[f'entente_rejections_total{{reason="{reason}"}}'] > 0
    if bye == "E_BUDGET":
        assert victim.metrics()['entente_peer_over_budget_total{peer="rogue",budget="documents"}'] == 1
    assert victim.readyz()[0] == 200
