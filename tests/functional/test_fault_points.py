"""The catalogue's moments, one by one: a daemon dies there, or its disk fails, and nothing acknowledged is lost.

The shim strikes at a system call, so the daemons are the ones that operators run: no hook is compiled in."""

import json
import subprocess
import time

import pytest

from faults import RECEIVE, SPACE, SYNC, WRITE, CREATE, RESIZE, Shim, fresh, newest_head
from federation import ENTENTE, bundle_file, indicator, peer_both_ways, wait_for

SIZES = (10, 70_000, 3_000)


def call_at(federation, side, name, suffix, kind):
    """The fault at the first call `name` on a path that ends in `suffix`."""
    calls = {"write": WRITE, "pwrite": WRITE, "fdatasync": SYNC, "statvfs": SPACE}[name]
    texts = fresh(*SIZES)
    federation.shims[side].arm(kind, 1, calls=calls, suffix=suffix)
    federation.publish(texts)
    assert federation.settle(side)
    return texts


def killed(federation, side):
    """The victim is gone; the objects that its disk holds of the last publish are counted once it is back."""
    federation.nodes[side].process.wait(10)
    federation.revive(side)
    federation.sender.drained(federation.receiver.name)  # sent again, without another publish
    federation.expected.check(federation.nodes[side])


def objects(node):
    return node.status()["objects"]


def test_C1_killed_after_an_envelope_came_and_before_it_is_verified(ready):
    """The shim kills inside recv: the kernel has handed the bytes over, nothing of ours has seen them."""
    before = objects(ready.receiver)
    texts = fresh(*SIZES)
    ready.shims["receiver"].arm("kill-after", 1, calls=RECEIVE, least_bytes=1024)
    ready.publish(texts)
    assert ready.settle("receiver")
    killed(ready, "receiver")
    ready.sender.drained(ready.receiver.name)  # sent again, without another publish
    assert objects(ready.receiver) == before + len(texts)
    ready.converge(texts)


def test_C2_killed_after_an_envelope_is_verified_and_before_the_write(ready):
    """The committer asks for space twice: before it runs an admission's body, which only gets what was verified, and behind
    it, just before the write."""
    for nth in (1, 2):
        before, head = objects(ready.receiver), newest_head(ready.receiver)
        texts = fresh(*SIZES)
        ready.shims["receiver"].arm("kill-before", nth, calls=SPACE)
        ready.publish(texts)
        assert ready.settle("receiver")
        ready.receiver.process.wait(10)
        assert newest_head(ready.receiver) == head
        killed(ready, "receiver")
        ready.sender.drained(ready.receiver.name)
        assert objects(ready.receiver) == before + len(texts)
        ready.converge(texts)


@pytest.mark.parametrize("side", ["publisher", "receiver"])
@pytest.mark.parametrize("name, kind", [("write", "kill-before"), ("write", "torn"), ("fdatasync", "kill-before")])
def test_C3_killed_inside_the_write_before_the_log_is_synced(ready, side, name, kind):
    node = ready.nodes[side]
    head = newest_head(node)
    texts = call_at(ready, side, name, ".log", kind)
    node.process.wait(10)
    assert newest_head(node) == head
    before = len(ready.expected.rows()[0])
    killed(ready, side)
    if side == "publisher":
        stored = objects(node) - before
        assert stored == (len(texts) if name == "fdatasync" else 0), "absent, or the whole batch"
    ready.converge(texts)


@pytest.mark.parametrize("side", ["publisher", "receiver"])
def test_C4_killed_after_the_sync_and_before_the_acknowledgement(ready, side):
    node = ready.nodes[side]
    before = objects(node)
    texts = call_at(ready, side, "fdatasync", ".head", "kill-after")
    node.process.wait(10)
    killed(ready, side)
    there = objects(node)
    assert there == before + len(texts)
    ready.converge(texts)  # whoever was not told publishes again, or sends again: nothing is stored twice
    assert objects(node) == there


@pytest.mark.parametrize("side", ["publisher", "receiver"])
def test_C5_killed_between_the_synced_log_and_its_signed_head(ready, side):
    """Here nothing is acknowledged before its head is signed and synced, so the catalogue's moment lies before the answer."""
    node = ready.nodes[side]
    before = newest_head(node)
    texts = call_at(ready, side, "fdatasync", ".log", "kill-after")
    node.process.wait(10)
    assert newest_head(node) == before
    killed(ready, side)
    assert newest_head(node)[0] > before[0], "the records behind the old head have one now"
    assert len(texts) == len(SIZES)
    ready.converge(texts)


