"""Redacted copies on real nodes: the home peer has the whole, the foreign one a copy, and of what was withheld not a byte."""

import json
import subprocess
import uuid

from federation import TEST_BIN, bundle_file, indicator, wait_for

RULES = """version = 1
[[rule]]
id     = "no-victims-abroad"
when   = { direction = "out", cross_border = true, has_property = ["x_victim", "identity_class=organization"] }
effect = "redact"
remove = ["x_victim", "created_by_ref"]
"""


def secret():
    return f"secret-{uuid.uuid4().hex}"


def everything(node):
    """Every record that the stopped node can open with its own keys, and its files as they lie on the disk."""
    done = subprocess.run([TEST_BIN / "node_records", node.dir], capture_output=True)
    assert done.returncode == 0, done.stderr
    files = b"".join(p.read_bytes() for p in sorted(node.dir.rglob("*")) if p.is_file())
    return done.stdout + files


def derived_of(node, thing, version=None):
    return node.json("get", thing["id"], *(["--version", version] if version else [])).get("derived", [])


def with_victim(**extra):
    return indicator(tlp="GREEN", x_victim={"name": secret(), "sites": [secret(), secret()]},
                     created_by_ref=f"identity--{uuid.uuid4()}", **extra)


def withheld(thing):
    """What the foreign node may hold nothing of: the values, and the ids with their numbers."""
    ids = [thing["id"], thing["created_by_ref"]]
    return [thing["x_victim"]["name"], *thing["x_victim"]["sites"], *ids, *(i.split("--")[1] for i in ids)]


def test_the_foreign_peer_holds_a_copy_and_nothing_of_what_was_withheld(trio, tmp_path):
    norlandia, estovia, volt = trio
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    norlandia.cli("policy apply", rules, check=0)
    victim, plain = with_victim(description="seen twice"), indicator(tlp="GREEN")
    spoken = with_victim()
    spoken["description"] = "they call themselves " + spoken["x_victim"]["name"].upper()
    two = bundle_file(tmp_path / "three.json", [victim, plain, spoken])

    lines = norlandia.cli("can-share", two, "--json", check=0).stdout.decode().splitlines()
    asked = {d["peer"]: d for d in json.loads(lines[0])["decisions"]}
    assert asked["volt-energy"]["decision"] == "permit" and asked["cert.estovia"]["decision"] == "redact"
    assert asked["cert.estovia"]["removes"] == ["created_by_ref", "x_victim"]
    kept = {d["peer"]: d for d in json.loads(lines[2])["decisions"]}["cert.estovia"]
    assert kept["decision"] == "deny" and "stands in another" in kept["remedy"]

    result = norlandia.publish(two)
    assert (result["permitted"], result["withheld"]) == ({"cert.estovia": 1, "volt-energy": 3}, {"cert.estovia": 2, "volt-energy": 0})
    assert result["redacted"] == {"cert.estovia": 1}
    copy = derived_of(norlandia, victim)
    assert [(c["id"], c["removed"], c["peers"]) for c in copy] == [
        (asked["cert.estovia"]["derived_id"], ["created_by_ref", "x_victim"], ["cert.estovia"])]
    assert derived_of(norlandia, spoken) == []
    for peer in ("cert.estovia", "volt-energy"):
        norlandia.drained(peer)

    why = norlandia.explain(victim["id"], "cert.estovia")
    assert (why["decision"], why["reason"], why["delivered"]) == ("redact", "LOCAL_RULE", True)
    assert f"redacted: got derived object {copy[0]['id']} without created_by_ref, x_victim" in why["recorded"]
    assert b"SHARED REDACTED" in norlandia.cli("explain", victim["id"], "--peer", "cert.estovia", check=0).stdout
    assert norlandia.explain(victim["id"], "volt-energy")["decision"] == "permit"
    assert norlandia.json("get", copy[0]["id"])["derived_from"]["id"] == victim["id"]

    got = json.loads(estovia.get_raw(copy[0]["id"]))
    assert got == {**{k: v for k, v in victim.items() if k not in ("x_victim", "created_by_ref")}, "id": copy[0]["id"]}
    assert json.loads(volt.get_raw(victim["id"])) == victim
    assert json.loads(estovia.get_raw(plain["id"])) == plain

    # A newer version has a copy of its own; nothing new, and there is none.
    newer = {**victim, "modified": "2026-02-02T03:04:05.678Z", "confidence": 80}
    assert norlandia.publish(bundle_file(tmp_path / "newer.json", [newer]))["redacted"] == {"cert.estovia": 1}
    assert "redacted" not in norlandia.publish(bundle_file(tmp_path / "newer.json", [newer]))
    second = derived_of(norlandia, newer)[0]["id"]
    assert second != copy[0]["id"] and derived_of(norlandia, victim, victim["modified"])[0]["id"] == copy[0]["id"]
    wait_for(lambda: estovia.cli("get", second, "--raw").returncode == 0, "the copy of the newer version")

    # What a peer says of the copy, its origin finds back to the source.
    seen = {"type": "sighting", "spec_version": "2.1", "id": f"sighting--{uuid.uuid4()}", "created": "2026-03-01T00:00:00.000Z",
            "modified": "2026-03-01T00:00:00.000Z", "sighting_of_ref": copy[0]["id"], "object_marking_refs": victim["object_marking_refs"]}
    estovia.publish(bundle_file(tmp_path / "seen.json", [seen]))
    wait_for(lambda: norlandia.cli("get", seen["id"], "--raw").returncode == 0, "the sighting")
    about = json.loads(norlandia.get_raw(seen["id"]))["sighting_of_ref"]
    assert norlandia.json("get", about)["derived_from"]["id"] == victim["id"]

    # All of it survives a restart, and fsck finds nothing to mend.
    norlandia.kill()
    norlandia.start()
    assert derived_of(norlandia, newer)[0]["id"] == second
    assert norlandia.fsck()[1] == 0 and estovia.fsck()[1] == 0
    for node in (norlandia, estovia, volt):
        assert node.stop() == 0
    abroad, home = everything(estovia), everything(volt)
    assert copy[0]["id"].encode() in abroad
    for thing in (victim, spoken):
        for word in withheld(thing):
            assert word.encode() in home, word
            assert word.encode() not in abroad, word
