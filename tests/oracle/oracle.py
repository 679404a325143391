#!/usr/bin/python3
"""A second implementation of the formats, written from docs/formats and nothing of the C++. The command line has direct mode.

  oracle.py identity CARD
  oracle.py open --receiver CARD --secrets FILE --peer CARD [--party CARD ...] [--at US] ENVELOPE ...
  oracle.py make --author CARD --secrets FILE --owner CARD --prekey FILE [--at US] [--exercise] [--damaged] --out FILE CONTENT ...
  oracle.py damages
  oracle.py verify [--card CARD ...] [--at US] PROOF ...
  oracle.py pack --author CARD --owner CARD --out FILE ENVELOPE ...
  oracle.py unpack --receiver CARD --secrets FILE --peer CARD [--at US] FILE
  oracle.py prove --author CARD --secrets FILE --audience CARD [--at US] [--exercise] --out FILE CONTENT ...

A secrets file is what tests/hostile/node_secrets prints: lines `statement SEED` and `prekey/ID SEED...`, hexadecimal; a prekey file is
a SignedBody. `verify` reads proofs of one
statement, `prove` writes FILE-0, FILE-1, ... of one batch; `pack` writes an export file with the author's documents before the envelopes,
`unpack` reads one. Prints one JSON line for each envelope, entry or proof: {"ok": true, ...}, or {"ok": false, "reason": "E_..."} and exit 4.
"""

import argparse
import hashlib
import json
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs/formats/examples"))

import armour
import chain
import damages
import envelope
import export_file
import identity
import make
import make_passing
import proof
import statements
import wire
from refusal import Refusal, demand


def read(path):
    return pathlib.Path(path).read_bytes()


def read_identity(path, now):
    demand(len(read(path)) <= armour.LIMITS["CARD"], "E_IDENTITY", "a card's size")
    return chain.of_card(read(path).decode("ascii", "replace"), now)


def read_secrets(path):
    """(prekey_id -> seed, seed of the statement key or None)"""
    prekeys, statement = {}, None
    for line in read(path).decode().splitlines():
        name, value = line.split()
        if name.startswith("prekey/"):
            prekeys[bytes.fromhex(name[7:])] = bytes.fromhex(value)[:32]
        elif name == "statement":
            statement = bytes.fromhex(value)
    return prekeys, statement


def one_line(answer):
    print(json.dumps(answer), flush=True)
    return 0 if answer["ok"] else 4


def refused(refusal):
    return {"ok": False, "reason": refusal.reason, "what": refusal.what}


class Receiver:
    """Who opens envelopes of one peer."""

    def __init__(self, options, now, more=()):
        self.now, self.me, self.peer = now, read_identity(options.receiver, now), read_identity(options.peer, now)
        self.parties = {one.org: one for one in (self.me, self.peer, *(read_identity(card, now) for card in more))}
        self.seeds = read_secrets(options.secrets)[0]

    def open(self, wire_bytes):
        opened = envelope.open_envelope(wire_bytes, self.me.org, self.seeds, self.now)
        said = statements.verify(opened, self.parties, self.peer.org, self.me.org, self.now)
        return {"ok": True, "env_id": opened.env_id.hex(), "expires_hour": opened.expires_hour, "sealer": said.seal.org_id.hex(),
                "origin": said.batch.origin.hex(), "batch_id": said.batch_id.hex(), "batch_size": said.batch.size,
                "statements": [describe(*row) for row in zip(said.ids, said.bodies, said.entries)]}


def attempt(act, *values):
    try:
        return one_line(act(*values))
    except Refusal as refusal:
        return one_line(refused(refusal))


def open_all(options, now):
    receiver = Receiver(options, now, options.party)
    return max(attempt(receiver.open, read(path)) for path in options.envelopes)


def unpack(options, now):
    """Every entry of an export file, as if a session with the peer had brought it."""
    receiver, found = Receiver(options, now), export_file.read(read(options.file))

    def take(kind, data):
        if kind == export_file.ENVELOPE:
            return {"kind": kind, **receiver.open(data)}
        if kind == export_file.IDENTITY:
            document = wire.strict(wire.SIGNED_IDENTITY, data).document
            demand(document in [version.bytes for version in receiver.peer.versions], "E_IDENTITY", "not a document of its writer's card")
        return {"kind": kind, "ok": True}

    worst = max([attempt(take, *one) for one in found.entries], default=0)
    ends = {"ok": found.fault is None, "reason": found.fault.reason if found.fault else "", "from": found.from_org.hex(),
            "to": found.to_org.hex(), "entries": found.count}
    return max(worst, one_line(ends))


