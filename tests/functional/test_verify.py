"""`get --proof` and `verify`: what one node stores, anybody with the origin's card checks without a node."""

import json
import os
import socket
import subprocess

from federation import ENTENTE, ROOT, Node, bundle_file, indicator, run, wait_for


CODE = {"E_PARTY": "ENT-1016", "E_TIME": "ENT-1003", "E_PARSE": "ENT-1013", "E_SIG": "ENT-1019", "E_CONTENT": "ENT-1021",
        "E_NOKEY": "ENT-1015", "E_LIMIT": "ENT-1026"}


def verify(*args, check=None):
    """Without a node: neither --node nor ENTENTE_NODE."""
    done = subprocess.run([ENTENTE, "verify", *map(str, args)], capture_output=True, timeout=60,
                          env={k: v for k, v in os.environ.items() if k != "ENTENTE_NODE"})
    if check is not None:
        assert done.returncode == check, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done


def proof_at_the_receiver(pair, tmp_path):
    norlandia, estovia = pair
    objects = [indicator(tlp="GREEN") for _ in range(3)]
    norlandia.cli("publish", bundle_file(tmp_path / "b.json", objects), check=0)
    wait_for(lambda: estovia.cli("get", objects[1]["id"]).returncode == 0, "the object to arrive")
    proof = tmp_path / "object.proof"
    proof.write_bytes(estovia.cli("get", objects[1]["id"], "--proof", check=0).stdout)
    return proof, objects[1]


def test_what_arrived_is_proven_with_the_origins_card_alone(pair, tmp_path):
    norlandia, estovia = pair
    proof, published = proof_at_the_receiver(pair, tmp_path)
    said = json.loads(verify(proof, "--identity", norlandia.card, "--json", check=0).stdout)
    assert (said["kind"], said["ok"], said["tlp"], said["reason"]) == ("statement", True, "GREEN", "")
    results = {row["check"]: row["result"] for row in said["checks"]}
    assert results == {"signature": "holds", "statement": "holds", "times": "holds", "co-signatures": "holds",
                       "forward chain": "not checked", "content": "holds", "seal": "not checked", "reader": "not checked",
                       "revocation": "not checked", "stream, replay, recall": "not checked"}
    assert norlandia.fingerprint in next(row["detail"] for row in said["checks"] if row["check"] == "signature")
    for person in verify(proof, "--identity", norlandia.card, check=0).stdout, verify(norlandia.card, check=0).stdout:
        assert b"holds" in person and b"fails" not in person and b"\x1b" not in person
    # The same statement, whoever gives it out.
    assert norlandia.cli("get", published["id"], "--proof", check=0).stdout == proof.read_bytes()


def test_a_stranger_a_flipped_bit_and_another_time_fail_by_name(pair, tmp_path):
    norlandia, estovia = pair
    proof, _ = proof_at_the_receiver(pair, tmp_path)

    def failure(*args):
        done = verify(*args, "--json", check=4)
        said = json.loads(done.stdout)
        assert not said["ok"] and CODE[said["reason"]].encode() in done.stderr
        return said["reason"], next((row["check"] for row in said["checks"] if row["result"] == "fails"), None)

    assert failure(proof) == ("E_PARTY", "signature")
    assert failure(proof, "--identity", estovia.card) == ("E_PARTY", "signature")
    later = ("--at", "2028-01-01T00:00:00Z")
    assert failure(proof, "--identity", norlandia.card, *later) == ("E_TIME", "times")
    lines = proof.read_text().splitlines()
    for at in range(1, len(lines) - 1, max(1, len(lines) // 12)):
        bent = list(lines)
        bent[at] = ("B" if bent[at][0] == "A" else "A") + bent[at][1:]
        (tmp_path / "bent").write_text("\n".join(bent) + "\n")
        reason, check = failure(tmp_path / "bent", "--identity", norlandia.card)
        assert reason.startswith("E_") and check, (at, reason)
    (tmp_path / "short").write_text("\n".join(lines[:-1]) + "\n")
    assert failure(tmp_path / "short", "--identity", norlandia.card) == ("E_PARSE", "form")


def test_an_exercise_an_embargo_and_cards_of_one_name_are_told(pair, tmp_path):
    norlandia, _ = pair
    play, later = indicator(tlp="GREEN"), indicator(tlp="GREEN")
    norlandia.cli("publish", bundle_file(tmp_path / "play.json", [play]), "--exercise", "locked-shields-26", check=0)
    norlandia.cli("publish", bundle_file(tmp_path / "later.json", [later]), "--embargo-until", "2027-06-01T00:00:00Z", check=0)
    for thing, exercise, label in ((play, "locked-shields-26", "GREEN"), (later, "", "AMBER+STRICT")):
        (tmp_path / "proof").write_bytes(norlandia.cli("get", thing["id"], "--proof", check=0).stdout)
        words = (tmp_path / "proof", "--identity", norlandia.card)
        said = json.loads(verify(*words, "--json", check=0).stdout)
        assert (said["exercise"], said["tlp"]) == (exercise, label)
        assert (b"EXERCISE" in verify(*words, check=0).stdout) == bool(exercise)
    impostor = Node(tmp_path / "impostor", "cert.norlandia", nation="XE")
    done = verify(tmp_path / "proof", "--identity", norlandia.card, "--identity", impostor.card)
    assert done.returncode != 0 and b"a name or a key of another card" in done.stderr


def test_other_files_are_named_for_what_they_are_not(pair, tmp_path):
    norlandia, _ = pair
    (tmp_path / "else").write_text("hello")
    for path in (tmp_path / "else", tmp_path / "missing", tmp_path):
        done = verify(path, check=2)
        assert b"ENT-4002" in done.stderr
    done = verify(norlandia.card, "--at", "yesterday", check=2)
    assert b"--at takes a time" in done.stderr
    assert run("get", "--node", norlandia.dir, "x", "--raw", "--proof").returncode == 2


def test_what_never_ends_is_refused_before_it_is_read(pair, tmp_path):
    norlandia, _ = pair
    pipe, sealed, listener = tmp_path / "pipe", tmp_path / "sealed", socket.socket(socket.AF_UNIX)
    sealed.write_bytes(bytes.fromhex(next(line for line in (ROOT / "tests/vectors/group_envelope.txt").read_text().splitlines()
                                          if line.startswith("envelope = 454e5431"))[11:]))
    os.mkfifo(pipe)
    listener.bind(str(tmp_path / "socket"))
    with listener:
        for path, what in ((pipe, b"a pipe"), (tmp_path / "socket", b"a socket"), ("/dev/zero", b"a device")):
            for words in ([path], [norlandia.card, "--identity", path], [sealed, "--documents", path]):
                done = verify(*words, check=2)
                assert b"ENT-4002" in done.stderr and what in done.stderr and b"write what it gives" in done.stderr


def test_a_held_object_has_no_proof(pair, tmp_path):
    norlandia, _ = pair
    held = indicator()
    norlandia.cli("publish", bundle_file(tmp_path / "held.json", [held]))
    done = norlandia.cli("get", held["id"], "--proof", check=3)
    assert done.stdout == b"" and b"ENT-2004" in done.stderr
