#!/usr/bin/python3
"""Makes tests/vectors/identity_document.txt: identity documents of version 1, good ones and one bad variant per rule of identity.md.

  golden_identity.py           writes the file
  golden_identity.py --check   exit 1 where it would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import identity
import make
import points
import vectors
import wire
from building_blocks import expand, labelled_hash, message, pae, sha256
from identity import DAY, ROOT, STATEMENT
from refusal import Refusal

FILE = "identity_document.txt"
NOW = 1767229200 * 10**6
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden_identity.py, a second implementation", "Licence: Apache-2.0",
        "Documents of version 1 as they arrive at now_us, and what each is answered with: \"ADMITTED\" or a reason."]


def signer(name, usage):
    return make.Signer(expand(sha256(b"entente golden identity"), name, b"", 32), usage)


def entry(key, days):
    return {1: key.id, 2: key.usage, 3: key.public, 4: NOW, 5: NOW + days * DAY}


class Draft:
    """Two root keys of which one must sign, and a statement key, ready to be bent. Signatures are made last, by `signers`."""

    def __init__(self):
        self.root, self.root2, self.statement = signer("root", ROOT), signer("root 2", ROOT), signer("statement", STATEMENT)
        self.roots, self.keys = [entry(self.root, 730), entry(self.root2, 730)], [entry(self.statement, 365)]
        self.fields = {2: 1, 5: 1, 7: b"\1", 8: 1, 9: NOW + 730 * DAY, 10: "cert.norlandia"}
        self.signers, self.kind, self.tail = [self.root, self.root2, self.statement], "idoc.v1", b""
        self.after = lambda signatures: signatures

    def signed(self):
        lists = {4: [make.encoded(key) for key in self.roots], 6: [make.encoded(key) for key in self.keys]}
        document = make.encoded({**self.fields, **lists}) + self.tail
        signatures = [{1: key.id, 2: key.private.sign(pae(self.kind, document))} for key in self.signers]
        return message((1, document), (2, [make.encoded(one) for one in self.after(signatures)]))


VARIANTS = {}


def variant(name, reason="E_IDENTITY"):
    def add(bend):
        assert name not in VARIANTS
        VARIANTS[name] = (reason, bend)
    return add


def field(name, number, value, reason="E_IDENTITY"):
    VARIANTS[name] = (reason, lambda draft: draft.fields.update({number: value}))


def key_field(name, number, change, reason="E_IDENTITY"):
    VARIANTS[name] = (reason, lambda draft: draft.keys[0].update({number: change(draft.keys[0][number])}))


def foreign(public, usage):
    return labelled_hash("entente/1/key", bytes([usage]), public)


def small_order(draft):
    public = bytes([1]) + bytes(31)
    draft.keys[0].update({1: foreign(public, STATEMENT), 3: public})


def mixed_order(draft):
    """The statement key with a point of order 2 added: it verifies, and is no point of the main subgroup."""
    x, y, z, _ = points.add(points.decode(draft.statement.public), (0, points.P - 1, 1, 0))
    x, y = x * pow(z, -1, points.P) % points.P, y * pow(z, -1, points.P) % points.P
    public = (y | (x & 1) << 255).to_bytes(32, "little")
    draft.keys[0].update({1: foreign(public, STATEMENT), 3: public})


def public_key_under_two_usages(draft):
    again = signer("root", STATEMENT)
    draft.keys.append(entry(again, 365))
    draft.signers.append(again)


def many_keys(draft):
    more = [signer(f"more {i}", STATEMENT) for i in range(30)]
    draft.keys += [entry(key, 365) for key in more]
    draft.signers += more[:29]


variant("good", "ADMITTED")(lambda draft: None)
variant("optional field", "ADMITTED")(lambda draft: draft.fields.update({100: b"whatever"}))
variant("suites one by one", "ADMITTED")(lambda draft: (draft.fields.pop(7), setattr(draft, "tail", b"\x38\x01\x38\x02")))
variant("name of other letters", "ADMITTED")(lambda draft: draft.fields.update({10: "Põhja-CERT 北"}))
field("version 0", 2, 0)
field("version 2", 2, 2)
field("org id in version 1", 1, sha256(b"x"))
field("previous hash in version 1", 3, sha256(b"x"))
field("expired", 9, NOW)
field("end absent", 9, 0)
field("name absent", 10, "")
field("name of 65 bytes", 10, "n" * 65)
field("name with a control character", 10, "cert\n")
field("name with a backslash", 10, "cert\\x")
field("name that turns the direction", 10, "cert\u202e")
field("name with a soft hyphen", 10, "ce\u00adrt")
field("suites descending", 7, b"\2\1")
field("suite twice", 7, b"\1\1")
field("suite 1 absent", 7, b"\2")
field("suites over the limit", 7, bytes(range(1, 18)), "E_LIMIT")
field("lowest suite absent", 8, 0)
field("lowest suite not among them", 8, 3)
field("threshold 0", 5, 0)
field("threshold over the roots", 5, 3)
field("issued in version 1", 11, NOW)
field("revocation in version 1", 12, message((1, sha256(b"x")), (2, 1), (3, NOW)))
field("offline in version 1", 13, [b""])
field("log origin in version 1", 14, "norlandia.example/log")
field("unknown field", 15, 1, "E_PARSE")
variant("field twice", "E_PARSE")(lambda draft: setattr(draft, "tail", message((2, 1))))
variant("integer that could be shorter", "E_PARSE")(lambda draft: (draft.fields.pop(5), setattr(draft, "tail", b"\x28\x81\x00")))
variant("name that is no UTF-8", "E_PARSE")(lambda draft: draft.fields.update({10: b"\xff"}))
variant("cut short", "E_PARSE")(lambda draft: setattr(draft, "tail", b"\x52\x05ab"))
variant("no root keys")(lambda draft: (draft.roots.clear(), draft.signers.__setitem__(slice(0, 2), [])))
variant("no statement key")(lambda draft: (draft.keys.clear(), draft.signers.pop()))
variant("keys over the limit", "E_LIMIT")(many_keys)
key_field("usage root among the others", 2, lambda _: ROOT)
key_field("usage log in version 1", 2, lambda _: 4)
key_field("usage unknown", 2, lambda _: 6, "E_PARSE")
key_field("key id of another", 1, lambda _: sha256(b"x"))
key_field("key id of 31 bytes", 1, lambda key_id: key_id[:31])
key_field("key ends when it begins", 5, lambda _: NOW)
key_field("key begins at 0", 4, lambda _: 0)
key_field("key ends after the year 9999", 5, lambda _: identity.YEAR_10000)
key_field("statement key of 366 days", 5, lambda end: end + DAY)
variant("ends before a key begins")(lambda draft: (draft.keys[0].update({4: NOW + 9 * DAY, 5: NOW + 20 * DAY}),
                                                   draft.fields.update({9: NOW + 8 * DAY})))
variant("ends after the year 9999")(lambda draft: draft.fields.update({9: identity.YEAR_10000}))
variant("key of small order", "E_KEYPOINT")(small_order)
variant("key of mixed order", "E_KEYPOINT")(mixed_order)
variant("key of 31 bytes", "E_KEYPOINT")(lambda draft: draft.keys[0].update(
    {1: foreign(draft.statement.public[:31], STATEMENT), 3: draft.statement.public[:31]}))
variant("key under two usages")(public_key_under_two_usages)
variant("key twice")(lambda draft: draft.keys.append(draft.keys[0]))
variant("statement key did not sign")(lambda draft: draft.signers.pop())
variant("root key did not sign")(lambda draft: draft.signers.pop(1))
variant("signed by a stranger too")(lambda draft: draft.signers.append(signer("stranger", STATEMENT)))
variant("signed twice")(lambda draft: draft.signers.append(draft.root))
variant("signed under another type")(lambda draft: setattr(draft, "kind", "prekey.v1"))
variant("false signature")(lambda draft: setattr(draft, "after", lambda all_: all_[:2] + [{**all_[2], 2: bytes(64)}]))
variant("signature of 63 bytes")(lambda draft: setattr(draft, "after", lambda all_: all_[:2] + [{**all_[2], 2: all_[2][2][:63]}]))
variant("signatures over the limit", "E_LIMIT")(lambda draft: setattr(draft, "after", lambda all_: all_ * 11))


def answer(signed):
    try:
        identity.check(wire.strict(wire.SIGNED_IDENTITY, signed), NOW)
        return "ADMITTED"
    except Refusal as refusal:
        return refusal.reason


def file_text():
    records = []
    for name, (reason, bend) in VARIANTS.items():
        draft = Draft()
        bend(draft)
        signed = draft.signed()
        assert answer(signed) == reason, (name, answer(signed))
        records.append({"variant": name, "now_us": str(NOW), "signed_identity": signed, "answer": reason})
    return vectors.text_of(HEAD, records)


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
