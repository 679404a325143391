"""Reads and writes tests/vectors (its README.md has the format)."""

import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "vectors"


def value_of(text):
    return text[1:-1].encode() if text.startswith('"') else bytes.fromhex(text)


def read(name):
    """The records of one file: name -> bytes."""
    records, is_open = [], False
    for line in (FOLDER / name).read_text().split("\n"):
        if not line:
            is_open = False
        elif not line.startswith("#"):
            if not is_open:
                records.append({})
            is_open = True
            field, value = line.split(" = ", 1)
            assert field not in records[-1], f"{name}: {field} twice"
            records[-1][field] = value_of(value)
    assert records, name
    return records


def text_of(head, records):
    """The file's text: comment lines, then each record; str is written between quotes, bytes in hexadecimal."""
    lines = [f"# {line}" for line in head]
    for record in records:
        lines += [""] + [f"{field} = " + (value.hex() if isinstance(value, bytes) else f'"{value}"') for field, value in record.items()]
    return "\n".join(lines) + "\n"


def write_or_check(name, text):
    """What a program that makes a file does: writes it, or with --check ends with 1 where it differs."""
    if "--check" not in sys.argv:
        (FOLDER / name).write_text(text)
    elif (FOLDER / name).read_text() != text:
        sys.exit(f"tests/vectors/{name} is not what the formats give")
