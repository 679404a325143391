"""At the sizes that the project promises: 100,000 indicators of 1.5 KiB from one node to another. `./test --all` runs it."""

import importlib.util
import json
import random
import signal
import subprocess
import time

import pytest

from federation import ENTENTE, ROOT, peer_both_ways, wait_for

COUNT = 100_000
DAEMON_MIB = 300
COMMAND_MIB = 64  # of the publishing command, whatever the file holds
STOP_SECONDS = 2.0

spec = importlib.util.spec_from_file_location("node_load", ROOT / "bench/node_load.py")
node_load = importlib.util.module_from_spec(spec)
spec.loader.exec_module(node_load)


# A process begins as its parent, whose memory the kernel counts as its own peak: the parent has to be a small one.
MEASURED = """
import os, subprocess, sys
command = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(command.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def published(node, path):
    """The publish result and the peak memory of the command in MiB."""
    done = subprocess.run(["/usr/bin/python3", "-I", "-c", MEASURED, ENTENTE, "publish", "--node", node.dir, str(path), "--tlp",
                           "GREEN", "--json"], stdout=subprocess.PIPE, check=True)
    *_, result, peak_kib = done.stdout.splitlines()
    return json.loads(result), int(peak_kib) / 1024


@pytest.mark.long
def test_a_hundred_thousand_indicators_arrive_whole_in_bounded_memory(pair, tmp_path):
    norlandia, estovia = pair
    path = tmp_path / "load.json"
    node_load.generate(path, COUNT)
    small = tmp_path / "small.json"
    node_load.generate(small, 1000)
    _, command_small = published(norlandia, small)
    result, command_peak = published(norlandia, path)
    assert result["published"] == COUNT and result["permitted"] == {"cert.estovia": COUNT}
    wait_for(lambda: estovia.status()["objects"] == COUNT + 1000, "everything at Estovia", 300)
    for node in pair:
        assert node_load.peak_mib(node.daemon_pid()) < DAEMON_MIB
    assert command_peak < COMMAND_MIB and command_peak < command_small + 16, (command_small, command_peak)
    sample = random.Random(1).sample(path.read_text().split("\n"), 200)
    for line in sample:
        text = line.strip(",")
        text = text[text.index('{"type": "indicator"'):].removesuffix("]}") if "bundle" in text or text.endswith("]}") else text
        assert estovia.get_raw(json.loads(text)["id"]) == text.encode()
    finding, code = estovia.fsck()
    assert finding["ok"] and code == 0, finding


@pytest.mark.long
def test_sigterm_does_not_wait_for_a_check_of_a_large_store(pair, tmp_path):
    norlandia, _ = pair
    path = tmp_path / "load.json"
    node_load.generate(path, 40_000)
    published(norlandia, path)
    check = subprocess.Popen([ENTENTE, "fsck", "--node", norlandia.dir], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: (norlandia.dir / "store.fsck").exists() or check.poll() is not None, "the check to begin")
    assert check.poll() is None, "the check was over before the signal; publish more"
    started = time.monotonic()
    norlandia.process.send_signal(signal.SIGTERM)
    assert norlandia.process.wait(10) == 0
    assert time.monotonic() - started < STOP_SECONDS
    _, errors = check.communicate(timeout=10)
    assert check.returncode != 0 and errors
    finding, code = norlandia.fsck()
    assert finding["ok"] and code == 0, finding
