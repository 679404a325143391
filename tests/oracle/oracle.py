#!/usr/bin/python3
"""A second implementation of the formats, written from docs/formats and nothing of the C++: both modes, opened and made.

  oracle.py identity CARD|CHAIN
  oracle.py membership [--party CARD ...] [--at US] FILE ...
  oracle.py open --receiver CARD --secrets FILE --peer CARD [--party CARD ...] [--documents EXPORT ...] [--at US] ENVELOPE ...
  oracle.py make --author CARD --secrets FILE --owner CARD --prekey FILE [--exercise] ... --out FILE CONTENT ...
  oracle.py make --author CARD --secrets FILE --owner CARD --group GROUP --documents EXPORT [--party CARD ...] ... --out FILE CONTENT ...
                 both with [--damaged] [--at US]
  oracle.py damages [--group]
  oracle.py verify [--card CARD ...] [--at US] PROOF ...
  oracle.py pack --author CARD --owner CARD --out FILE ENVELOPE ...
  oracle.py unpack --receiver CARD --secrets FILE --peer CARD [--party CARD ...] [--documents EXPORT ...] [--at US] FILE
  oracle.py prove --author CARD --secrets FILE --audience CARD [--at US] [--exercise] --out FILE CONTENT ...

A CARD may also be what `entente key card --chain` writes. A secrets file is what tests/hostile/node_secrets prints: lines `statement SEED`
and `prekey/ID SEED...`, hexadecimal; a prekey file is a SignedBody. --documents are export files of a group's membership documents, log and
epochs, as `entente export --documents` writes them: the epochs' secrets come out of their slots with the prekeys of the secrets file.
`make --group` seals under the epoch that counts, for the members of the newest version; GROUP is a name or the first digits of an id.
`membership` checks who signed a paper of `entente group create --out`, as version 1 of its group. `verify` reads proofs of one statement, `prove`
writes FILE-0, FILE-1, ... of one batch; `pack` writes an export file with the author's documents before the envelopes, `unpack` reads one.

Prints one JSON line for each envelope, entry, paper or proof: {"ok": true, ...}, or {"ok": false, "reason": ..., "what": ...}. The exit code is
the highest of the lines':

  0   it holds
  1   a fault of the oracle itself (INTERNAL), never right
  2   the command line is wrong: a file is not there (NOT_FOUND), or cannot be used for what it is given as (USAGE); argparse prints no line
  4   it is refused; the reason is of docs/reject-reasons.md
"""

import argparse
import json
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs/formats/examples"))

import armour
import damages
import damages_live
import described
import export_file
import groups
import inputs
import make
import make_live
import make_passing
import proof
import reader
import wire
from identity import YEAR_10000
from refusal import Refusal, demand

EXITS = {"NOT_FOUND": 2, "USAGE": 2, "INTERNAL": 1}
EXERCISE = make_passing.EXERCISE[16]


def one_line(answer):
    print(json.dumps(answer), flush=True)
    return 0 if answer["ok"] else EXITS.get(answer["reason"], 4)


def verdict(act, *values):
    """What `act` answers, or the line of why it does not."""
    try:
        return act(*values)
    except Refusal as refusal:
        return one_line(described.refused(refusal))
    except Exception as wrong:  # a crash is no verdict; tests demand that nothing leads here
        return one_line({"ok": False, "reason": "INTERNAL", "what": f"{type(wrong).__name__}: {wrong}"})


def attempt(act, *values):
    """The line of one thing of several."""
    return verdict(lambda: one_line(act(*values)))


def worst(codes):
    return max(codes, default=0)


def parties(cards, now):
    return [inputs.party(card, now) for card in cards]


def reader_of(options, now):
    made = reader.Reader(inputs.party(options.receiver, now), inputs.party(options.peer, now), parties(options.party, now),
                         inputs.Secrets(options.secrets).prekeys, now)
    for path in options.documents:
        made.take_documents(inputs.read(path))
    return made


def open_all(options, now):
    here = reader_of(options, now)
    return worst([attempt(lambda path: described.envelope(*here.open(inputs.read(path))), path) for path in options.envelopes])


def unpack(options, now):
    """Every entry of an export file, as if a session with the peer had brought it."""
    here, found = reader_of(options, now), export_file.read(inputs.read(options.file))
    codes = [one_line(said) for said in here.take_file(found.entries)]
    ends = {"ok": found.fault is None, "reason": found.fault.reason if found.fault else "", "from": found.from_org.hex(),
            "to": found.to_org.hex(), "entries": found.count}
    return worst([*codes, one_line(ends)])


def pack(options, now):
    author, owner = inputs.party(options.author, now), inputs.party(options.owner, now)
    entries = [(export_file.IDENTITY, one) for one in inputs.documents(options.author)]
    entries += [(export_file.ENVELOPE, inputs.read(path)) for path in options.envelopes]
    inputs.write(options.out, export_file.write(author.org, owner.org, entries))
    return one_line({"ok": True, "out": options.out})


