"""A backup of an organisation's keys, and the node that is made from one."""

import json
import re
import shutil

import pytest

from faults import KILLS, WRITE, WRITE_PATH, Shim
from federation import Node, bundle_file, indicator, run, wait_for
from oracles import oracle


def refused(done, name, exit_code=None):
    text = done.stderr.decode()
    assert re.search(rf"code  ENT-\d+ {name} ", text), text
    assert done.returncode != 0 if exit_code is None else done.returncode == exit_code, text


def secret_file(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def own(tmp_path):
    """The backup's own passphrase."""
    return secret_file(tmp_path / "backup-passphrase", "only for the backup")


def back_up(node, path, own, *args):
    return node.json("key backup", path, "--backup-passphrase-file", own, "--cost", "daemon", *args)


def restored(node, folder, backup, own, *args):
    """The node that `key restore` makes of a backup of `node`, at the same address."""
    address, metrics = node.facts["peer_address"], node.facts["metrics_listen"]
    done = run("key", "restore", "--node", folder, backup, "--backup-passphrase-file", own, "--nation", node.nation, "--kind",
               node.kind, "--listen", address, "--metrics", metrics, "--root-cost", "daemon", "--json", *args, check=0)
    back = Node.__new__(Node)
    back.dir, back.name, back.kind, back.nation, back.process = folder, node.name, node.kind, node.nation, None
    back.facts = json.loads(done.stdout)
    return back


def exchange(sender, receiver, tmp_path, value):
    """One object from sender to receiver; its id."""
    before, one = receiver.status()["objects"], indicator(value=f"{value}.example", tlp="GREEN")
    sender.publish(bundle_file(tmp_path / f"{value}.json", [one]))
    sender.drained(receiver.name)
    wait_for(lambda: receiver.status()["objects"] == before + 1, f"{value} at {receiver.name}")
    return one["id"]


def place_of(object_id, holder, card, tmp_path):
    """(stream, sequence) of the statement that brought an object, as the second implementation reads its proof."""
    proof = tmp_path / "proof"
    proof.write_bytes(holder.cli("get", object_id, "--proof", check=0).stdout)
    said = oracle("verify", "--card", card, proof)[0]
    return said["stream"], said["sequence"]


def test_P39_a_restored_node_repeats_nothing_and_its_peers_go_on(pair, tmp_path, own):
    norlandia, estovia = pair
    backup = tmp_path / "keys.backup"
    facts = back_up(norlandia, backup, own, "--root")  # while it runs
    assert facts["names"] == ["root", "statement", "storage"] and facts["identity"]
    first = [exchange(norlandia, estovia, tmp_path, f"before-{n}") for n in range(3)]
    exchange(estovia, norlandia, tmp_path, "there")
    norlandia.stop()
    norlandia.dir.rename(tmp_path / "lost")

    back = restored(norlandia, norlandia.dir, backup, own)
    try:
        assert (back.facts["org_id"], back.facts["fingerprint"]) == (norlandia.facts["org_id"], norlandia.fingerprint)
        assert back.facts["root"] and back.facts["new_store"]
        back.start()
        back.accept(estovia)
        back.session_up(estovia.name)
        assert back.status()["objects"] == 0
        # Streams begin anew: of what the peer has nothing comes twice, so nothing is refused as a repeat.
        second = [exchange(back, estovia, tmp_path, f"after-{n}") for n in range(3)]
        lives = [[place_of(one, estovia, back.card, tmp_path) for one in ids] for ids in (first, second)]
        assert [sequence for life in lives for _, sequence in life] == [1, 2, 3, 1, 2, 3]
        assert len({stream for stream, _ in lives[0]}) == len({stream for stream, _ in lives[1]}) == 1
        assert lives[0][0][0] != lives[1][0][0]
        exchange(estovia, back, tmp_path, "to-the-new-one")
        for reason in ("E_EQUIV", "E_REPLAY", "E_GAP", "ROLLED_BACK"):
            for node in (back, estovia):
                assert node.metrics().get(f'entente_rejections_total{{reason="{reason}"}}', 0) == 0, (node.name, reason)
        for node in (back, estovia):
            assert node.fsck()[0]["problems"] == []
        back.stop()
        back.start()  # its heads count on from where they began
        back.session_up(estovia.name)
        exchange(back, estovia, tmp_path, "once-more")
        back.stop()
        assert back.json("key rotate")["version"] == 2  # by the root key of the backup
        assert back.fsck()[0]["problems"] == []
    finally:
        back.stop()


def test_the_node_that_was_lost_is_refused_behind_its_restored_one(pair, tmp_path, own):
    norlandia, estovia = pair
    exchange(norlandia, estovia, tmp_path, "before")
    backup = tmp_path / "keys.backup"
    back_up(norlandia, backup, own)
    norlandia.stop()
    lost = tmp_path / "lost"
    norlandia.dir.rename(lost)
    back = restored(norlandia, norlandia.dir, backup, own)
    try:
        back.start()
        back.accept(estovia)
        exchange(back, estovia, tmp_path, "after")
        back.stop()
        back.dir.rename(tmp_path / "new")
        lost.rename(norlandia.dir)
        norlandia.start(wait=False)
        wait_for(lambda: norlandia.process.poll() is not None, "the old node to stop by itself")
        assert "ROLLED_BACK" in norlandia.said()
    finally:
        back.stop()


def test_a_second_restore_begins_behind_the_first(pair, tmp_path, own):
    norlandia, estovia = pair
    backup = tmp_path / "keys.backup"
    back_up(norlandia, backup, own)
    norlandia.stop()
    norlandia.dir.rename(tmp_path / "lost-0")
    for n in (1, 2):
        back = restored(norlandia, norlandia.dir, backup, own)
        try:
            back.start()
            back.accept(estovia)
            back.session_up(estovia.name)
            exchange(back, estovia, tmp_path, f"life-{n}")
        finally:
            back.stop()
        back.dir.rename(tmp_path / f"lost-{n}")


def test_what_is_refused_changes_nothing(make_node, tmp_path, own):
    norlandia, other = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE")
    backup = tmp_path / "keys.backup"
    back_up(norlandia, backup, own)
    words = ("key", "restore", backup, "--backup-passphrase-file")
    refused(norlandia.cli("key backup", backup, "--backup-passphrase-file", own, "--cost", "daemon"), "E_KEYSTORE")
    before = (norlandia.dir / "keystore").read_bytes()
    refused(run(*words, own, "--node", norlandia.dir), "CONFLICT")
    assert (norlandia.dir / "keystore").read_bytes() == before

    wrong, fresh = secret_file(tmp_path / "wrong", "not this one"), tmp_path / "fresh"
    refused(run(*words, wrong, "--node", fresh), "E_KEYSTORE")
    bent = tmp_path / "bent"
    bent.write_bytes(backup.read_bytes()[:-1] + bytes([backup.read_bytes()[-1] ^ 1]))
    bent.chmod(0o600)
    refused(run("key", "restore", bent, "--backup-passphrase-file", own, "--node", fresh), "E_KEYSTORE")
    refused(run("key", "restore", norlandia.dir / "keystore", "--backup-passphrase-file", norlandia.dir / "passphrase", "--node", fresh),
            "E_KEYSTORE")
    assert not fresh.exists()
    (other.dir / "keystore").unlink()
    refused(run(*words, own, "--node", other.dir), "E_IDENTITY")
    assert not (other.dir / "keystore").exists()


def test_a_folder_that_lost_its_keys_goes_on_with_its_store(pair, tmp_path, own):
    norlandia, estovia = pair
    exchange(norlandia, estovia, tmp_path, "before")
    backup = tmp_path / "keys.backup"
    back_up(norlandia, backup, own)
    norlandia.stop()
    (norlandia.dir / "keystore").unlink()
    facts = norlandia.json("key restore", backup, "--backup-passphrase-file", own)
    assert not facts["new_store"] and not facts["root"]
    norlandia.start()
    norlandia.session_up(estovia.name)
    assert norlandia.status()["objects"] == 1
    exchange(norlandia, estovia, tmp_path, "after")


def test_the_backup_holds_nothing_that_forward_secrecy_destroys(make_node, tmp_path, own):
    node = make_node("cert.norlandia", nation="XN").start()  # makes prekeys
    names = back_up(node, tmp_path / "keys.backup", own)["names"]
    assert names == ["statement", "storage"]
    assert (tmp_path / "keys.backup").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", KILLS)
def test_killed_at_any_call_a_restore_can_be_given_again(make_node, tmp_path, own, kind):
    norlandia = make_node("cert.norlandia", nation="XN")
    backup = tmp_path / "keys.backup"
    back_up(norlandia, backup, own, "--root")
    folder = tmp_path / "restored"
    shim = Shim(norlandia, tmp_path / "shim")
    words = ("key", "restore", "--node", folder, backup, "--backup-passphrase-file", own, "--listen", "none", "--metrics", "none",
             "--root-cost", "daemon", "--json")
    for at in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
        shutil.rmtree(folder, ignore_errors=True)
        shim.arm(kind, at, calls=WRITE if kind == "torn" else WRITE_PATH)
        whole = run(*words, env={**shim.env, "ENTENTE_FAULT_ROOT": str(folder)}).returncode == 0
        shim.disarm()
        if not (folder / "keystore").exists():
            run(*words, check=0)
        assert json.loads(run("fsck", "--node", folder, "--json", check=0).stdout)["problems"] == [], at
        if whole:
            break
    assert at > 3
