#!/usr/bin/python3
"""Whole-node load: publishes N generated indicators of 1.5 KiB at one node, counts durable admission at another, and prints
the figures beside the machine's own limits, measured in the same run.

  bench/node_load.py [--count 100000] [--json]
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/functional"))
from federation import BIN, ENTENTE, Node, peer_both_ways  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def generate(path, count, size=1536):
    """A bundle of `count` indicators of `size` bytes; the same for the same count."""
    rng = random.Random(count)
    with open(path, "w") as out:
        out.write('{"type":"bundle","id":"bundle--%s","objects":[' % uuid.UUID(int=rng.getrandbits(128), version=4))
        for i in range(count):
            object_id = uuid.UUID(int=rng.getrandbits(128), version=4)
            thing = {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{object_id}",
                     "created": "2026-01-02T03:04:05.678Z", "modified": "2026-01-02T03:04:05.678Z",
                     "name": f"load {i}", "pattern": f"[domain-name:value = 'h{i}.load.example']",
                     "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "description": ""}
            thing["description"] = "d" * (size - len(json.dumps(thing)))
            out.write((",\n" if i else "") + json.dumps(thing))
        out.write("]}")


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def machine_limits():
    program = BIN.parent / "bench/machine_limits"
    done = subprocess.run([program, "--benchmark_format=json", "--benchmark_min_time=0.5"], capture_output=True, check=True)
    rows = {row["name"].split("/")[0]: row for row in json.loads(done.stdout)["benchmarks"]}
    return {
        "verify_per_second": rows["Ed25519Verify"]["verify_per_second"],
        "sha256_gb_per_second": rows["Sha256"]["bytes_per_second"] / 1e9,
        "aead_gb_per_second": rows["PayloadOpen"]["bytes_per_second"] / 1e9,
        "rocksdb_synced_batches_of_256_per_second": rows["RocksDbSyncedBatch"]["records_per_second"] / 256,
        "grpc_batches_of_256_per_second": rows["GrpcStream"]["batches_per_second"],
    }


def load(count):
    with tempfile.TemporaryDirectory(prefix="entente-load-") as name:
        folder = pathlib.Path(name)
        path = folder / "load.json"
        generate(path, count)
        a = Node(folder / "a", "cert.norlandia", nation="XN").start()
        b = Node(folder / "b", "cert.estovia", nation="XE").start()
        try:
            peer_both_ways(a, b)
            before = {node.name: cpu_seconds(node.daemon_pid()) for node in (a, b)}
            started = time.monotonic()
            publisher = subprocess.Popen([ENTENTE, "publish", "--node", a.dir, str(path), "--tlp", "GREEN", "--json"],
                                         stdout=subprocess.PIPE)
            _, status, usage = os.wait4(publisher.pid, 0)
            published = time.monotonic() - started
            result = json.loads(publisher.stdout.read().splitlines()[-1])
            assert status == 0 and result["published"] == count, result
            while b.status()["objects"] < count:
                if time.monotonic() - started > 600:
                    raise SystemExit("gave up after 600 s")
            durable = time.monotonic() - started
            figures = {"indicators": count, "bytes_each": path.stat().st_size // count,
                       "published_seconds": published, "durable_at_peer_seconds": durable,
                       "indicators_per_second": count / durable, "publish_command_peak_mib": usage.ru_maxrss / 1024,
                       "publish_command_cpu_us_per_indicator": (usage.ru_utime + usage.ru_stime) / count * 1e6}
            for node in (a, b):
                over = [key for key, times in node.metrics().items() if "over_budget_total" in key and times]
                assert not over, f"{node.name} found an honest peer {over}"
                figures[f"{node.name}_cpu_us_per_indicator"] = (cpu_seconds(node.daemon_pid()) - before[node.name]) / count * 1e6
                figures[f"{node.name}_peak_mib"] = peak_mib(node.daemon_pid())
            return figures
        finally:
            a.stop()
            b.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = {"load": load(options.count), "limits": machine_limits()}
    if options.json:
        print(json.dumps(figures))
        return
    for title, group in figures.items():
        print(title)
        for key, value in group.items():
            print(f"  {key:45} {value:14,.1f}")


if __name__ == "__main__":
    main()
