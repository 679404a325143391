"""The keys of an organisation over time: rotation and theft, at the owner and at its peers."""

import json
import re
import shutil

import pytest

from faults import KILLS, WRITE, WRITE_PATH, Shim
from federation import Node, bundle_file, indicator, peer_both_ways, wait_for


def keys(node):
    return {key["state"]: key for key in node.json("key list")["keys"] if key["usage"] == "statement"}


def refused(done, name, exit_code=None):
    text = done.stderr.decode()
    assert re.search(rf"code  ENT-\d+ {name} ", text), text
    assert done.returncode != 0 if exit_code is None else done.returncode == exit_code, text


@pytest.fixture
def twin_of(tmp_path):
    """The same organisation once more, as of now."""
    twins = []

    def twin(node):
        twins.append(Node(tmp_path / f"twin-{len(twins)}", node.name, kind=node.kind, nation=node.nation, copy_of=node))
        return twins[-1]

    yield twin
    for node in twins:
        node.stop()


def add_words(node, card):
    return (card, "--fingerprint", node.fingerprint, "--nation", node.nation, "--kind", node.kind)


def exchange(sender, receiver, tmp_path, value):
    """One object from sender to receiver, published now."""
    before = receiver.status()["objects"]
    sender.publish(bundle_file(tmp_path / f"{value}.json", [indicator(value=f"{value}.example", tlp="GREEN")]))
    sender.drained(receiver.name)
    assert receiver.status()["objects"] == before + 1


def test_a_rotated_node_goes_on_with_a_peer_that_has_its_new_card(pair, tmp_path):
    norlandia, estovia = pair
    exchange(norlandia, estovia, tmp_path, "before")
    first = keys(norlandia)["signs"]["key_id"]
    refused(norlandia.cli("key rotate"), "STORE_LOCKED")
    estovia.stop()
    norlandia.publish(bundle_file(tmp_path / "waits.json", [indicator(tlp="GREEN")]))  # signed by the old key, sealed under the new one
    norlandia.stop()
    facts = norlandia.json("key rotate")
    assert (facts["version"], facts["made"], facts["card"]) == (2, True, norlandia.card)
    assert keys(norlandia)["signs"]["key_id"] == facts["signs"] != first
    assert keys(norlandia)["superseded"]["key_id"] == first
    estovia.start()
    estovia.accept(norlandia)
    norlandia.start()
    norlandia.drained(estovia.name)
    assert estovia.status()["objects"] == 2
    exchange(norlandia, estovia, tmp_path, "after")
    exchange(estovia, norlandia, tmp_path, "back")
    for node in pair:
        assert node.fsck()[0]["problems"] == []
    estovia.stop()  # what it learnt outlives it
    estovia.start()
    exchange(norlandia, estovia, tmp_path, "later")


def test_who_was_away_learns_a_new_key_from_its_owners_certificate(pair, tmp_path):
    norlandia, estovia = pair
    exchange(norlandia, estovia, tmp_path, "before")
    estovia.stop()
    norlandia.stop()
    norlandia.json("key rotate")
    stolen = keys(norlandia)["signs"]["key_id"]
    norlandia.json("key rotate", "--usage", "root")
    norlandia.json("key revoke", stolen[:12])
    norlandia.start()
    estovia.start()
    norlandia.session_up(estovia.name)  # no card was carried
    exchange(norlandia, estovia, tmp_path, "after")
    exchange(estovia, norlandia, tmp_path, "back")
    estovia.stop()
    estovia.start()
    exchange(norlandia, estovia, tmp_path, "later")
    assert estovia.fsck()[0]["problems"] == []


def test_P27_an_older_card_is_refused_and_what_is_on_file_stays(make_node, tmp_path):
    norlandia, estovia = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE").start()
    cards = [tmp_path / "1.card"]
    shutil.copy(norlandia.card, cards[0])
    for version in (2, 3):
        assert norlandia.json("key rotate")["version"] == version
        cards.append(tmp_path / f"{version}.card")
        shutil.copy(norlandia.card, cards[-1])
    estovia.cli("peer add", *add_words(norlandia, cards[1]), check=0)
    refused(estovia.cli("peer add", *add_words(norlandia, cards[0])), "E_ROLLBACK")
    estovia.cli("peer add", *add_words(norlandia, cards[2]), check=0)
    for older in cards[:2]:
        refused(estovia.cli("peer add", *add_words(norlandia, older)), "E_ROLLBACK")
    estovia.cli("peer add", *add_words(norlandia, cards[2]), "--ceiling", "AMBER", check=0)
    assert estovia.peer(norlandia.name) and estovia.json("peer list")["peers"][0]["ceiling"] == "AMBER"
    estovia.stop()
    estovia.start()
    refused(estovia.cli("peer add", *add_words(norlandia, cards[1])), "E_ROLLBACK")


