"""kill -9 of publisher or receiver at random moments under load: acknowledged means present, once, byte-equal.

The oracle is outside the processes: the objects this test made, and the counts that publish printed."""

import json
import os
import random
import subprocess
import time

import pytest

from federation import ENTENTE, bundle_file, indicator, wait_for

ROUNDS = int(os.environ.get("ENTENTE_KILLS", "20"))
OBJECTS = 1500


def start_publish(node, path):
    return subprocess.Popen([ENTENTE, "publish", "--node", node.dir, str(path), "--json"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)


def acknowledged(publisher):
    output = publisher.communicate(timeout=60)[0].decode().splitlines()
    result = json.loads(output[-1]) if output else {"objects": 0, "published": 0, "unchanged": 0}
    return result["published"] + result["unchanged"]


def check_prefix(node, things, count):
    """The first `count` objects of the file are at the node, byte for byte; each once."""
    rows = [json.loads(line) for line in node.cli("tail", "--json", check=0).stdout.splitlines()]
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids)), "an object is there twice"
    missing = {thing["id"] for thing in things[:count]} - set(ids)
    assert not missing, f"{len(missing)} of {count} acknowledged objects are missing"
    for thing in random.sample(things[:count], min(count, 5)):
        assert node.get_raw(thing["id"]) == json.dumps(thing).encode()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_kill_under_load(pair, tmp_path, number):
    seed = random.SystemRandom().randrange(1 << 32) if "ENTENTE_SEED" not in os.environ else int(os.environ["ENTENTE_SEED"])
    print(f"seed {seed}: repeat with ENTENTE_SEED={seed}")
    rng = random.Random(seed)
    norlandia, estovia = pair
    victim = norlandia if number % 2 == 0 else estovia
    things = [indicator(tlp="GREEN", x_pad="p" * rng.randrange(2000)) for _ in range(OBJECTS)]
    path = bundle_file(tmp_path / "load.json", things)
    publisher = start_publish(norlandia, path)
    moment = rng.random() * 0.35
    deadline = time.monotonic() + moment  # the random moment is the point of this test; nothing waits for it to be enough
    while time.monotonic() < deadline and publisher.poll() is None:
        pass
    victim.kill()
    count = acknowledged(publisher)
    started = time.monotonic()
    victim.start()
    assert time.monotonic() - started < 2.0, "restart took too long"
    assert victim.fsck()[0] == {"ok": True, "problems": []}
    check_prefix(norlandia, things, count)
    norlandia.session_up("cert.estovia")
    done = norlandia.publish(path)
    assert done["published"] + done["unchanged"] == OBJECTS
    norlandia.drained("cert.estovia")
    check_prefix(estovia, things, OBJECTS)
    for node in (norlandia, estovia):
        assert node.status()["objects"] == OBJECTS
        assert node.fsck()[0]["ok"]
