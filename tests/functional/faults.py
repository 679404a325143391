"""Faults planned for real daemons, and the oracle of what they may do to what was published.

The oracle is a file outside the processes: what was published, in order, and what was acknowledged. Acknowledged means
present once, byte-equal, in order, and provable (fsck); not acknowledged means absent or present once."""

import hashlib
import json
import mmap
import os
import pathlib
import struct

from federation import TEST_BIN, bundle_file, indicator, wait_for

SHIM = TEST_BIN / "libfault_shim.so"
# As in tests/fault/plan.h.
KINDS = {name: number for number, name in enumerate(
    ["unarmed", "record", "kill-before", "kill-after", "torn", "eio", "no-space", "full", "short", "slow"])}
KILLS = ("kill-before", "kill-after", "torn")
WRITE, SYNC, CREATE, RENAME, UNLINK, RESIZE, SPACE, RECEIVE = (1 << i for i in range(8))
WRITE_PATH = WRITE | SYNC | CREATE | RENAME | UNLINK | RESIZE | SPACE
FIELDS = struct.Struct("<7q32s")


class Shim:
    """The plan for one daemon and what came of it; `env` goes to Node.start."""

    def __init__(self, node, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{node.name}.calls"
        path = self.folder / f"{node.name}.plan"
        path.write_bytes(bytes(FIELDS.size))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), FIELDS.size)
        self.env = {"LD_PRELOAD": str(SHIM), "ENTENTE_FAULT_ROOT": str(node.dir.resolve()),
                    "ENTENTE_FAULT_CONTROL": str(path), "ENTENTE_FAULT_LOG": str(self.log)}

    def arm(self, kind, at=1, calls=WRITE_PATH, suffix="", delay_ms=0, least_bytes=0):
        """Counts anew from now on; the `at`-th of `calls` on a path that ends in `suffix` meets `kind`."""
        self.disarm()
        self.log.write_text("")
        self.map[8:] = FIELDS.pack(0, calls, at, 0, 0, delay_ms, least_bytes, suffix.encode())[8:]
        self.map[:8] = struct.pack("<q", KINDS[kind])  # last: from here on it counts

    def disarm(self):
        self.map[:8] = bytes(8)

    @property
    def count(self):
        return struct.unpack_from("<q", self.map, 3 * 8)[0]

    @property
    def fired(self):
        return struct.unpack_from("<q", self.map, 4 * 8)[0]

    def calls(self):
        """[(name, bytes, path)] of what was counted since arm."""
        rows = [line.split(" ", 3) for line in self.log.read_text().splitlines()]
        return [(name, int(size), path) for _, name, size, path in rows]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7f) << shift, shift + 7, at + 1
        if not byte & 0x80:
            return value, at


def newest_head(node):
    """(sequence, the whole slot) of the newest head in the node's head file (docs/formats/journal.md)."""
    found = (-1, b"")
    for slot in (node.dir.joinpath("store.head").read_bytes()[i:i + 4096] for i in (0, 4096)):
        if hashlib.sha256(slot[:4064]).digest() != slot[4064:]:
            continue  # torn
        at, sequence, end = 10, 0, 10 + int.from_bytes(slot[8:10], "big")
        while at < end:
            tag, at = varint(slot, at)
            value, at = varint(slot, at)
            if tag & 7 == 2:
                at += value
            elif tag >> 3 == 3:
                sequence = value
        found = max(found, (sequence, slot))
    return found


class Expected:
    """The file of what was published, in order. One line each: the object's exact text, and whether it was acknowledged."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.touch()

    def add(self, texts, acknowledged):
        with open(self.path, "a") as file:
            for i, text in enumerate(texts):
                file.write(json.dumps({"id": json.loads(text)["id"], "text": text, "acked": i < acknowledged}) + "\n")

    def rows(self):
        """The last word on each id, in the order in which the ids were acknowledged first."""
        acked, open_ = {}, {}
        for line in self.path.read_text().splitlines():
            row = json.loads(line)
            if row["acked"]:
                acked.setdefault(row["id"], row)
            else:
                open_[row["id"]] = row
        return list(acked.values()), [row for name, row in open_.items() if name not in acked]

    def check(self, node, read=()):
        """The rule, at `node`: the ids of everything, the bytes of the ids in `read`."""
        acked, others = self.rows()
        there = [json.loads(line)["id"] for line in node.cli("tail", "--json", check=0).stdout.splitlines()]
        assert len(there) == len(set(there)), "an object is there twice"
        wanted = [row["id"] for row in acked]
        assert set(there) <= set(wanted) | {row["id"] for row in others}, "an object that nobody published"
        assert not set(wanted) - set(there), f"{len(set(wanted) - set(there))} acknowledged objects are missing"
        assert [name for name in there if name in set(wanted)] == wanted, "out of order"
        for row in acked + others:
            if row["id"] in read and row["id"] in there:
                assert node.get_raw(row["id"]) == row["text"].encode(), f"{row['id']} has other bytes"
        report, code = node.fsck()
        assert code == 0 and report["ok"], report


def fresh(*sizes):
    """Exact texts of new indicators, each about `size` bytes longer than the shortest."""
    return [json.dumps(indicator(tlp="GREEN", x_pad="p" * size)) for size in sizes]


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
