"""Groups from the command line: founded, changed, signed by several, left, and carried as files."""

import json

import pytest

from federation import peer_both_ways, wait_for
from oracles import ORACLE  # noqa: F401  its folder is on the path from here on

import export_file


@pytest.fixture
def admins(make_node):
    """Norlandia and Estovia with group admin keys, and volt-energy without; each a peer of the others, sessions up."""
    nodes = [make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE"),
             make_node("volt-energy", nation="XN", kind="private")]
    for node in nodes[:2]:
        node.json("key rotate", "--usage", "group-admin")
    for node in nodes:
        node.start()
    for i, one in enumerate(nodes):
        for other in nodes[i + 1:]:
            peer_both_ways(one, other)
    return nodes


def shown(node, group="energy"):
    return node.json("group show", group)


def carried(sender, receiver, folder, check=0):
    """What the sender has for the receiver, as a file."""
    file = folder / f"{sender.name}-{receiver.name}-{len(list(folder.iterdir()))}.entx"
    sender.cli("export", "--to", receiver.name, file, check=0)
    return receiver.json("import", file, check=check)


def epoch(node, number):
    wait_for(lambda: shown(node)["epoch"] == number, f"epoch {number} at {node.name}")


def founded(admins, folder, *more):
    norlandia, estovia, volt = admins
    norlandia.json("group create", "energy", "--member", "cert.estovia", "--member", "volt-energy", *more)
    epoch(norlandia, 1)
    for other in (estovia, volt):
        said = carried(norlandia, other, folder)
        assert (said["refused"], said["fault"]) == ({}, ""), said
        epoch(other, 1)


def test_a_group_is_founded_and_everybody_has_its_epoch(admins, tmp_path):
    norlandia, estovia, volt = admins
    nobody = estovia.cli("group show", "energy")
    assert nobody.returncode != 0 and b"NOT_FOUND" in nobody.stderr
    assert norlandia.json("group list") == {"groups": []}
    founded(admins, tmp_path)
    said = shown(volt)
    assert (said["version"], said["threshold"], said["ceiling"], said["log_keeper"]) == (1, 1, "AMBER", "cert.norlandia")
    assert sorted(said["members"]) == ["cert.estovia", "cert.norlandia", "volt-energy"]
    assert volt.json("group list")["groups"][0]["member_count"] == 3
    again = carried(norlandia, volt, tmp_path)
    assert again["refused"] == {}
    for node in admins:
        node.stop()
        node.start()
        epoch(node, 1)
        node.cli("fsck", check=0)


def test_who_is_taken_out_has_nothing_of_the_next_epoch(admins, tmp_path):
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    said = norlandia.json("group remove", "energy", "volt-energy")
    assert (said["version"], sorted(said["members"])) == (2, ["cert.estovia", "cert.norlandia"])
    epoch(norlandia, 2)
    assert carried(norlandia, estovia, tmp_path)["refused"] == {}
    epoch(estovia, 2)
    assert carried(norlandia, volt, tmp_path)["refused"] == {}
    assert (shown(volt)["version"], shown(volt)["epoch"]) == (1, 1)
    back = norlandia.json("group add", "energy", "volt-energy")
    assert back["version"] == 3
    epoch(norlandia, 3)
    assert carried(norlandia, volt, tmp_path)["refused"] == {}
    epoch(volt, 3)
    unchanged = norlandia.cli("group add", "energy", "volt-energy")
    assert unchanged.returncode != 0 and b"so already" in unchanged.stderr


def test_two_admins_sign_one_change(admins, tmp_path):
    norlandia, estovia, volt = admins
    paper, signed = tmp_path / "energy.membership", tmp_path / "signed.membership"
    said = norlandia.json("group create", "energy", "--member", "volt-energy", "--admin", "cert.estovia", "--issuer", "cert.estovia",
                          "--threshold", 2, "--out", paper)
    assert (said["version"], said["needed"]) == (0, 2)
    assert said["proposals"][0]["signed_by"] == ["cert.norlandia"]
    checked = json.loads(norlandia.cli("verify", paper, "--json", "--identity", norlandia.card, "--identity", estovia.card).stdout)
    results = {row["check"]: row["result"] for row in checked["checks"]}
    assert results["signatures"] == "holds" and results["threshold"] == "fails"
    refused = volt.cli("group sign", "--file", paper)
    assert refused.returncode != 0 and b"group admin key" in refused.stderr
    estovia.json("group sign", "--file", paper, "--out", signed)
    whole = norlandia.json("group sign", "--file", signed)
    assert (whole["version"], whole["proposals"]) == (1, [])
    epoch(norlandia, 1)
    assert carried(norlandia, estovia, tmp_path)["refused"] == {}
    epoch(estovia, 1)
    # The second issuer hands out nothing that it did not issue; a change needs both again.
    waiting = estovia.json("group remove", "energy", "volt-energy")
    assert waiting["version"] == 1 and len(waiting["proposals"]) == 1
    assert carried(estovia, norlandia, tmp_path)["refused"] == {}
    done = norlandia.json("group sign", "energy")
    assert (done["version"], done["proposals"]) == (2, [])
    epoch(norlandia, 2)


