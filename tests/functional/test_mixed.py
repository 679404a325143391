"""Minutes of mixed load on one federation: publish, search, kill -9, a slow peer and a hostile peer, all at once.

Memory and descriptors of the daemons that live through it stay flat; what was acknowledged is at every peer once, byte for
byte. `./test --all` runs it for ENTENTE_MIXED_SECONDS (600) behind a warm-up, in which write buffers and caches fill up to their
bounds (storage/database_options.h); ENTENTE_SEED repeats one order of events."""

import json
import os
import random
import signal
import statistics
import subprocess
import threading
import time

import pytest

from federation import TEST_BIN, bundle_file, indicator, peer_both_ways

SECONDS = int(os.environ.get("ENTENTE_MIXED_SECONDS", "600"))
WARM_UP = 240.0  # seconds, however short the run is
BATCH = 200
BATCHES_PER_SECOND = 1.0
KILL_EVERY = 20.0
STALL_SECONDS, STALL_EVERY = 3.0, 4.0  # the slow peer's process rests, then reads on
MEMORY_GROWTH = 1.10
DESCRIPTOR_SLACK = 4
HOSTILITIES = ["flip-payload", "unknown-party", "replayed", "expired"]
STORE_FILES = 256  # the most that the engine is given


class Load:
    """The threads of one run. A fault in any of them ends all and is raised by finish()."""

    def __init__(self, seconds):
        self.deadline = time.monotonic() + seconds
        self.over, self.faults, self.threads = threading.Event(), [], []

    def loop(self, step, every=0.0):
        def body():
            try:
                while not self.over.is_set() and time.monotonic() < self.deadline:
                    started = time.monotonic()
                    step()
                    self.over.wait(max(0.0, every - (time.monotonic() - started)))
            except BaseException as fault:
                self.faults.append(fault)
                self.over.set()
        self.threads.append(threading.Thread(target=body))
        self.threads[-1].start()

    def finish(self):
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise self.faults[0]


class Oracle:
    """What was acknowledged, outside the processes: every version, and the text of the newest of each id."""

    def __init__(self, rng, folder):
        self.rng, self.folder, self.number = rng, folder, 0
        self.newest, self.versions, self.values, self.lock = {}, set(), [], threading.Lock()

    def next_batch(self):
        """Mostly new objects, some newer versions of old ones, some published before."""
        self.number += 1
        with self.lock:
            known = list(self.newest)
        things = [indicator(f"v{self.number}-{i}.mixed.example", tlp="GREEN", x_pad="p" * self.rng.randrange(1500))
                  for i in range(BATCH)]
        for old in self.rng.sample(known, min(len(known), 10)):
            thing = json.loads(self.newest[old])
            if self.rng.random() < 0.5:
                thing["modified"] = f"2026-02-{1 + self.number // 1440:02}T{self.number // 60 % 24:02}:{self.number % 60:02}:00.000Z"
            things.append(thing)
        return things, bundle_file(self.folder / "batch.json", things)

    def acknowledge(self, things):
        with self.lock:
            for thing in things:
                self.newest[thing["id"]] = json.dumps(thing)
                self.versions.add((thing["id"], thing["modified"]))
            self.values.append(things[0]["pattern"].split("'")[1])

    def known_value(self):
        with self.lock:
            return self.rng.choice(self.values) if self.values else None


