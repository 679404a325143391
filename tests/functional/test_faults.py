"""Every call on the write path of one publish and of one admission goes wrong once, in every way, in real daemons.

faults.py has the rule that must hold, docs/development.md how to run one of these by hand."""

import json
import os
import random

import pytest

from faults import KILLS, Federation, fresh
from federation import Node, peer_both_ways, wait_for

SIZES = (10, 70_000, 3_000)  # of one publish: small, larger than a block of the log and than what lies in blob files, small
# What one publish and one admission cost at least: space, space, log, sync, head, sync; a publish also the peer's answer.
LEAST_CALLS = {"publisher": 12, "receiver": 6}
SEEDS = int(os.environ.get("ENTENTE_FAULT_SEEDS", "1000"))


@pytest.fixture(scope="module")
def federation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    made = Federation(Node(folder / "a", "cert.norlandia", nation="XN"),
                      Node(folder / "b", "cert.estovia", nation="XE"), folder / "plans")
    for side in made.nodes:
        made.start(side)
    peer_both_ways(*made.nodes.values())
    made.converge(fresh(10))
    yield made
    for node in made.nodes.values():
        node.kill()


@pytest.fixture
def ready(federation):
    """The federation, both nodes up and without a plan, whatever the test before left behind."""
    for side, node in federation.nodes.items():
        federation.shims[side].disarm()
        if federation.dead(side) or node.status()["state"] != "ready":
            node.kill()
            federation.start(side)
    federation.sender.session_up(federation.receiver.name)
    federation.sender.drained(federation.receiver.name)
    return federation


def strike(federation, side, kind, at, texts, **plan):
    """One publish with one fault in it, and everything that must hold behind it. False when there was no such call."""
    shim, node = federation.shims[side], federation.nodes[side]
    shim.arm(kind, at, **plan)
    acknowledged, done = federation.publish(texts)
    if not federation.settle(side):
        shim.disarm()
        return False
    if kind in KILLS:
        node.process.wait(10)
        federation.revive(side)
    elif kind == "short":
        wait_for(lambda: federation.lag() == 0, "delivery in spite of short writes")
        assert done.returncode == 0 and acknowledged == len(texts)
    else:
        after_failure(federation, side, kind, acknowledged, texts)
    federation.sender.session_up(federation.receiver.name)
    federation.expected.check(node)
    federation.converge(texts)
    return True


def after_failure(federation, side, kind, acknowledged, texts):
    """A call has failed. Reads are served; only what cannot be trusted any more needs a new start."""
    shim, node = federation.shims[side], federation.nodes[side]
    for text in texts[:acknowledged]:
        assert federation.sender.get_raw(json.loads(text)["id"]) == text.encode()
    if kind != "eio":
        shim.disarm()  # there is space again, and nobody told the node
        wait_for(lambda: node.status()["state"] == "ready", "intake to go on by itself")
        return
    shim.disarm()
    if (status := node.status())["state"] == "ready":  # the question for space alone had failed
        return
    assert status["state"] == "read-only" and "start this node again" in status["detail"], status
    node.kill()
    federation.revive(side)


@pytest.mark.parametrize("kind", ["kill-before", "kill-after", "torn", "eio", "no-space", "full", "short"])
@pytest.mark.parametrize("side", ["publisher", "receiver"])
def test_every_call_of_the_write_path(ready, side, kind):
    at = 0
    calls = []
    while at < 40:
        at += 1
        ready.shims[side].arm("record")
        struck = strike(ready, side, kind, at, fresh(*SIZES))
        calls = ready.shims[side].calls()
        print(at, kind, "struck" if struck else "not", calls[at - 1] if len(calls) >= at else "no such call")
        if len(calls) < at:
            break
    assert at > LEAST_CALLS[side], "the publish was over before what it must at least write"
