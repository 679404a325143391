"""A federation whose daemons meet planned faults, and what must hold behind each of them."""

import json
import pathlib

from faults import KILLS, Expected, Shim, fresh, newest_head
from federation import Node, bundle_file, peer_both_ways, wait_for


class Federation:
    """norlandia publishes to estovia; both with a shim in front of their write path, and one file of what is expected."""

    def __init__(self, norlandia, estovia, folder):
        self.nodes = {"publisher": norlandia, "receiver": estovia}
        self.sender, self.receiver = norlandia, estovia
        self.folder = pathlib.Path(folder)
        self.shims = {side: Shim(node, self.folder) for side, node in self.nodes.items()}
        self.expected = Expected(self.folder / "expected.jsonl")

    def start(self, side, **options):
        self.nodes[side].start(env=self.shims[side].env, **options)

    def publish(self, texts, options=()):
        """Publishes and writes down what was acknowledged; returns (how many, the finished command)."""
        done = self.sender.cli("publish", bundle_file(self.folder / "load.json", texts), "--json", *options)
        lines = done.stdout.decode().splitlines()
        totals = json.loads(lines[-1]) if lines else {"published": 0, "unchanged": 0}
        acknowledged = totals["published"] + totals["unchanged"]
        self.expected.add(texts, acknowledged)
        return acknowledged, done

    def lag(self):
        """What waits for the receiver; None while the sender does not say."""
        done = self.sender.cli("status", "--json")
        if done.returncode != 0:
            return None
        return next(p["lag_objects"] for p in json.loads(done.stdout)["peers"] if p["name"] == self.receiver.name)

    def converge(self, texts):
        """Everything published once more is acknowledged, arrives, and is right at both nodes."""
        acknowledged, done = self.publish(texts)
        assert done.returncode == 0 and acknowledged == len(texts), done.stderr
        self.sender.drained(self.receiver.name)
        for node in self.nodes.values():
            self.expected.check(node, read={json.loads(text)["id"] for text in texts})

    def revive(self, side):
        """Starts the node that died; it must not sign another head where it has one."""
        node = self.nodes[side]
        before = newest_head(node)
        self.shims[side].disarm()
        self.start(side)
        after = newest_head(node)
        assert after[0] >= before[0] and (after[0] > before[0] or after[1] == before[1]), "a second head of one size"
        report, _ = node.fsck()  # the first one behind a start also tells of a head that was torn and is whole again
        assert all("halves" in problem for problem in report["problems"]), report

    def settle(self, side):
        """Waits until the fault has struck or all work is done; True when it has."""
        shim = self.shims[side]
        wait_for(lambda: shim.fired or self.dead(side) or self.lag() == 0, "the fault, or the end of the work")
        return bool(shim.fired)

    def dead(self, side):
        return self.nodes[side].process.poll() is not None

    def kill(self):
        for node in self.nodes.values():
            if node.process:
                node.kill()


def make_federation(folder):
    made = Federation(Node(folder / "a", "cert.norlandia", nation="XN"),
                      Node(folder / "b", "cert.estovia", nation="XE"), folder / "plans")
    for side in made.nodes:
        made.start(side)
    peer_both_ways(*made.nodes.values())
    made.converge(fresh(10))
    return made


def made_ready(federation):
    """Both nodes up and without a plan, whatever the test before left behind."""
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
    elif kind in ("short", "slow"):
        wait_for(lambda: federation.lag() == 0, "delivery in spite of it")
        shim.disarm()
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