@pytest.mark.parametrize("side", ["publisher", "receiver"])
def test_C6_killed_between_the_head_and_its_showing(ready, side):
    """The head is in the file and no peer has seen it: the same one is shown, durable by then, and no other of its size."""
    node, shim = ready.nodes[side], ready.shims[side]
    texts = call_at(ready, side, "pwrite", ".head", "kill-after")
    node.process.wait(10)
    head = newest_head(node)
    shim.arm("record", calls=WRITE | SYNC)
    ready.start(side)
    ready.sender.session_up(ready.receiver.name)  # a peer that was shown another head of one size would refuse
    calls = [(name, path) for name, _, path in shim.calls()]
    first_record = next((i for i, (name, path) in enumerate(calls) if name == "write" and path.endswith(".log")), len(calls))
    heads = [name for name, path in calls[:first_record] if path == "store.head"]
    assert heads == ["pwrite", "fdatasync"], "not durable before anything new, or replaced"
    slots = node.dir.joinpath("store.head").read_bytes()
    assert head[1] in (slots[:4096], slots[4096:]) or newest_head(node)[0] > head[0] + 1, "another head of its size"
    ready.converge(texts)


def refused(federation, reason):
    acknowledged, done = federation.publish(fresh(10))
    return acknowledged == 0 and done.returncode == 1 and reason.encode() in done.stderr


def reads_are_served(federation, side):
    """What the node had before: all of its rows, and the bytes of one of its objects."""
    node, row = federation.nodes[side], federation.expected.rows()[0][0]
    assert node.get_raw(row["id"]) == row["text"].encode()
    assert len(node.cli("tail", "--json", check=0).stdout.splitlines()) >= 1


@pytest.mark.parametrize("side", ["publisher", "receiver"])
@pytest.mark.parametrize("kind", ["full", "quota"])
def test_D15_a_disk_or_a_quota_that_fills_in_the_middle_of_a_write(ready, side, kind):
    """Half of the log's write is taken, then nothing that needs space is: refused for now, read-only, and over by itself."""
    node, shim, texts = ready.nodes[side], ready.shims[side], fresh(*SIZES)
    shim.arm(kind, 1, calls=WRITE | CREATE | RESIZE)
    acknowledged, done = ready.publish(texts)
    if side == "publisher":
        assert acknowledged == 0 and done.returncode == 1 and b"DISK_FULL" in done.stderr, done.stderr
        assert refused(ready, "DISK_FULL")
    else:
        wait_for(lambda: node.status()["state"] == "read-only", "the receiver to refuse")
        assert acknowledged == len(texts) and ready.lag() == len(texts), "kept by the sender"
    # It tries to go on, each time in vain, without closing what it can still read.
    wait_for(lambda: shim.calls().count(("open", 0, "store")) >= 2, "attempts to go on")
    reads_are_served(ready, side)
    status, (ready_code, body) = node.status(), node.readyz()
    assert status["state"] == "read-only" and "by itself" in status["detail"], status
    assert ready_code == 503 and "DISK_FULL" in body and node.metrics()["entente_store_accepting"] == 0
    shim.disarm()
    wait_for(lambda: node.status()["state"] == "ready", "intake to go on by itself")
    assert node.metrics()["entente_store_accepting"] == 1 and node.readyz()[0] == 200
    if side == "receiver":
        ready.sender.drained(ready.receiver.name)
    ready.converge(texts)


def test_D15_a_disk_with_room_for_the_proof_and_not_for_the_opening(ready):
    """Only large writes fail: files can be made, and the tables that opening writes cannot."""
    node, shim, texts = ready.receiver, ready.shims["receiver"], fresh(*SIZES)
    shim.arm("full", 1, calls=WRITE, least_bytes=4096)
    ready.publish(texts)

    def openings():
        return len([path for _, _, path in shim.calls() if path.startswith("store/") and not path.endswith(".log")])
    wait_for(lambda: openings() >= 2, "attempts to open the store")
    for _ in range(5):
        reads_are_served(ready, "receiver")
    status = node.status()
    assert status["state"] == "read-only" and "by itself" in status["detail"], status
    shim.disarm()
    wait_for(lambda: node.status()["state"] == "ready", "intake to go on by itself")
    ready.sender.drained(node.name)
    ready.converge(texts)


