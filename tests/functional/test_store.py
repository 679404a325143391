"""The store of a real daemon: damage is refused by name, a stolen disk is blank, an old copy does not serve."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from federation import bundle_file, indicator, run, wait_for


def files_of(node):
    return [p for p in node.dir.rglob("*") if p.is_file() and not p.is_symlink()]


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


def test_a_flipped_byte_in_the_middle_of_the_write_ahead_log_is_refused(make_node, tmp_path):
    node, _ = filled(make_node, tmp_path)
    node.kill()
    wal = newest_wal(node)
    flip(wal, wal.stat().st_size // 2)
    refuses_to_run(node, "STORE_CORRUPT")


def test_a_deleted_write_ahead_log_is_refused(make_node, tmp_path):
    node, _ = filled(make_node, tmp_path)
    node.kill()
    newest_wal(node).unlink()
    refuses_to_run(node, "STORE_SHORT")


def test_a_torn_end_loses_nothing_that_was_acknowledged(make_node, tmp_path):
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


def test_a_second_daemon_on_the_same_folder_is_refused(make_node):
    node = make_node("cert.norlandia").start()
    done = node.cli("run", timeout=20)
    assert done.returncode == 1 and b"STORE_LOCKED" in done.stderr
    assert node.status()["name"] == "cert.norlandia"


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


@pytest.fixture
def small_disk(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", str(mount)], capture_output=True)
    if done.returncode != 0:
        pytest.skip("a small file system needs the right to mount one")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


@pytest.fixture
def small_node(small_disk, make_node):
    node = make_node("cert.norlandia")
    moved = small_disk / "node"
    shutil.move(node.dir, moved)
    node.dir = moved
    node.facts["card"] = str(moved / pathlib.Path(node.card).name)
    node.start()
    yield node
    node.kill()


def leave_free(disk, size):
    """Fills the disk up to `size` bytes; returns the file to delete."""
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 1024)
    ballast.write_bytes(b"x" * (os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize - size))
    return ballast


def says_read_only(node):
    status, (ready, body) = node.status(), node.readyz()
    doctor = node.cli("doctor", "--json")
    failures = [c["what"] for c in json.loads(doctor.stdout)["checks"] if c["result"] == "failure"]
    assert node.metrics()["entente_store_accepting"] == 0
    assert node.metrics()['entente_ready{check="store"}'] == 0
    assert ready == 503 and "DISK_FULL" in body and "MiB are free" in body, body
    assert status["state"] == "read-only" and "MiB are free" in status["detail"], status
    assert doctor.returncode == 1 and any("read-only" in what and "MiB are free" in what for what in failures), failures
    assert b"read-only" in node.cli("status", check=0).stdout


def says_ready(node):
    """By itself: nothing was published since there is room again."""
    assert node.metrics()["entente_store_accepting"] == 1
    assert node.readyz() == (200, "ready\n")
    assert node.status()["state"] == "ready"


def test_a_full_disk_is_told_at_every_door_and_so_is_its_end(small_node, small_disk, tmp_path):
    says_ready(small_node)
    ballast = leave_free(small_disk, 256 * 1024)
    path = bundle_file(tmp_path / "more.json", [indicator(tlp="GREEN") for _ in range(10)])
    assert small_node.cli("publish", path).returncode == 1
    assert small_node.metrics()['entente_rejections_total{reason="DISK_FULL"}'] == 1
    assert small_node.metrics()['entente_publish_refusals_total{reason="DISK_FULL"}'] == 1
    says_read_only(small_node)
    ballast.unlink()
    says_ready(small_node)
    small_node.publish(path)


def test_where_only_a_large_object_does_not_fit_the_node_is_not_ready_either(small_node, small_disk, tmp_path):
    ballast = leave_free(small_disk, 20 << 20)
    says_ready(small_node)
    path = bundle_file(tmp_path / "large.json", [indicator(tlp="GREEN", x_large="a" * (10 << 20))])
    done = small_node.cli("publish", path)
    assert done.returncode == 1 and b"DISK_FULL" in done.stderr, done.stderr
    says_read_only(small_node)
    ballast.unlink()
    says_ready(small_node)


def test_a_full_disk_refuses_keeps_what_it_has_and_recovers(small_node, small_disk, tmp_path):
    node = small_node
    kept = indicator(tlp="GREEN")
    node.publish(bundle_file(tmp_path / "kept.json", [kept]))
    ballast = leave_free(small_disk, 256 * 1024)
    path = bundle_file(tmp_path / "more.json", [indicator(tlp="GREEN") for _ in range(10)])
    done = node.cli("publish", path, "--json")
    assert done.returncode == 1 and b"DISK_FULL" in done.stderr, done.stderr
    assert node.get_raw(kept["id"]) == json.dumps(kept).encode()
    ballast.unlink()
    wait_for(lambda: node.cli("publish", path, "--json").returncode == 0, "the node to accept again")
    assert node.status()["objects"] == 11
    assert node.fsck()[0]["ok"]


def test_receiver_with_a_full_disk_takes_it_up_again_when_space_is_freed(small_disk, make_node, tmp_path):
    from federation import peer_both_ways
    norlandia = make_node("cert.norlandia", nation="XN").start()
    estovia = make_node("cert.estovia", nation="XE")
    moved = small_disk / "node"
    shutil.move(estovia.dir, moved)
    estovia.dir = moved
    estovia.facts["card"] = str(moved / pathlib.Path(estovia.card).name)
    estovia.start()
    peer_both_ways(norlandia, estovia)
    ballast = leave_free(small_disk, 256 * 1024)
    things = [indicator(tlp="GREEN") for _ in range(50)]
    norlandia.publish(bundle_file(tmp_path / "things.json", things))
    wait_for(lambda: estovia.metrics().get('entente_rejections_total{reason="DISK_FULL"}', 0) > 0, "the refusal")
    assert norlandia.peer("cert.estovia")["lag_objects"] == 50
    ballast.unlink()
    norlandia.drained("cert.estovia")
    assert estovia.status()["objects"] == 50
    estovia.kill()