def test_two_documents_for_one_version_are_kept_as_evidence(make_node, twin_of):
    norlandia, estovia = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE").start()
    twin = twin_of(norlandia)
    for node in (norlandia, twin):
        node.json("key rotate")
    estovia.accept(norlandia)
    refused(estovia.cli("peer add", *add_words(twin, twin.card)), "E_EQUIV")
    estovia.stop()
    estovia.start()
    norlandia.json("key rotate")
    refused(estovia.cli("peer add", *add_words(norlandia, norlandia.card)), "E_EQUIV")
    assert estovia.fsck()[0]["problems"] == []


def test_a_thief_of_a_statement_key_is_refused_from_the_owners_word_on(pair, twin_of, tmp_path):
    norlandia, estovia = pair
    stolen = keys(norlandia)["signs"]["key_id"]
    norlandia.stop()
    thief = twin_of(norlandia).start()
    estovia.session_up(norlandia.name)  # nobody can tell yet
    exchange(thief, estovia, tmp_path, "forged")
    facts = norlandia.json("key revoke", stolen[:12])
    assert facts["made"] and keys(norlandia)["stolen"]["key_id"] == stolen
    before = estovia.status()["objects"]
    estovia.accept(norlandia)
    wait_for(lambda: estovia.peer(norlandia.name)["state"] != "up", "the thief's session to end")
    wait_for(lambda: estovia.metrics().get('entente_rejections_total{reason="E_REVOKED"}', 0) > 0, "E_REVOKED")
    thief.publish(bundle_file(tmp_path / "more.json", [indicator(tlp="GREEN")]))
    thief.stop()
    assert estovia.status()["objects"] == before
    refused(norlandia.cli("key revoke", stolen), "USAGE", 2)
    norlandia.start()  # what the thief showed of a longer journal counts for nothing
    estovia.session_up(norlandia.name)


def test_the_owner_comes_back_behind_its_thief(pair, tmp_path):
    norlandia, estovia = pair
    exchange(norlandia, estovia, tmp_path, "before")
    norlandia.stop()
    norlandia.json("key revoke", keys(norlandia)["signs"]["key_id"])
    estovia.accept(norlandia)
    norlandia.start()
    estovia.session_up(norlandia.name)
    exchange(norlandia, estovia, tmp_path, "after")
    exchange(estovia, norlandia, tmp_path, "back")
    assert norlandia.fsck()[0]["problems"] == []


@pytest.mark.parametrize("kind", KILLS)
def test_killed_at_any_call_a_node_is_of_the_old_version_or_of_the_new(make_node, tmp_path, kind):
    norlandia = make_node("cert.norlandia", nation="XN")
    shim = Shim(norlandia, tmp_path / "shim")
    version, at, whole = 1, 0, False
    while not whole:
        at += 1
        shim.arm(kind, at, calls=WRITE if kind == "torn" else WRITE_PATH)
        whole = norlandia.cli("key rotate", "--json", env=shim.env).returncode == 0
        shim.disarm()
        now = norlandia.json("key list")["version"]
        assert now in (version, version + 1), at
        version = now
        assert norlandia.fsck() == ({"ok": True, "problems": []}, 0), at  # opens keys and store
        assert norlandia.json("key card")["card"] == norlandia.card
    assert at > 3 and version > 2
    estovia = make_node("cert.estovia", nation="XE").start()
    estovia.accept(norlandia)
    norlandia.start()
    norlandia.accept(estovia)
    estovia.session_up(norlandia.name)


def test_keys_are_listed_for_people_too(make_node):
    norlandia = make_node("cert.norlandia", nation="XN")
    norlandia.cli("key rotate", check=0)
    text = norlandia.cli("key list", check=0).stdout.decode()
    assert "version 2" in text and "superseded" in text and "signs" in text and "root" in text
    listed = json.loads(norlandia.cli("key list", "--json", check=0).stdout)
    assert [key["usage"] for key in listed["keys"]].count("root") == 1
    refused(norlandia.cli("key revoke", "00000000"), "NOT_FOUND", 1)