@pytest.mark.parametrize("side", ["publisher", "receiver"])
def test_D15_what_a_full_disk_did_not_sync_is_shown_to_nobody(ready, side):
    """All of the group is in the log, and a power cut would take it away again: it is not there before it is durable."""
    node, shim, texts = ready.nodes[side], ready.shims[side], fresh(*SIZES)
    shim.arm("full", 1, calls=SYNC)
    acknowledged, done = ready.publish(texts)
    if side == "publisher":
        assert acknowledged == 0 and done.returncode == 1 and b"DISK_FULL" in done.stderr, done.stderr
    wait_for(lambda: len([path for _, _, path in shim.calls() if not path.endswith(".log")]) >= 2, "attempts to open the store")
    reads_are_served(ready, side)
    shown = node.cli("tail", "--json", check=0).stdout.decode()
    assert not [text for text in texts if json.loads(text)["id"] in shown]
    for text in texts:
        assert node.cli("get", json.loads(text)["id"]).returncode == 1
        assert side == "receiver" or ready.receiver.cli("get", json.loads(text)["id"]).returncode == 1
    shim.disarm()
    wait_for(lambda: node.status()["state"] == "ready", "intake to go on by itself")
    ready.sender.drained(ready.receiver.name)
    ready.converge(texts)


def test_D15_a_full_disk_is_tried_each_half_second_however_much_comes(ready):
    """Each attempt keeps readers out for a while, so commits that are refused must not make more of them."""
    shim = ready.shims["publisher"]
    shim.arm("full", 1, calls=WRITE | CREATE | RESIZE)
    ready.publish(fresh(10))
    begun = time.monotonic()
    before = shim.calls().count(("open", 0, "store"))
    for _ in range(20):
        assert refused(ready, "DISK_FULL")
    done = shim.calls().count(("open", 0, "store")) - before
    took = time.monotonic() - begun
    assert done <= took / 0.5 + 1, f"{done} attempts in {took:.1f} s"
    shim.disarm()
    wait_for(lambda: ready.sender.status()["state"] == "ready", "intake to go on by itself")
    log = ready.sender.dir / "entented.log"  # which the next test reads: it must not be one behind
    wait_for(lambda: log.read_text().rfind("takes in records again") >= log.read_text().rfind("takes in no more"), "the log")


@pytest.mark.parametrize("side", ["publisher", "receiver"])
@pytest.mark.parametrize("suffix", [".log", ".head"])
def test_D17_a_sync_that_fails_once_is_never_tried_again(ready, side, suffix):
    """The second sync of the same file would succeed, and say nothing about what the first one lost."""
    node, shim = ready.nodes[side], ready.shims[side]
    log = node.dir / "entented.log"
    before = len(log.read_text())  # a full disk of another test may stand there
    texts = call_at(ready, side, "fdatasync", suffix, "eio")
    wait_for(lambda: node.status()["state"] == "read-only", "intake to stop")
    assert "start this node again" in node.status()["detail"]
    shim.arm("record", calls=WRITE | SYNC)
    if side == "publisher":
        assert refused(ready, "STORE_IO")
    else:
        assert ready.lag() == len(texts), "not acknowledged"
    reads_are_served(ready, side)
    wait_for(lambda: "takes in no more records" in log.read_text()[before:], "the log to say so")
    assert "STORE_IO" in log.read_text()[before:] and shim.calls() == [], shim.calls()
    node.kill()
    killed(ready, side)
    ready.sender.session_up(ready.receiver.name)
    ready.converge(texts)


def test_D18_slow_syncs_make_larger_groups_and_no_storm(make_node, tmp_path):
    norlandia, estovia = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE").start()
    shim = Shim(norlandia, tmp_path / "plans")
    norlandia.start(env=shim.env)
    peer_both_ways(norlandia, estovia)
    before = norlandia.metrics()
    shim.arm("slow", 1, delay_ms=200)
    files = [bundle_file(tmp_path / f"{i}.json", [indicator(tlp="GREEN") for _ in range(40)]) for i in range(12)]
    publishers = [subprocess.Popen([ENTENTE, "publish", "--node", norlandia.dir, file, "--json"], stdout=subprocess.PIPE)
                  for file in files]
    for publisher in publishers:
        output = publisher.communicate(timeout=60)[0]
        assert publisher.returncode == 0 and json.loads(output.splitlines()[-1])["published"] == 40
    norlandia.drained(estovia.name)
    after = norlandia.metrics()
    commits, syncs = (after[name] - before[name] for name in ("entente_store_commits_total", "entente_store_syncs_total"))
    assert shim.fired and commits >= 12 and commits > 1.5 * syncs, (commits, syncs)
    sessions = 'entente_peer_sessions_total{peer="cert.estovia"}'
    assert after[sessions] == before[sessions], "the session broke"
    assert norlandia.status()["objects"] == estovia.status()["objects"] == 480
    assert norlandia.fsck()[0]["ok"] and estovia.fsck()[0]["ok"]