def destination(options, author, owner, secrets, now):
    """Whom `make` seals to."""
    if options.group is None:
        demand(options.prekey, "USAGE", "make needs --prekey, or --group with --documents")
        prekey = wire.strict(wire.SIGNED_BODY, inputs.read(options.prekey))
        return make_live.ToPrekey(author, owner, prekey, EXERCISE if options.exercise else "", now)
    demand(not options.prekey and not options.exercise, "USAGE", "a group's envelopes have no prekey, and the exercise of the group")
    here = reader.Reader(author, owner, parties(options.party, now), secrets.prekeys, now)
    for path in options.documents:
        here.take_documents(inputs.read(path))
    return make_live.ToEpoch(author, owner, here.group(options.group), now)


def make_one(options, now):
    author, owner, secrets = inputs.party(options.author, now), inputs.party(options.owner, now), inputs.Secrets(options.secrets)
    to, signer = destination(options, author, owner, secrets, now), secrets.signer(author, now)
    contents = inputs.contents(options.contents)
    inputs.write(options.out, to.sealed(signer, contents, now))
    for name, damage in to.table.items() if options.damaged else ():
        inputs.write(f"{options.out}-{name}", to.sealed(signer, contents, now, damage.bend(to.scene())))
    return one_line({"ok": True, "out": options.out})


def verify_all(options, now):
    known = {one.org: one for one in parties(options.card, now)}

    def verify(path):
        return described.statement_alone(proof.check(proof.read(inputs.text(path)), known, now))

    return worst([attempt(verify, path) for path in options.proofs])


def prove(options, now):
    author, audience = inputs.party(options.author, now), inputs.party(options.audience, now)
    signer = inputs.Secrets(options.secrets).signer(author, now)
    maker = make.Author(author, signer, now, exercise=options.exercise)
    constraints = make_passing.EXERCISE if options.exercise else make.GREEN
    passed = make_passing.Passed(maker, inputs.contents(options.contents), [audience], constraints)
    for place in range(len(options.contents)):
        inputs.write(f"{options.out}-{place}", armour.wrap("STATEMENT", passed.proof(place)))
    return one_line({"ok": True, "out": options.out})


def show_identity(options, now):
    return one_line(described.party(inputs.party(options.card, now)))


def check_memberships(options, now):
    known = {one.org: one for one in parties(options.party, now)}

    def check(path):
        group = groups.Group(known)
        group.take_document(inputs.membership(path), now)
        return described.membership(group.announced[0])

    return worst([attempt(check, path) for path in options.papers])


def list_damages(options, _now):
    for name, damage in (damages_live if options.group else damages).TABLE.items():
        one_line({"ok": True, "name": name, "reason": damage.reason})
    return 0


def moment(text):
    value = int(text)
    if not 0 < value < YEAR_10000:
        raise argparse.ArgumentTypeError("a time between 1970 and the year 10000, in microseconds")
    return value


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)

    def command(name, act, *words, lists=(), switches=(), **more):
        sub = commands.add_parser(name)
        sub.set_defaults(act=act)
        sub.add_argument("--at", type=moment, help="microseconds since 1970; now when absent")
        for word in words:
            sub.add_argument(word, required=True) if word.startswith("--") else sub.add_argument(word, **more)
        for word in lists:
            sub.add_argument(word, action="append", default=[])
        for word in switches:
            sub.add_argument(word, action="store_true")
        return sub

    of_groups, who_reads = ("--party", "--documents"), ("--receiver", "--secrets", "--peer")
    command("identity", show_identity, "card")
    command("membership", check_memberships, "papers", nargs="+", lists=["--party"])
    command("damages", list_damages, switches=["--group"])
    command("open", open_all, *who_reads, "envelopes", nargs="+", lists=of_groups)
    maker = command("make", make_one, "--author", "--secrets", "--owner", "--out", "contents", nargs="+", lists=of_groups,
                    switches=["--damaged", "--exercise"])
    maker.add_argument("--prekey")
    maker.add_argument("--group")
    command("unpack", unpack, *who_reads, "file", lists=of_groups)
    command("pack", pack, "--author", "--owner", "--out", "envelopes", nargs="+")
    command("verify", verify_all, "proofs", nargs="+", lists=["--card"])
    command("prove", prove, "--author", "--secrets", "--audience", "--out", "contents", nargs="+", switches=["--exercise"])
    return parser.parse_args()


def main():
    options = arguments()
    now = options.at if options.at is not None else time.time_ns() // 1000
    sys.exit(verdict(options.act, options, now))


if __name__ == "__main__":
    main()
