#!/usr/bin/python3
"""Makes tests/vectors/export_file.txt: files of `export`, and what damage to them is answered with.

  golden_export.py           writes the file
  golden_export.py --check   exit 1 where it would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import export_file
import vectors
from building_blocks import sha256, u32
from export_file import ENVELOPE, EPOCH, IDENTITY, LEAVE, MAGIC, PREKEY, entry, finished
from golden import damaged
from refusal import Refusal

FILE = "export_file.txt"
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden_export.py, a second implementation",
        "Licence: Apache-2.0",
        "Whole files, what each is answered with, \"ADMITTED\" or a reason, how many entries it counts and the SHA-256 of those that were given",
        "out, each as it stands in the file; behind the first its damages: cut to a size, one bit of one byte flipped, a byte behind it, twice."]
FROM, TO = sha256(b"from"), sha256(b"to")
ENTRIES = [(IDENTITY, b"a document"), (PREKEY, b"a prekey"), (ENVELOPE, b"an envelope" * 9), (ENVELOPE, b"")]
BEGIN = MAGIC + FROM + TO
FILES = [  # (name, answer, bytes)
    ("whole", "ADMITTED", export_file.write(FROM, TO, ENTRIES)),
    ("without entries", "ADMITTED", export_file.write(FROM, TO, [])),
    ("every kind", "ADMITTED", export_file.write(FROM, TO, [(kind, bytes([kind])) for kind in range(ENVELOPE, LEAVE + 1)])),
    ("kinds that are skipped", "ADMITTED", export_file.write(FROM, TO, [(128, b"x"), (EPOCH, b"y"), (255, b"z" * 300)])),
    ("kind 10", "E_PARSE", export_file.write(FROM, TO, [*ENTRIES, (10, b"x")])),
    ("kind 127", "E_PARSE", export_file.write(FROM, TO, [(127, b"x")])),
    ("another beginning", "E_PARSE", b"ENTB" + export_file.write(FROM, TO, ENTRIES)[4:]),
    ("version 2", "E_PARSE", b"ENTX\2" + export_file.write(FROM, TO, ENTRIES)[5:]),
    ("version 0", "E_PARSE", b"ENTX\0" + export_file.write(FROM, TO, ENTRIES)[5:]),
    ("nothing", "E_TRUNCATED", b""),
    ("an entry over the limit", "E_LIMIT", BEGIN + entry(IDENTITY, b"x") + b"\1" + u32((64 << 20) + 1)),
    ("a skipped entry over the limit", "E_LIMIT", BEGIN + b"\x80" + u32((64 << 20) + 1)),
    ("an entry of the limit that ends too soon", "E_TRUNCATED", BEGIN + entry(IDENTITY, b"x") + b"\1" + u32(64 << 20) + b"x"),
    ("one entry too few is counted", "E_AEAD", finished(BEGIN + entry(IDENTITY, b"x"), 0)),
    ("one entry too many is counted", "E_AEAD", finished(BEGIN + entry(IDENTITY, b"x"), 2)),
    ("a skipped entry is not counted", "E_AEAD", finished(BEGIN + entry(200, b"x"), 0)),
    ("a short end", "E_PARSE", BEGIN + b"\0" + u32(39) + bytes(39)),
    ("a long end", "E_PARSE", BEGIN + b"\0" + u32(41) + bytes(41)),
    ("another file behind it", "E_TRAILING", export_file.write(FROM, TO, ENTRIES) + export_file.write(FROM, TO, []))]


def told(data):
    """What the records say of it."""
    try:
        found = export_file.read(data)
    except Refusal as refusal:
        return {"answer": refusal.reason, "entries": "0", "given_sha256": sha256(b"")}
    return {"answer": found.fault.reason if found.fault else "ADMITTED", "entries": str(found.count),
            "given_sha256": sha256(b"".join(entry(*one) for one in found.entries))}


def damages(size):
    """(name, value): every cut; a bit of every byte."""
    for at in range(size):
        yield "cut", str(at)
    for at in range(size):
        yield "flip", f"{at} {at % 8}"
    yield "append", "1"
    yield "twice", "1"


def file_text():
    records = []
    for name, expected, data in FILES:
        record = {"name": name, "file": data, **told(data)}
        assert record["answer"] == expected, record
        records.append(record)
        for what, value in damages(len(data)) if name == "whole" else ():
            answered = told(damaged(data, what, value))
            assert answered["answer"] != "ADMITTED", (what, value)
            records.append({"damage": what, "value": value, **answered})
    return vectors.text_of(HEAD, records)


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
