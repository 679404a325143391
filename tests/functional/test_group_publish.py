"""`publish --group`: what is for the members of a group reaches them and nobody else."""

import json

import pytest

from canaries import kept_in_clear, node_secrets
from federation import indicator, bundle_file, wait_for
from test_groups import admins, carried, epoch, founded, shown  # noqa: F401  the fixture


def present(node, thing):
    return node.cli("get", thing["id"], "--json").returncode == 0


def published(node, folder, thing, *options):
    return node.publish(bundle_file(folder / f"{thing['id']}.json", [thing]), *options)


def test_members_get_it_and_nobody_else(admins, tmp_path):
    norlandia, estovia, volt = admins
    norlandia.json("group create", "energy", "--member", "volt-energy")
    epoch(norlandia, 1)
    assert carried(norlandia, volt, tmp_path)["refused"] == {}
    thing, open_thing = indicator(tlp="AMBER"), indicator(tlp="GREEN")
    counts = published(norlandia, tmp_path, thing, "--group", "energy")
    assert counts["permitted"] == {"cert.estovia": 0, "volt-energy": 1}
    wait_for(lambda: present(volt, thing), "the object at the member")
    published(norlandia, tmp_path, open_thing)
    wait_for(lambda: present(estovia, open_thing), "what came behind it at the other")
    assert not present(estovia, thing)
    said = norlandia.json("explain", thing["id"], "--peer", "cert.estovia", check=0)
    assert said["reason"] == "SG"
    assert norlandia.json("explain", thing["id"], "--peer", "volt-energy", check=0)["reason"] == "same_sg"
    assert volt.metrics()['entente_rejections_total{reason="E_EPOCH"}'] == 0
    # A member passes nothing on that is bound to the group.
    assert volt.json("explain", thing["id"], "--peer", "cert.estovia", check=0)["decision"] == "deny"
    for node in admins:
        node.stop()
        node.cli("fsck", check=0)


def test_who_lacks_the_epoch_gets_an_envelope_of_its_own(admins, tmp_path):
    norlandia, _, volt = admins
    founded(admins, tmp_path)
    norlandia.json("group rotate", "energy")
    epoch(norlandia, 2)
    thing = indicator(tlp="GREEN")
    published(norlandia, tmp_path, thing, "--group", shown(norlandia)["group_id"][:12])
    wait_for(lambda: present(volt, thing), "the object")
    norlandia.drained("cert.estovia")


def test_the_disk_of_a_member_shows_no_key_and_no_secret_of_its_epochs(admins, tmp_path):
    norlandia, _, volt = admins
    founded(admins, tmp_path)
    thing = indicator(tlp="GREEN")
    published(norlandia, tmp_path, thing, "--group", "energy")
    wait_for(lambda: present(volt, thing), "the object")
    for node in admins:
        node.stop()
        secrets = node_secrets(node)
        assert any(name.startswith("keystore epoch/") for name in secrets), secrets.keys()
        assert kept_in_clear(node, secrets) == []
        # The search finds what is there.
        (node.dir / "left-behind").write_bytes(b"." + secrets["keystore statement"])
        assert kept_in_clear(node, secrets) == [("left-behind", "keystore statement")]


def test_what_waited_for_a_member_goes_with_its_membership(admins, tmp_path):
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    volt.stop()
    thing = indicator(tlp="GREEN")
    published(norlandia, tmp_path, thing, "--group", "energy")
    wait_for(lambda: present(estovia, thing), "the object at the member that is up")
    norlandia.json("group remove", "energy", "volt-energy")
    volt.start()
    volt.session_up("cert.norlandia")
    other = indicator(tlp="GREEN")
    published(norlandia, tmp_path, other)
    wait_for(lambda: present(volt, other), "what came behind it")
    assert not present(volt, thing)
    assert norlandia.peer("volt-energy")["refused_objects"] == 1


@pytest.mark.parametrize("options, reason", [(("--group", "water"), b"NOT_FOUND"),
                                             (("--group", "energy", "--to", "volt-energy"), b"contradict")])
def test_a_wrong_group_is_refused_before_anything_is_read(admins, tmp_path, options, reason):
    norlandia = admins[0]
    norlandia.json("group create", "energy", "--member", "volt-energy")
    done = norlandia.cli("publish", bundle_file(tmp_path / "one.json", [indicator(tlp="GREEN")]), *options)
    assert done.returncode != 0 and reason in done.stderr
    assert norlandia.json("status")["objects"] == 0


def test_a_file_for_a_member_is_verified_with_the_groups_documents_in_it(admins, tmp_path):
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    volt.stop()
    thing = indicator(tlp="GREEN")
    published(norlandia, tmp_path, thing, "--group", "energy")
    file = tmp_path / "for-volt"
    norlandia.cli("export", "--to", "volt-energy", file, check=0)
    cards = ("--identity", norlandia.card, "--identity", estovia.card)
    said = json.loads(volt.cli("verify", file, *cards, "--json", check=0).stdout)
    rows = {row["check"]: (row["result"], row["detail"]) for row in said["checks"]}
    assert rows["envelopes"] == ("holds", "1") and rows["membership documents"] == ("holds", "1")
    whole = json.loads(volt.cli("verify", file, *cards[:2], "--json", check=0).stdout)
    assert whole["ok"]  # one admin signed, and its card is there
    volt.start()
    assert volt.json("import", file)["taken"] == 1
    assert present(volt, thing)
