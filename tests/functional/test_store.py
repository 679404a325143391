"""The store of a real daemon: damage is refused by name, a stolen disk is blank, an old copy does not serve."""

import hashlib
import json
import os
import pathlib
import shutil

from canaries import files_of, kept_in_clear, node_secrets
from federation import bundle_file, indicator


def newest_wal(node):
    return max((node.dir / "store").glob("*.log"), key=lambda p: p.stat().st_size)


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def filled(make_node, tmp_path, count=120):
    node = make_node("cert.norlandia").start()
    things = [indicator(tlp="GREEN") for _ in range(count)]
    for i in range(0, count, 10):
        node.publish(bundle_file(tmp_path / f"{i}.json", things[i:i + 10]))
    return node, things


def refuses_to_run(node, reason):
    done = node.cli("run", timeout=20)
    assert done.returncode == 1
    assert reason.encode() in done.stderr, done.stderr
    report, code = node.fsck()
    assert not report["ok"] and code == 4 and any(reason in problem for problem in report["problems"]), report


def test_D11_a_flipped_byte_in_the_middle_of_the_write_ahead_log_is_refused(make_node, tmp_path):
    node, _ = filled(make_node, tmp_path)
    node.kill()
    wal = newest_wal(node)
    flip(wal, wal.stat().st_size // 2)
    refuses_to_run(node, "STORE_CORRUPT")


def test_D12_a_deleted_write_ahead_log_is_refused(make_node, tmp_path):
    node, _ = filled(make_node, tmp_path)
    node.kill()
    newest_wal(node).unlink()
    refuses_to_run(node, "STORE_SHORT")


def test_D10_a_torn_end_loses_nothing_that_was_acknowledged(make_node, tmp_path):
    node, things = filled(make_node, tmp_path)
    node.kill()
    with open(newest_wal(node), "ab") as wal:  # what a crash in the middle of the next append leaves
        wal.write(os.urandom(9))
    node.start()
    assert node.status()["objects"] == len(things)
    assert node.fsck()[0]["ok"]


def test_an_older_copy_is_refused_when_a_peer_has_seen_a_newer_head(pair, tmp_path):
    norlandia, estovia = pair
    norlandia.publish(bundle_file(tmp_path / "one.json", [indicator(tlp="GREEN")]))
    norlandia.drained("cert.estovia")
    norlandia.stop()
    copy = tmp_path / "copy"
    shutil.copytree(norlandia.dir / "store", copy / "store")
    for head in norlandia.dir.glob("store.*"):
        shutil.copy2(head, copy / head.name)
    norlandia.start()
    norlandia.session_up("cert.estovia")
    norlandia.publish(bundle_file(tmp_path / "two.json", [indicator(tlp="GREEN") for _ in range(5)]))
    norlandia.drained("cert.estovia")
    norlandia.stop()
    shutil.rmtree(norlandia.dir / "store")
    for entry in copy.iterdir():
        target = norlandia.dir / entry.name
        shutil.copytree(entry, target) if entry.is_dir() else shutil.copy2(entry, target)
    norlandia.start(wait=False)
    assert norlandia.process.wait(20) == 1
    assert "ROLLED_BACK" in norlandia.said()
    assert estovia.status()["objects"] == 6


def test_D12_a_deleted_table_is_refused(make_node, tmp_path):
    node, _ = filled(make_node, tmp_path, 20)
    node.stop()
    node.start()  # what was in the log goes to tables
    node.kill()
    for table in (node.dir / "store").glob("*.sst"):
        table.unlink()
    refuses_to_run(node, "STORE_CORRUPT")


def test_D13_rot_in_the_tables_is_a_typed_answer_and_fsck_finds_it(make_node, tmp_path):
    """What is damaged comes again only from a backup or from peers that still hold it in their outboxes: nothing asks
    peers for an object by its id yet."""
    node, things = filled(make_node, tmp_path, 20)
    node.stop()
    node.start()
    node.kill()
    table = max((node.dir / "store").glob("*.sst"), key=lambda p: p.stat().st_size)
    for at in range(2000, table.stat().st_size // 2, 1500):
        flip(table, at)
    report, code = node.fsck()
    assert code == 4 and not report["ok"] and any("STORE_CORRUPT" in p or table.name in p for p in report["problems"]), report
    done = node.cli("run", timeout=20)
    assert done.returncode == 1 and b"STORE_CORRUPT" in done.stderr, done


def test_D20_a_second_daemon_on_the_same_folder_is_refused(make_node, tmp_path):
    node = make_node("cert.norlandia").start()
    for _ in range(3):
        done = node.cli("run", timeout=20)
        assert done.returncode == 1 and b"STORE_LOCKED" in done.stderr and str(node.daemon_pid()).encode() in done.stderr
    thing = indicator(tlp="GREEN")
    node.publish(bundle_file(tmp_path / "one.json", [thing]))
    assert node.get_raw(thing["id"]) == json.dumps(thing).encode()
    assert node.fsck()[0]["ok"]


def test_raw_files_of_a_stopped_node_show_no_value_no_id_and_no_key(pair, tmp_path):
    norlandia, estovia = pair
    things = [indicator(value=f"secret-{i}.example", tlp="GREEN", name=f"operation-{i}-name") for i in range(300)]
    held = indicator(value="held-back.example")
    norlandia.publish(bundle_file(tmp_path / "things.json", things + [held]), check=0)
    norlandia.drained("cert.estovia")
    for node in (norlandia, estovia):
        node.stop()
        needles = [b"held-back.example"] if node is norlandia else []
        for i, thing in enumerate(things):
            needles += [b"secret-%d.example" % i, thing["id"].encode(), thing["id"].split("--")[1].encode(),
                        b"operation-%d-name" % i]
            needles += [hashlib.sha256(thing["id"].encode()).digest(),
                        hashlib.sha256(b"secret-%d.example" % i).digest()]
        passphrase = (node.dir / "passphrase").read_bytes().strip()
        for path in files_of(node):
            data = path.read_bytes()
            for needle in needles:
                assert needle not in data, (path.name, needle)
            if path.name != "passphrase":
                assert passphrase not in data, path.name
        secrets = node_secrets(node)
        assert any(name.startswith("keystore prekey/") and name.endswith(" alone") for name in secrets), secrets.keys()
        assert kept_in_clear(node, secrets) == []


def test_keys_and_folder_are_private(make_node):
    node = make_node("cert.norlandia").start()
    assert node.dir.stat().st_mode & 0o077 == 0
    for path in files_of(node):
        if path.name == "test-output.txt" or path.suffix == ".card":
            continue
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_readable_passphrase_file_and_a_wrong_one_are_refused(make_node):
    node = make_node("cert.norlandia")
    secret = node.dir / "passphrase"
    secret.chmod(0o644)
    assert b"chmod 600" in node.cli("run").stderr
    secret.chmod(0o600)
    secret.write_text("wrong\n")
    done = node.cli("run")
    assert done.returncode == 1 and b"E_KEYSTORE" in done.stderr


def test_a_damaged_half_of_the_head_file_is_told_by_the_log_and_by_fsck(make_node, tmp_path):
    node = make_node("cert.norlandia").start()
    node.publish(bundle_file(tmp_path / "a.json", [indicator(tlp="GREEN")]))
    node.stop()
    head = next(pathlib.Path(node.dir).rglob("*.head"))
    whole = head.read_bytes()
    for half in (0, 1):
        bad = bytearray(whole)
        bad[half * 4096 + 100] ^= 1
        head.write_bytes(bad)
        report, code = node.fsck()  # of the stopped node
        assert code == 4 and "halves" in report["problems"][0], report
        head.write_bytes(bad)
        node.start()
        assert "halves" in (pathlib.Path(node.dir) / "entented.log").read_text().splitlines()[-2]
        report, code = node.fsck()
        assert code == 4 and "halves" in report["problems"][0], report
        for name in "bc":
            node.publish(bundle_file(tmp_path / "b.json", [indicator(tlp="GREEN")]))
        assert node.fsck() == ({"ok": True, "problems": []}, 0)
        node.stop()
        whole = head.read_bytes()
