"""What `export` writes and `import` reads. docs/formats/files.md, *Export file*."""

import types

from building_blocks import sha256, u32, u64
from refusal import Refusal, demand

ENVELOPE, IDENTITY, PREKEY, MEMBERSHIP, GROUP_LOG, EPOCH, REWRAP, STATEMENT, LEAVE = range(1, 10)
MAGIC, SKIPPED, MAX_ENTRY, MAX_ENTRIES = b"ENTX\1", 128, 64 << 20, 1_000_000
MOST = {2: 128 << 10, 4: 512 << 10} | dict.fromkeys((3, 5, 6, 7, 9), 8 << 10)  # of documents


def entry(kind, data):
    return bytes([kind]) + u32(len(data)) + data


def write(from_org, to_org, entries):
    """`entries`: (kind, bytes)"""
    body = MAGIC + from_org + to_org + b"".join(entry(*one) for one in entries)
    return finished(body, len(entries))


def finished(body, count):
    body += b"\0" + u32(40) + u64(count)
    return body + sha256(body)


def read(data):
    """What is in the file: `from_org`, `to_org`, `entries` as far as they are whole, `count` with those that were skipped, and `fault`,
    a Refusal, where it is not a whole file. Without a beginning there is nothing: that is raised."""
    demand(data[:5] == MAGIC[:len(data)], "E_PARSE", "no export file")
    demand(len(data) >= 69, "E_TRUNCATED", "no whole beginning")
    found = types.SimpleNamespace(from_org=data[5:37], to_org=data[37:69], entries=[], count=0, fault=None)
    try:
        read_entries(data, found)
    except Refusal as fault:
        found.fault = fault
    return found


def read_entries(data, found):
    at = 69
    while True:
        demand(len(data) >= at + 5, "E_TRUNCATED", "no end")
        kind, size, at = data[at], int.from_bytes(data[at + 1:at + 5], "big"), at + 5
        demand(kind <= LEAVE or kind >= SKIPPED, "E_PARSE", f"kind {kind}")
        demand(kind != 0 or size == 40, "E_PARSE", "an end of another length")
        demand(size <= MOST.get(kind, MAX_ENTRY), "E_LIMIT", "an entry's size")
        demand(kind == 0 or found.count < MAX_ENTRIES, "E_LIMIT", "entries")
        demand(len(data) >= at + size, "E_TRUNCATED", "an entry that ends too soon")
        if kind == 0:
            break
        found.count += 1
        if kind < SKIPPED:
            found.entries.append((kind, data[at:at + size]))
        at += size
    demand(data[at:at + 8] == u64(found.count) and data[at + 8:at + 40] == sha256(data[:at + 8]), "E_AEAD", "its digest or its count")
    demand(len(data) == at + 40, "E_TRAILING", "bytes behind the end")
