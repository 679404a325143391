"""`entente verify` and the oracle of tests/oracle must be of one mind about the proof of one statement, whoever made it."""

import json

import pytest

from federation import bundle_file, indicator
from oracles import oracle, write_secrets
from test_verify import proof_at_the_receiver, verify

import armour
import vectors
import world

AT = ("--at", "2026-01-01T01:30:00Z")  # world.NOW


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """Cards of the parties of the golden file, as arguments. Who has expired by then has no card that anybody takes."""
    folder = tmp_path_factory.mktemp("cards")
    words = []
    for member in world.World().on_file:
        if member.name != "frozen":
            (folder / member.name).write_text(armour.wrap("CARD", member.card))
            words += ["--identity", folder / member.name]
    return words


def reason_of(done):
    said = json.loads(done.stdout)
    assert said["ok"] == (done.returncode == 0), said
    return said["reason"] or "ADMITTED"


def test_verify_answers_each_golden_proof_as_the_oracle_does(cards, tmp_path):
    path, seen = tmp_path / "proof", 0
    for v in vectors.read("statement_proof.txt"):
        if "proof" not in v or b"expired-organisation" in v["name"]:
            continue
        path.write_text(armour.wrap("STATEMENT", v["proof"]))
        assert reason_of(verify(path, *cards, *AT, "--json")) == v["answer"].decode(), v["name"]
        seen += 1
    assert seen > 190


def test_the_oracle_verifies_what_a_node_proves(pair, tmp_path):
    norlandia, estovia = pair
    proof, published = proof_at_the_receiver(pair, tmp_path)
    said = oracle("verify", "--card", norlandia.card, proof)[0]
    assert (said["content_shown"], json.loads(said["content"]), said["label"]) == (True, published, 2)
    assert said["origin"] == oracle("identity", norlandia.card)[0]["org_id"] and (said["hops"], said["cosigners"]) == ([], [])
    assert oracle("verify", "--card", estovia.card, proof, check=4)[0]["reason"] == "E_PARTY"
    norlandia.cli("publish", bundle_file(tmp_path / "play.json", [play := indicator(tlp="GREEN")]), "--exercise", "locked-shields-26", check=0)
    proof.write_bytes(norlandia.cli("get", play["id"], "--proof", check=0).stdout)
    assert oracle("verify", "--card", norlandia.card, proof)[0]["constraints"]["exercise_id"] == "locked-shields-26"


@pytest.mark.parametrize("lane", [(), ("--exercise",)])
def test_verify_takes_what_the_oracle_proves(pair, tmp_path, lane):
    norlandia, estovia = pair
    contents = [tmp_path / f"content-{i}" for i in range(3)]
    for content in contents:
        content.write_text(json.dumps(indicator(tlp="GREEN")))
    oracle("prove", "--author", norlandia.card, "--secrets", write_secrets(norlandia), "--audience", estovia.card, *lane,
           "--out", tmp_path / "proof", *contents)
    for place in range(3):
        said = json.loads(verify(tmp_path / f"proof-{place}", "--identity", norlandia.card, "--json", check=0).stdout)
        assert (said["ok"], said["tlp"], bool(said["exercise"])) == (True, "GREEN", bool(lane))


@pytest.mark.parametrize("damage, change", [
    ("no last line", lambda text: text.rsplit("-----END", 1)[0]),
    ("another name", lambda text: text.replace("STATEMENT", "EVIDENCE")),
    ("a line of 65", lambda text: text.replace("\n", "\nA", 2)),
    ("no base64", lambda text: text.replace("\n", "\n*", 1)),
    ("text behind it", lambda text: text + "more\n")])
def test_both_refuse_damaged_armour(cards, tmp_path, damage, change):
    whole = armour.wrap("STATEMENT", next(v["proof"] for v in vectors.read("statement_proof.txt") if v.get("name") == b"statement"))
    path = tmp_path / "proof"
    path.write_text(whole)
    at = ("--at", world.NOW)
    words = [word if word != "--identity" else "--card" for word in cards]
    assert oracle("verify", *words, *at, path)[0]["ok"] and reason_of(verify(path, *cards, *AT, "--json")) == "ADMITTED"
    path.write_text(change(whole))
    assert oracle("verify", *words, *at, path, check=4)[0]["reason"] == "E_PARSE"
    done = verify(path, *cards, *AT, "--json")
    assert done.returncode == 2 if damage == "another name" else reason_of(done) == "E_PARSE"
