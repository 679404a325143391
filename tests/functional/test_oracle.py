"""The C++ and the oracle of tests/oracle, which was written from docs/formats alone, must be of one mind about every envelope."""

import json
import os
import pathlib
import time

import pytest

from federation import bundle_file, indicator
from oracles import one_session, oracle, play_peer, write_secrets

import armour
import identity
import make
from building_blocks import message

DAMAGES = {row["name"]: row["reason"] for row in oracle("damages")}


@pytest.fixture
def daemon_and_peer(make_node):
    """A running daemon and a peer that it accepted, whose part the test plays."""
    daemon, peer = make_node("cert.estovia", nation="XE").start(), make_node("cert.norlandia", nation="XN")
    daemon.accept(peer)
    return daemon, peer


def rejections(node):
    return {key.split('"')[1]: value for key, value in node.metrics().items() if key.startswith("entente_rejections_total{")}


def received(daemon, peer, count):
    assert play_peer(peer, daemon, f"receive={count}:{peer.dir}/received-") == ["written"]
    return [peer.dir / f"received-{i + 1}" for i in range(count)]


def open_as(peer, daemon, paths, check=0):
    return oracle("open", "--receiver", peer.card, "--secrets", write_secrets(peer), "--peer", daemon.card, *paths, check=check)


def test_the_oracle_opens_what_a_daemon_seals(daemon_and_peer, tmp_path):
    daemon, peer = daemon_and_peer
    small = [json.dumps(indicator(tlp="GREEN")) for _ in range(20)]
    large = json.dumps(indicator(tlp="AMBER", description="x" * 200_000))
    daemon.publish(bundle_file(tmp_path / "small", small))
    daemon.publish(bundle_file(tmp_path / "large", [large]), "--to", "cert.norlandia")
    paths = received(daemon, peer, 2)
    answers = open_as(peer, daemon, paths)
    org = oracle("identity", daemon.card)[0]["org_id"]
    said = [(one["content"], one["label"]) for answer in answers for one in answer["statements"]]
    assert sorted(said) == sorted([(text, 2) for text in small] + [(large, 3)])
    assert {(answer["sealer"], answer["origin"]) for answer in answers} == {(org, org)}
    assert open_as(daemon, peer, paths, check=4)[0]["reason"] == "E_NOSLOT"


def test_the_oracle_reads_every_constraint_that_a_daemon_signs(daemon_and_peer, tmp_path):
    daemon, peer = daemon_and_peer
    peer_org = oracle("identity", peer.card)[0]["org_id"]
    terms = ("--tlp", "AMBER", "--to", "cert.norlandia", "--rel-to", "XN", "--rel-to", "XE", "--orcon", "--pap", "GREEN", "--personal-data",
             "none", "--hop-limit", "3", "--source-role", "author", "--retain-until", "2030-01-01T00:00:00Z")
    one = indicator(tlp="GREEN")
    sent = daemon.publish(bundle_file(tmp_path / "one", [one]), *terms)
    assert sent["permitted"] == {"cert.norlandia": 1}, daemon.explain(one["id"], "cert.norlandia")
    statement = open_as(peer, daemon, received(daemon, peer, 1))[0]["statements"][0]
    assert statement["audience"] == statement["addressees"] == [peer_org]
    assert statement["constraints"] == {
        "label": 3, "pap": 2, "rel_to": ["XE", "XN"], "not_rel_to": [], "orcon": True, "embargo_until_us": 0, "post_embargo_label": 0,
        "sector_to": [], "hop_limit": 3, "purpose": [], "personal_data": 1, "retain_until_us": 1893456000 * 10**6, "sg_id": "",
        "source_role": 1, "exercise_id": ""}