def pack(options, now):
    author, owner = read_identity(options.author, now), read_identity(options.owner, now)
    documents = [signed for number, _, signed in wire.fields(armour.unwrap("CARD", read(options.author).decode())) if number in (2, 4)]
    entries = [(export_file.IDENTITY, one) for one in documents] + [(export_file.ENVELOPE, read(path)) for path in options.envelopes]
    pathlib.Path(options.out).write_bytes(export_file.write(author.org, owner.org, entries))
    return one_line({"ok": True, "out": options.out})


def describe(one, body, entry):
    constraints = {name: value.hex() if isinstance(value, bytes) else value for name, value in vars(body.constraints).items()
                   if name != "addressees"}
    return {"id": one.hex(), "sequence": body.sequence, "stream": body.stream_id.hex(), "label": body.constraints.label,
            "constraints": constraints, "addressees": [org.hex() for org in body.constraints.addressees],
            "audience": [org.hex() for org in body.audience], "content_sha256": hashlib.sha256(entry.content).hexdigest(),
            "content": entry.content.decode(errors="replace")}


def make_one(options, now):
    author, owner = read_identity(options.author, now), read_identity(options.owner, now)
    prekey = identity.check_prekey(owner, wire.strict(wire.SIGNED_BODY, read(options.prekey)), now)
    signer = make.Signer(read_secrets(options.secrets)[1])
    contents = [read(path) for path in options.contents]
    constraints = {**make.GREEN, **({16: "exercise-of-the-oracle"} if options.exercise else {})}

    def write(path, bend):
        made = make.Author(author, signer, now, bend=bend, exercise=options.exercise).envelope(
            contents, [owner.org], [(owner.org, prekey.prekey_id, prekey.public_key)], constraints)
        pathlib.Path(path).write_bytes(made)

    write(options.out, make.straight)
    for name, damage in damages.TABLE.items() if options.damaged else ():
        write(f"{options.out}-{name}", damage.bend(damages.Scene(author, owner)))
    return one_line({"ok": True, "out": options.out})


def verify_all(options, now):
    parties = {one.org: one for one in (read_identity(card, now) for card in options.card)}

    def verify(text):
        said = proof.check(proof.read(text.decode("ascii", "replace")), parties, now)
        return {"ok": True, "origin": said.batch.origin.hex(), "content_shown": said.content_shown,
                "cosigners": [org.hex() for org in said.cosigners], "hops": [hop.org_id.hex() for hop in said.hops],
                **describe(said.ids[0], said.bodies[0], said.entries[0])}

    return max(attempt(verify, read(path)) for path in options.proofs)


def prove(options, now):
    author, reader = read_identity(options.author, now), read_identity(options.audience, now)
    maker = make.Author(author, make.Signer(read_secrets(options.secrets)[1]), now, exercise=options.exercise)
    constraints = make_passing.EXERCISE if options.exercise else make.GREEN
    passed = make_passing.Passed(maker, [read(path) for path in options.contents], [reader], constraints)
    for place in range(len(options.contents)):
        pathlib.Path(f"{options.out}-{place}").write_text(armour.wrap("STATEMENT", passed.proof(place)))
    return one_line({"ok": True, "out": options.out})


def show_identity(options, now):
    found = read_identity(options.card, now)
    return one_line({"ok": True, "org_id": found.org.hex(), "identity_hash": found.hash.hex(), "name": found.name,
                     "keys": [key.hex() for key in found.keys]})


def list_damages(_options, _now):
    for name, damage in damages.TABLE.items():
        one_line({"ok": True, "name": name, "reason": damage.reason})
    return 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)

    def command(name, act, *words, **more):
        sub = commands.add_parser(name)
        sub.set_defaults(act=act)
        sub.add_argument("--at", type=int, help="microseconds since 1970; now when absent")
        for word in words:
            sub.add_argument(word, required=True) if word.startswith("--") else sub.add_argument(word, **more)
        return sub

    command("identity", show_identity, "card")
    command("damages", list_damages)
    opener = command("open", open_all, "--receiver", "--secrets", "--peer", "envelopes", nargs="+")
    opener.add_argument("--party", action="append", default=[])
    maker = command("make", make_one, "--author", "--secrets", "--owner", "--prekey", "--out", "contents", nargs="+")
    maker.add_argument("--damaged", action="store_true", help="also one FILE-NAME for each damage")
    maker.add_argument("--exercise", action="store_true")
    command("unpack", unpack, "--receiver", "--secrets", "--peer", "file")
    command("pack", pack, "--author", "--owner", "--out", "envelopes", nargs="+")
    command("verify", verify_all, "proofs", nargs="+").add_argument("--card", action="append", default=[])
    command("prove", prove, "--author", "--secrets", "--audience", "--out", "contents", nargs="+").add_argument(
        "--exercise", action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    now = options.at if options.at is not None else time.time_ns() // 1000
    try:
        sys.exit(options.act(options, now))
    except Refusal as refusal:
        sys.exit(one_line(refused(refusal)))


if __name__ == "__main__":
    main()
