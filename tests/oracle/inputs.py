"""What the command line is given, read as if an enemy had written it: whatever a file holds, what comes of it is a value or a Refusal."""

import os
import pathlib
import re

import armour
import chain
import identity
import make
import wire
from identity import STATEMENT
from payload import MAX_CONTENT, MAX_STATEMENTS
from refusal import Refusal, demand

# The oracle holds a file whole in memory. The formats allow larger export files; those are for the node alone.
MAX_FILE = 256 << 20


def read(path):
    """NOT_FOUND and USAGE are of the command line, not of what a peer sent."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            data = file.read(MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as wrong:
        raise Refusal("NOT_FOUND", f"no file {path}") from wrong
    except (OSError, ValueError) as wrong:
        raise Refusal("USAGE", f"{path} cannot be read: {wrong}") from wrong
    demand(data is not None, "USAGE", f"{path} has nothing to read")
    demand(len(data) <= MAX_FILE, "E_LIMIT", f"{path} is larger than {MAX_FILE} bytes")
    return data


def write(path, data):
    try:
        pathlib.Path(path).write_bytes(data.encode() if isinstance(data, str) else data)
    except (OSError, ValueError) as wrong:
        raise Refusal("USAGE", f"{path} cannot be written: {wrong}") from wrong


def text(path):
    return read(path).decode("ascii", "replace")


def party(path, now):
    """All versions that a card or an armoured chain (`entente key card --chain`) has of one organisation."""
    found = text(path)
    return chain.of_chain(found, now) if armour.name_of(found) == "IDENTITY" else chain.of_card(found, now)


def documents(path):
    """The bytes of each SignedIdentity in what `party` took."""
    name = armour.name_of(text(path))
    wanted = (2, 4) if name == "CARD" else (1,)
    return [value for number, _, value in wire.fields(armour.unwrap(name, text(path))) if number in wanted]


def contents(paths):
    """Of statements of one batch."""
    found = [read(path) for path in paths]
    demand(len(found) <= MAX_STATEMENTS and all(len(one) <= MAX_CONTENT for one in found), "E_LIMIT", "contents, or the size of one")
    return found


def membership(path):
    """SignedMembership, as `entente group create --out` writes it."""
    return wire.strict(wire.SIGNED_MEMBERSHIP, armour.unwrap("MEMBERSHIP", text(path)))


class Secrets:
    """What tests/hostile/node_secrets prints: `prekeys`, prekey_id -> seed; `signers`, a key of each seed for statements."""

    def __init__(self, path):
        self.path, self.prekeys, self.signers = path, {}, []
        for line in text(path).splitlines():
            name, _, value = line.partition(" ")
            demand(re.fullmatch("(?:[0-9a-f]{2})*", value.strip()), "USAGE", f"{path} holds no secrets: {line[:40]!r}")
            self.take(name, bytes.fromhex(value.strip()))

    def take(self, name, value):
        if name.startswith("prekey/"):
            demand(re.fullmatch("prekey/[0-9a-f]{32}", name) and len(value) >= 32, "USAGE", f"{self.path}: a prekey of another form")
            self.prekeys[bytes.fromhex(name[7:])] = value[:32]
        elif name == "statement" or name.startswith("statement/"):
            demand(len(value) == 32, "USAGE", f"{self.path}: a statement key of another form")
            self.signers.append(make.Signer(value))

    def signer(self, party_, now):
        """The latest key that may sign for this organisation: identity.md, *Rotation*."""
        newest = party_.versions[-1]
        held = [(newest.keys[one.id].not_before_us, one) for one in self.signers if one.id in newest.keys and counts(party_, one, now)]
        demand(held, "E_NOKEY", f"{self.path} has no key that signs for {newest.document.name!r} now")
        return max(held, key=lambda one: one[0])[1]


def counts(party_, signer, now):
    try:
        identity.key_for(party_, signer.id, "batch.v1", now, now)
    except Refusal:
        return False
    return party_.versions[-1].keys[signer.id].usage == STATEMENT
