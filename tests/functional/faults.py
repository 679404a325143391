"""Faults planned for real daemons, and the oracle of what they may do to what was published.

The oracle is a file outside the processes: what was published, in order, and what was acknowledged. Acknowledged means
present once, byte-equal, in order, and provable (fsck); not acknowledged means absent or present once."""

import hashlib
import json
import mmap
import os
import pathlib
import struct

from federation import TEST_BIN, indicator

SHIM = TEST_BIN / "libfault_shim.so"
# As in tests/fault/plan.h.
KINDS = {name: number for number, name in enumerate(
    ["unarmed", "record", "kill-before", "kill-after", "torn", "eio", "no-space", "full", "short", "slow", "quota"])}
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