def make_for(daemon, peer, path, *words):
    offered = peer.dir / "offered"
    if not offered.exists():
        assert play_peer(peer, daemon, f"prekey={offered}") == ["written"]
    contents = []
    for number in range(2):
        contents.append(peer.dir / f"{path.name}-content-{number}")
        contents[-1].write_text(json.dumps(indicator(tlp="GREEN")))
    oracle("make", "--author", peer.card, "--secrets", write_secrets(peer), "--owner", daemon.card, "--prekey", offered, *words,
           "--out", path, *contents)
    return contents


def test_a_daemon_admits_what_the_oracle_makes(daemon_and_peer):
    daemon, peer = daemon_and_peer
    path = peer.dir / "made"
    contents = make_for(daemon, peer, path)
    assert play_peer(peer, daemon, f"send={path}", f"send={path}") == ["accepted", "refused"]
    for content in contents:
        assert daemon.get_raw(json.loads(content.read_text())["id"]).rstrip(b"\n") == content.read_bytes()
    assert daemon.status()["objects"] == 2
    assert rejections(daemon)["E_REPLAY"] == 1
    assert daemon.fsck()[0]["ok"]


def test_a_daemon_takes_what_the_oracle_makes_for_an_exercise_and_keeps_it_apart(daemon_and_peer):
    daemon, peer = daemon_and_peer
    path = peer.dir / "made"
    make_for(daemon, peer, path, "--exercise")
    assert play_peer(peer, daemon, f"send={path}") == ["accepted"]
    assert daemon.status()["quarantined"] == 2, daemon.status()
    assert open_as(daemon, peer, [path])[0]["statements"][0]["constraints"]["exercise_id"] == "exercise-of-the-oracle"


def test_a_daemon_accepts_an_organisation_that_the_oracle_made(make_node, tmp_path):
    daemon, now = make_node("cert.estovia", nation="XE").start(), time.time_ns() // 1000
    root, statement = make.Signer(os.urandom(32), identity.ROOT), make.Signer(os.urandom(32))
    signed = make.make_identity("cert.oracle", root, statement, now)
    card = tmp_path / "oracle.card"
    card.write_text(armour.wrap("CARD", message((1, 1), (2, signed), (3, "oracle.example:4711"))))
    org = oracle("identity", card)[0]["org_id"]
    fingerprint = "-".join(org[at:at + 4] for at in range(0, 64, 4))
    words = (card, "--fingerprint", fingerprint, "--nation", "XE", "--kind", "cert")
    daemon.cli("peer add", *words, check=0)
    assert daemon.peer("cert.oracle")["org_id"] == org
    card.write_text(armour.wrap("CARD", message((1, 1), (2, signed), (3, "oracle.example:04711"))))
    assert oracle("identity", card, check=4)[0]["reason"] == "E_IDENTITY"
    assert b"E_IDENTITY" in daemon.cli("peer add", *words, check=4).stderr


def test_both_refuse_each_damage_for_the_same_reason_and_admit_what_is_none(daemon_and_peer):
    daemon, peer = daemon_and_peer
    path = peer.dir / "made"
    make_for(daemon, peer, path, "--damaged")
    paths = [f"{path}-{name}" for name in DAMAGES]
    theirs = oracle("open", "--receiver", daemon.card, "--secrets", write_secrets(daemon), "--peer", peer.card, *paths, check=4)
    assert {name: answer.get("reason", "ADMITTED") for name, answer in zip(DAMAGES, theirs)} == DAMAGES
    with one_session(peer, daemon, len(DAMAGES) + 1) as send:
        before = rejections(daemon)
        for name, reason in DAMAGES.items():
            assert send(pathlib.Path(f"{path}-{name}").read_bytes()) == ("accepted" if reason == "ADMITTED" else "refused"), name
            after = rejections(daemon)
            rose = {key: after[key] - before[key] for key in after if after[key] > before[key]}
            assert rose == ({} if reason == "ADMITTED" else {reason: 1}), name
            before = after
        assert send(path.read_bytes()) == "accepted", "the session must live on"
    assert daemon.status()["objects"] == 2 and daemon.fsck()[0]["ok"]
