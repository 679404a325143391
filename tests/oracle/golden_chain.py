#!/usr/bin/python3
"""Makes tests/vectors/identity_chain.txt: a chain of four identity documents, and bad variants of its versions 2 to 4.

  golden_chain.py           writes the file
  golden_chain.py --check   exit 1 where it would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import chain
import make
import vectors
import wire
from building_blocks import labelled_hash, message, sha256
from chain import ADMIN, COMPROMISED, SUPERSEDED
from golden_identity import NOW as T0, Draft, signer
from identity import DAY, ROOT, STATEMENT
from refusal import Refusal

FILE = "identity_chain.txt"
NOW = T0 + 30 * DAY
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden_chain.py, a second implementation", "Licence: Apache-2.0",
        "First four versions, as they arrive at now_us one after the other: a new statement key beside the old one, three roots of which two",
        "sign instead of one, a stolen statement key. Then variants of one of them, each to be taken behind the versions before it."]

A, B, C, D = (signer(f"chain root {name}", ROOT) for name in "ABCD")
S1, S2, S3 = (signer(f"chain statement {i}", STATEMENT) for i in (1, 2, 3))
ADMIN_KEY, STRANGER = signer("chain admin", ADMIN), signer("chain stranger", ROOT)
A_AGAIN = signer("chain root A", STATEMENT)
LIFE = {ROOT: 730, STATEMENT: 90, ADMIN: 90}
BEGAN = {key.id: T0 + day * DAY for day, keys in ((0, (A, S1)), (1, (S2,)), (16, (B, C, D, ADMIN_KEY, A_AGAIN)), (20, (S3,)), (0, (STRANGER,)))
         for key in keys}


def entry(key):
    begin, days = BEGAN[key.id], 365 if key is S1 else LIFE[key.usage]
    return {1: key.id, 2: key.usage, 3: key.public, 4: begin, 5: begin + days * DAY}


def revocation(key, reason, day, log=False):
    cutoff = {4: message((1, "entente.example/" + sha256(b"log").hex()), (2, 5), (3, sha256(b"r")))} if log else {}
    return {1: key.id, 2: reason, 3: T0 + day * DAY, **cutoff}


class Version(Draft):
    """One version, ready to be bent; `revocations` are encoded last."""

    def __init__(self, number, before, day, roots, threshold, keys, signers, revocations=()):
        super().__init__()
        self.roots, self.keys, self.signers = [entry(key) for key in roots], [entry(key) for key in keys], list(signers)
        self.revocations = list(revocations)
        self.fields = {2: number, 5: threshold, 7: b"\1", 8: 1, 9: T0 + 730 * DAY, 10: "cert.norlandia"}
        if number > 1:
            self.fields.update({1: labelled_hash("entente/1/org", before[0]), 3: labelled_hash("entente/1/idoc", before[-1]),
                                11: T0 + day * DAY})

    def signed(self):
        self.fields.update({12: [make.encoded(one) for one in self.revocations]})
        return super().signed()


def version(number, before):
    return [lambda: Version(1, before, 0, [A], 1, [S1], [A, S1]),
            lambda: Version(2, before, 1, [A], 1, [S1, S2], [A, S2], [revocation(S1, SUPERSEDED, 15)]),
            lambda: Version(3, before, 16, [B, C, D], 2, [S2, ADMIN_KEY], [A, B, C, D, ADMIN_KEY], [revocation(A, SUPERSEDED, 16)]),
            lambda: Version(4, before, 20, [B, C, D], 2, [S3, ADMIN_KEY], [B, D, S3], [revocation(S2, COMPROMISED, 18, log=True)]),
            ][number - 1]()


VARIANTS = []  # (name, version, reason, bend)


def bad(number, name, bend, reason="E_IDCHAIN"):
    VARIANTS.append((name, number, reason, bend))


def put(number, value):
    return lambda draft: draft.fields.update({number: value})


def keep(*keys):
    return lambda draft: setattr(draft, "signers", list(keys))


def both(*bends):
    return lambda draft: [bend(draft) for bend in bends]


def also(key):
    return both(lambda draft: draft.keys.append(entry(key)), lambda draft: draft.signers.append(key))


def revoking(*revocations):
    return lambda draft: setattr(draft, "revocations", list(revocations))


bad(2, "two versions ahead", put(2, 3))
bad(2, "version 0", put(2, 0), "E_IDENTITY")
bad(2, "of another organisation", put(1, sha256(b"x")))
bad(2, "behind another document", put(3, sha256(b"x")))
bad(2, "issued when the one before was", put(11, T0))
bad(2, "issued in the future", put(11, NOW + DAY), "E_TIME")
bad(2, "ends when it is issued", put(9, T0 + DAY), "E_IDENTITY")
bad(2, "no name", put(10, ""), "E_IDENTITY")
bad(2, "suites descending", put(7, b"\2\1"), "E_IDENTITY")
bad(2, "unknown field", put(15, 1), "E_PARSE")
bad(2, "new statement key of 91 days", lambda draft: draft.keys[1].update({5: BEGAN[S2.id] + 91 * DAY}), "E_IDENTITY")
bad(2, "key that changed its end", lambda draft: draft.keys[0].update({5: draft.keys[0][5] - DAY}))
bad(2, "key that vanished", both(lambda draft: draft.keys.pop(0), revoking()))
bad(2, "revocation of no key", revoking(revocation(S1, SUPERSEDED, 15), revocation(S3, SUPERSEDED, 15)))
bad(2, "revocation twice", revoking(*[revocation(S1, SUPERSEDED, 15)] * 2), "E_IDENTITY")
bad(2, "revocation without a reason", revoking(revocation(S1, 0, 15)), "E_IDENTITY")
bad(2, "cut-off behind the key's end", revoking(revocation(S1, SUPERSEDED, 366)))
bad(2, "log's cut-off of a superseded key", revoking(revocation(S1, SUPERSEDED, 15, log=True)))
bad(2, "superseded key stays behind its cut-off", revoking(revocation(S1, SUPERSEDED, 1)))
bad(2, "compromised key stays", revoking(revocation(S1, COMPROMISED, 15)))
bad(2, "root did not sign", keep(S2))
bad(2, "new key did not sign", keep(A))
bad(2, "signed twice", keep(A, S2, A))
bad(2, "signed by a stranger too", keep(A, S2, STRANGER))
bad(2, "false signature", lambda draft: setattr(draft, "after", lambda all_: [{**all_[0], 2: bytes(64)}, all_[1]]))
bad(2, "signed under another type", lambda draft: setattr(draft, "kind", "head.v1"))
bad(3, "root's public key as a statement key", also(A_AGAIN))
bad(3, "old root alone", keep(A, B, ADMIN_KEY))
bad(3, "new roots alone", keep(B, C, D, ADMIN_KEY))
bad(3, "a root without possession", keep(A, B, C, ADMIN_KEY))
bad(3, "root without revocation", revoking())
bad(3, "revoked key stands again", both(lambda draft: draft.keys.append(entry(S1))))
bad(3, "second revocation", revoking(revocation(A, SUPERSEDED, 16), revocation(S1, SUPERSEDED, 15)))
bad(3, "stolen, as is found later", revoking(revocation(A, SUPERSEDED, 16), revocation(S1, COMPROMISED, 15)), "ADMITTED")
bad(3, "stolen, with a later cut-off", revoking(revocation(A, SUPERSEDED, 16), revocation(S1, COMPROMISED, 16)))
bad(3, "no statement key", lambda draft: draft.keys.pop(0), "E_IDENTITY")
bad(3, "threshold over the roots", put(5, 4), "E_IDENTITY")
bad(3, "older version with other bytes", both(put(2, 1), put(10, "other")), "E_ROLLBACK")
bad(4, "one root of two", keep(B, S3))
bad(4, "revoked root signs", keep(A, B, D, S3))
bad(4, "compromised key stays", lambda draft: draft.keys.append(entry(S2)))
bad(4, "older version with other bytes", both(put(2, 2), put(10, "other")), "E_ROLLBACK")


def file_text():
    history, wires, documents, records = None, [], [], []
    for number in (1, 2, 3, 4):
        signed = version(number, documents).signed()
        parsed = wire.strict(wire.SIGNED_IDENTITY, signed)
        history = chain.take(history, parsed, NOW) if history else chain.begin(parsed, NOW)
        wires.append(signed)
        documents.append(parsed.document)
        records.append({"version": str(number), "now_us": str(NOW), "signed_identity": signed, "identity_hash": history.newest.hash})
    for name, number, reason, bend in VARIANTS:
        draft = version(number, documents[:number - 1])
        bend(draft)
        signed = draft.signed()
        assert answer(wires[:number - 1], signed) == reason, (name, number, answer(wires[:number - 1], signed))
        records.append({"variant": name, "behind": str(number - 1), "signed_identity": signed, "answer": reason})
    return vectors.text_of(HEAD, records)


def answer(before, signed):
    history = chain.begin(wire.strict(wire.SIGNED_IDENTITY, before[0]), NOW)
    try:
        for one in [*before[1:], signed]:
            history = chain.take(history, wire.strict(wire.SIGNED_IDENTITY, one), NOW)
        return "ADMITTED"
    except Refusal as refusal:
        return refusal.reason


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