def measures(node):
    """(RSS in KiB, descriptors that are no files of the store, files of the store). The engine keeps its files open up to
    its budget (storage/database_options.cc), so their number follows what is stored."""
    targets = []
    for fd in os.listdir(f"/proc/{node.daemon_pid()}/fd"):
        try:
            targets.append(os.readlink(f"/proc/{node.daemon_pid()}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed since
    files = sum(target.startswith(str(node.dir / "store")) for target in targets)
    return node.rss_kib(), len(targets) - files, files


def flat(samples, name):
    """Compares the first quarter behind the warm-up with the last."""
    quarter = len(samples) // 4
    parts = samples[:quarter], samples[-quarter:]
    (rss, late_rss), (fds, late_fds), (files, late_files) = (
        [statistics.median(sample[which] for sample in part) for part in parts] for which in range(3))
    print(f"{name}: RSS {rss / 1024:.1f} -> {late_rss / 1024:.1f} MiB, descriptors {fds:.0f} -> {late_fds:.0f}, "
          f"files of the store {files:.0f} -> {late_files:.0f}")
    assert late_rss <= rss * MEMORY_GROWTH, f"{name}'s memory grew"
    assert late_fds <= fds + DESCRIPTOR_SLACK, f"{name}'s descriptors grew"
    assert max(sample[2] for sample in samples) <= STORE_FILES, f"{name}'s store has too many files open"


def check_everything(node, oracle):
    rows = [json.loads(line) for line in node.cli("tail", "--json", check=0, timeout=300).stdout.splitlines()]
    there = [(row["id"], row["version"]) for row in rows if row["id"] in oracle.newest]
    assert len(there) == len(set(there)), f"{node.name}: a version is there twice"
    assert set(there) == oracle.versions, f"{node.name}: {len(oracle.versions - set(there))} acknowledged versions are missing"
    for object_id in oracle.rng.sample(sorted(oracle.newest), min(len(oracle.newest), 300)):
        assert node.get_raw(object_id) == oracle.newest[object_id].encode(), object_id
    assert node.fsck()[0] == {"ok": True, "problems": []}


@pytest.mark.long
def test_mixed_load_leaks_nothing_and_loses_nothing(make_node, tmp_path):
    seed = int(os.environ.get("ENTENTE_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {seed}: repeat with ENTENTE_SEED={seed}")
    rng = random.Random(seed)
    norlandia = make_node("cert.norlandia", nation="XN").start()
    estovia = make_node("cert.estovia", nation="XE").start()
    volt = make_node("volt-energy", nation="XN", kind="private").start()
    rogue = make_node("rogue", nation="XR")
    peer_both_ways(norlandia, estovia)
    norlandia.accept(rogue)
    peer_both_ways(norlandia, volt)
    oracle, load, samples = Oracle(rng, tmp_path), Load(WARM_UP + SECONDS), {norlandia.name: [], volt.name: []}
    refusals = []
    done = {"runs": 0, "kills": 0, "searches": 0}

    def publish():
        things, path = oracle.next_batch()
        result = norlandia.publish(path)
        assert result["published"] + result["unchanged"] == result["objects"] == len(things), result
        oracle.acknowledge(things)

    def search():
        value = oracle.known_value()
        if value:
            matches = norlandia.json("search", value)["matches"]
            assert len(matches) == 1 and matches[0]["tlp"] == "GREEN", (value, matches)
            done["searches"] += 1

    def kill():
        if not load.over.wait(rng.random() * KILL_EVERY / 2):
            estovia.kill()
            estovia.start()
            done["kills"] += 1

    def stall():
        volt.process.send_signal(signal.SIGSTOP)
        try:
            load.over.wait(STALL_SECONDS)
        finally:
            volt.process.send_signal(signal.SIGCONT)

    def attack():
        attacked = subprocess.run([TEST_BIN / "hostile_peer", rogue.dir, norlandia.card, *HOSTILITIES],
                                  capture_output=True, timeout=60)
        assert attacked.returncode == 0, attacked.stderr
        answers = [json.loads(line)["answer"] for line in attacked.stdout.splitlines()]
        assert answers == ["refused"] * len(HOSTILITIES), answers
        done["runs"] += 1
        refusals.append(norlandia.metrics())

    warm = time.monotonic() + WARM_UP

    def sample():
        if time.monotonic() < warm:
            return
        for node in (norlandia, volt):
            samples[node.name].append(measures(node))

    load.loop(publish, 1 / BATCHES_PER_SECOND)
    load.loop(search, 0.2)
    load.loop(kill, KILL_EVERY)
    load.loop(stall, STALL_EVERY)
    load.loop(attack, 2.0)
    load.loop(sample, 1.0)
    load.finish()
    print(f"{len(oracle.newest)} objects, {done}")
    norlandia.session_up("cert.estovia")
    norlandia.drained("cert.estovia", 120)
    norlandia.drained("volt-energy", 120)
    for node in (norlandia, estovia, volt):
        check_everything(node, oracle)
    for name, taken in samples.items():
        flat(taken, name)
    for reason in ("E_AEAD", "E_PARTY", "E_REPLAY", "E_TIME"):  # to the end, not only at first
        key = f'entente_rejections_total{{reason="{reason}"}}'
        assert refusals[-1][key] > refusals[len(refusals) * 3 // 4][key] > 0, reason
    assert done["kills"] > 0 and done["runs"] > 0 and done["searches"] > 0