def test_a_member_leaves_by_its_own_word(admins, tmp_path):
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    said = volt.json("group leave", "energy")
    assert said["epoch"] == 0 and said["left"] == ["volt-energy"]
    assert b"E_NOTMEMBER" in volt.cli("group leave", "energy").stderr
    assert carried(volt, norlandia, tmp_path)["refused"] == {}
    epoch(norlandia, 2)
    assert shown(norlandia)["left"] == ["volt-energy"]
    assert carried(norlandia, estovia, tmp_path)["refused"] == {}
    epoch(estovia, 2)


def test_an_issuer_rotates_and_others_do_not(admins, tmp_path):
    norlandia, estovia, _ = admins
    founded(admins, tmp_path)
    norlandia.json("group rotate", "energy")
    epoch(norlandia, 2)
    refused = estovia.cli("group rotate", "energy")
    assert refused.returncode != 0 and b"E_ISSUER" in refused.stderr
    file = tmp_path / "for-estovia"
    norlandia.cli("export", "--to", "cert.estovia", file, check=0)
    checked = estovia.cli("verify", file, "--identity", norlandia.card, "--identity", estovia.card)
    assert checked.returncode == 0, checked.stdout
    assert b"membership documents" in checked.stdout and b"epochs" in checked.stdout and b"group log entries" in checked.stdout
    bent = bytearray(file.read_bytes())
    at = bent.index(b"energy")
    bent[at] ^= 1
    (tmp_path / "bent").write_bytes(bent)
    assert estovia.cli("verify", tmp_path / "bent", "--identity", norlandia.card).returncode == 4
    assert estovia.json("import", tmp_path / "bent", check=6)["refused"]["E_SIG"] >= 1


def test_P31_what_is_missing_or_anothers_is_told(admins, tmp_path):
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    estovia.stop()
    norlandia.json("group remove", "energy", "volt-energy")
    epoch(norlandia, 2)  # else the one removal may be over before its epoch is issued, or may not
    norlandia.json("group add", "energy", "volt-energy")
    norlandia.json("group rotate", "energy")
    epoch(norlandia, 3)
    files = {node: tmp_path / f"whole-{node.name}" for node in (estovia, volt)}
    for node, file in files.items():
        norlandia.cli("export", "--to", node.name, file, check=0)
    for node in (norlandia, volt):  # no session tells it anything
        node.stop()
    estovia.start()
    found = export_file.read(files[estovia].read_bytes())

    def taken(entries, reason=None):
        file = tmp_path / "some.entx"
        file.write_bytes(export_file.write(found.from_org, found.to_org, entries))
        said = estovia.json("import", file, check=6 if reason else 0)
        assert said["refused"] == ({reason: 1} if reason else {})

    epochs = [entry for entry in found.entries if entry[0] == export_file.EPOCH]
    assert len(epochs) == 3
    taken(epochs[-1:], "E_MEMBERHASH")  # of a version that is not here
    others = [entry for entry in export_file.read(files[volt].read_bytes()).entries if entry[0] == export_file.EPOCH]
    documents = [entry for entry in found.entries if entry[0] in (export_file.MEMBERSHIP, export_file.GROUP_LOG)]
    taken(documents)
    taken(epochs[:2])
    before = shown(estovia)
    taken(others[-1:], "E_SLOTPROOF")
    assert shown(estovia) == before  # refused epochs change nothing
    taken(epochs)
    epoch(estovia, 3)


def test_a_group_without_an_admin_key_says_what_to_do(admins):
    volt = admins[2]
    refused = volt.cli("group create", "mine", "--member", "cert.estovia")
    assert refused.returncode != 0 and b"entente key rotate --usage group-admin" in refused.stderr
    unknown = admins[0].cli("group create", "mine", "--member", "cert.estovla")
    assert unknown.returncode != 0 and b"cert.estovia" in unknown.stderr  # did you mean
    named_badly = admins[0].cli("group create", "x" * 65, "--member", "cert.estovia")
    assert named_badly.returncode != 0
