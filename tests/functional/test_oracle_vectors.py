"""The oracle's own parts against published figures, and the golden envelopes that it made, opened by it again."""

import json
import subprocess

import pytest

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import oracles  # noqa: F401  it puts tests/oracle where imports look
import chain
import envelope
import golden
import golden_chain
import hpke
import identity
import mlkem
import points
import statements
import vectors
import wire
from federation import CORPORA, ROOT

VECTORS = CORPORA / "vectors"


def load(path):
    if not (VECTORS / path).exists():
        pytest.skip("corpora not present")
    return json.loads((VECTORS / path).read_text())


def test_xwing():
    for v in vectors.read("xwing.txt"):
        assert hpke.expand_seed(v["seed"])[2] == v["public_key"]
        assert hpke.encapsulate(v["public_key"], v["encapsulation_seed"]) == (v["shared_secret"], v["enc"])
        assert hpke.decapsulate(v["seed"], v["enc"]) == v["shared_secret"]


def test_hpke():
    for v in vectors.read("hpke.txt"):
        key, nonce = hpke.key_and_nonce(hpke.decapsulate(v["seed"], v["enc"]), v["info"])
        assert ChaCha20Poly1305(key).decrypt(nonce, v["ciphertext"], v["aad"]) == v["plaintext"]


def test_ed25519():
    assert all(points.verify(v["public_key"], v["message"], v["signature"]) for v in vectors.read("ed25519.txt"))
    assert not any(points.verify(v["public_key"], v["message"], v["signature"]) for v in vectors.read("ed25519_signatures.txt"))
    assert all(points.usable(v["public_key"]) == (v["kind"] == b"good") for v in vectors.read("ed25519_keys.txt"))


def test_payload_keys():
    first = vectors.read("payload.txt")[0]
    keys = envelope.payload_keys(first["content_key"], first["h_core"])
    assert keys == (first["key"], first["nonce"], first["commitment"])


def test_published_mlkem_vectors():
    groups = load("wycheproof/mlkem_768_test.json")["testGroups"]
    seen = 0
    for case in (case for group in groups for case in group["tests"] if "seed" in case):
        seed, ciphertext = bytes.fromhex(case["seed"]), bytes.fromhex(case["c"])
        if len(seed) == mlkem.SEED_SIZE and len(ciphertext) == mlkem.CT_SIZE:
            ek, key = mlkem.keypair(seed)
            right = mlkem.decapsulate(key, ciphertext).hex() == case["K"] and case.get("ek", ek.hex()) == ek.hex()
            assert right == (case["result"] == "valid"), case["tcId"]
            seen += 1
    assert seen > 100


def test_published_edge_cases_of_ed25519():
    cases = load("cctv/ed25519vectors.json")
    both = [case for case in cases if points.usable(bytes.fromhex(case["key"])) and points.verify(
        bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"]))]
    assert (len(cases), len(both)) == (914, 1)  # as docs/formats/payload.md says


def organisations():
    for v in vectors.read(golden.FILE)[:3]:
        now = int(v["now_us"])
        yield now, v, identity.check(wire.strict(wire.SIGNED_IDENTITY, v["signed_identity"]), now)


def test_the_golden_envelopes_open_and_each_damage_is_refused():
    (now, _, author), *receivers = organisations()
    made, seen = b"", 0
    for v in vectors.read(golden.FILE)[3:]:
        made = v.get("envelope", made)
        wire_bytes = golden.damaged(made, v["damage"].decode(), v["value"].decode()) if "damage" in v else made
        for expected, (_, keys, receiver) in zip(("first", "second"), receivers):
            try:
                opened = envelope.open_envelope(wire_bytes, receiver.org, {keys["prekey_id"]: keys["prekey_seed"]}, now)
                said = statements.verify(opened, {author.org: author}, author.org, receiver.org, now)
                assert "damage" not in v and said.batch_id == v["batch_id"]
                assert b"\n".join(entry.content for entry in said.entries) == v["contents"]
            except envelope.Refusal as refusal:
                assert refusal.reason == v[expected].decode(), v["damage"]
            seen += 1
    assert seen > 400


def test_the_worked_example_is_a_chain_of_two_versions():
    first, second = [wire.strict(wire.SIGNED_IDENTITY, v["signed_identity"])
                     for v in vectors.read(ROOT / "docs/formats/examples/derive.txt") if "signed_identity" in v]
    now = wire.strict(wire.IDENTITY, second.document).issued_us
    history = chain.take_run(chain.begin(first, now), [second], now)
    assert [version.document.version for version in history.versions] == [1, 2] and len(history.revoked) == 1


def test_a_chain_is_taken_in_runs():
    documents = [wire.strict(wire.SIGNED_IDENTITY, v["signed_identity"]) for v in vectors.read("identity_chain.txt") if "version" in v]
    now, end = golden_chain.NOW, wire.strict(wire.IDENTITY, documents[-1].document).expires_us
    history = chain.begin(documents[0], end)  # version 1 may have ended by then
    assert len(chain.take_run(history, documents, now).versions) == 4  # what is on file is passed over
    for reason, run, at in (("E_IDCHAIN", documents[2:], now), ("E_ROLLBACK", documents + documents[:2], now),
                            ("E_FREEZE", documents, end)):
        with pytest.raises(envelope.Refusal) as refusal:
            chain.take_run(history, run, at)
        assert refusal.value.reason == reason


@pytest.mark.parametrize("program", [*(f"tests/oracle/{name}.py" for name in (
    "golden", "golden_identity", "golden_prekey", "golden_chain", "golden_passing", "golden_notices", "golden_export",
    "golden_membership", "golden_epoch", "golden_group_scenes", "golden_group", "group_envelope", "golden_two_keys")), "docs/formats/examples/derive.py"])
def test_what_was_made_from_the_formats_is_what_they_give(program):
    done = subprocess.run(["/usr/bin/python3", "-B", ROOT / program, "--check"], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
