"""A disk that fills: refused for now, told at every door, reads served, and over as soon as there is space."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from federation import bundle_file, indicator, peer_both_ways, wait_for


@pytest.fixture
def small_disk(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", str(mount)], capture_output=True)
    if done.returncode != 0:
        pytest.skip("a small file system needs the right to mount one")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


def move(node, folder):
    shutil.move(node.dir, folder)
    node.dir = folder
    node.facts["card"] = str(folder / pathlib.Path(node.card).name)
    return node


@pytest.fixture
def small_node(small_disk, make_node):
    node = move(make_node("cert.norlandia"), small_disk / "node").start()
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


def peer_add_is_refused(node, peer):
    done = node.cli("peer add", peer.card, "--fingerprint", peer.fingerprint, "--nation", "XE", "--kind", "cert")
    return done.returncode == 1 and b"DISK_FULL" in done.stderr


def test_D16_below_the_floor_intake_stops_and_every_door_says_so(small_node, small_disk, make_node, tmp_path):
    says_ready(small_node)
    ballast = leave_free(small_disk, 256 * 1024)
    path = bundle_file(tmp_path / "more.json", [indicator(tlp="GREEN") for _ in range(10)])
    assert small_node.cli("publish", path).returncode == 1
    assert small_node.metrics()['entente_rejections_total{reason="DISK_FULL"}'] == 1
    assert small_node.metrics()['entente_publish_refusals_total{reason="DISK_FULL"}'] == 1
    says_read_only(small_node)
    assert peer_add_is_refused(small_node, make_node("cert.estovia", nation="XE"))
    assert small_node.metrics()['entente_rejections_total{reason="DISK_FULL"}'] == 2
    ballast.unlink()
    says_ready(small_node)
    small_node.publish(path)


def test_D16_where_only_a_large_object_does_not_fit_the_node_is_not_ready_either(small_node, small_disk, tmp_path):
    ballast = leave_free(small_disk, 20 << 20)
    says_ready(small_node)
    path = bundle_file(tmp_path / "large.json", [indicator(tlp="GREEN", x_large="a" * (10 << 20))])
    done = small_node.cli("publish", path)
    assert done.returncode == 1 and b"DISK_FULL" in done.stderr, done.stderr
    says_read_only(small_node)
    ballast.unlink()
    says_ready(small_node)


def test_D16_a_full_disk_refuses_keeps_what_it_has_and_recovers(small_node, small_disk, tmp_path):
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


def test_D16_a_receiver_with_a_full_disk_takes_it_up_again_when_space_is_freed(small_disk, make_node, tmp_path):
    norlandia = make_node("cert.norlandia", nation="XN").start()
    estovia = make_node("cert.estovia", nation="XE")
    move(estovia, small_disk / "node").start()
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


def test_D15_a_disk_that_others_fill_while_a_publish_goes_on(small_node, small_disk, make_node, tmp_path):
    """A real full file system: what others write leaves no byte at all. All that was acknowledged is there, reads are served,
    and with space again the node goes on by itself."""
    node, ballast, published = small_node, small_disk / "ballast", []
    ballast.touch()
    path = tmp_path / "some.json"
    for _ in range(60):
        things = [indicator(tlp="GREEN", x_pad="p" * 20_000) for _ in range(40)]
        done = node.cli("publish", bundle_file(path, things), "--json")
        total = json.loads(done.stdout.splitlines()[-1])
        published += things[:total["published"]]
        if done.returncode != 0:
            assert b"DISK_FULL" in done.stderr, done.stderr
            break
        with open(ballast, "ab") as file:
            file.write(b"x" * (4 << 20) if os.statvfs(small_disk).f_bavail * 4096 > 6 << 20 else b"")
    else:
        raise AssertionError("the disk never filled")
    says_read_only(node)
    for thing in (published[0], published[-1]):
        assert node.get_raw(thing["id"]) == json.dumps(thing).encode()
    ballast.unlink()
    wait_for(lambda: node.status()["state"] == "ready", "intake to go on by itself")
    node.publish(path)
    assert node.fsck()[0]["ok"]
    there = {json.loads(line)["id"] for line in node.cli("tail", "--json", check=0).stdout.splitlines()}
    assert {thing["id"] for thing in published} <= there
