#!/usr/bin/python3
"""Makes tests/vectors/prekey.txt: signed prekeys of one organisation, good ones and one bad variant per rule of identity.md.

  golden_prekey.py           writes the file
  golden_prekey.py --check   exit 1 where it would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import hpke
import identity
import make
import mlkem
import vectors
import wire
from building_blocks import expand, message, sha256
from golden_identity import NOW, Draft
from identity import DAY, SKEW
from refusal import Refusal

FILE = "prekey.txt"
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden_prekey.py, a second implementation", "Licence: Apache-2.0",
        "First their owner, a signed identity; then signed prekeys as they arrive at now_us, and what each is answered with."]
SECOND = 10**6
VARIANTS = {}


def fixed(name, size=32):
    return expand(sha256(b"entente golden prekey"), name, b"", size)


def bent(name, reason, change=None, tail=b"", by="statement", kind="prekey.v1", signature=None):
    assert name not in VARIANTS
    VARIANTS[name] = (reason, change or (lambda body: None), tail, by, kind, signature or (lambda bytes_: bytes_))


def field(name, number, value, reason="E_PREKEY"):
    bent(name, reason, lambda body: body.update({number: value(body[number]) if callable(value) else value}))


def times(name, reason, begin, end):
    bent(name, reason, lambda body: body.update({6: NOW + begin, 7: NOW + end}))


def not_canonical(public):
    """The first coefficient of the ML-KEM key becomes the modulus itself."""
    first = mlkem.byte_decode(12, public[:384])
    return mlkem.byte_encode(12, [mlkem.Q] + first[1:]) + public[384:]


bent("good", "ADMITTED")
field("optional field", 100, b"later", "ADMITTED")
times("begins in 10 minutes", "ADMITTED", SKEW, 7 * DAY)
times("lives 7 days and 10 minutes", "ADMITTED", -SECOND, 7 * DAY + SKEW - SECOND)
times("begins in more than 10 minutes", "E_PREKEY", SKEW + 1, 7 * DAY)
times("lives longer", "E_PREKEY", -SECOND, 7 * DAY + SKEW)
times("ends now", "E_PREKEY", -DAY, 0)
times("ends before it begins", "E_PREKEY", SECOND, 0)
times("without times", "E_PREKEY", -NOW, -NOW)
field("of another organisation", 1, sha256(b"x"))
field("of another document", 8, sha256(b"x"))
field("signed by a key of nobody", 2, sha256(b"x"))
field("key id of 31 bytes", 2, bytes(31))
field("id of 15 bytes", 3, bytes(15))
field("suite 0", 4, 0)
field("suite 2", 4, 2)
field("class offline", 9, 1)
field("class unknown", 9, 2, "E_PARSE")
field("unknown field", 10, 1, "E_PARSE")
field("over 4 KiB", 100, bytes(4096), "E_PARSE")
bent("field twice", "E_PARSE", tail=message((4, 1)))
field("public key short", 5, lambda public: public[:-1])
field("public key long", 5, lambda public: public + b"\0")
field("public key absent", 5, b"")
field("X25519 share of low order", 5, lambda public: public[:mlkem.EK_SIZE] + bytes(32))
field("X25519 share of order 4", 5, lambda public: public[:mlkem.EK_SIZE] + bytes([1]) + bytes(31))
field("ML-KEM part not canonical", 5, not_canonical)
bent("signed by the root key", "E_PREKEY", by="root", change=lambda body: body.update({2: Draft().root.id}))
bent("signed with another key", "E_PREKEY", by="root")
bent("signed under another type", "E_PREKEY", kind="seal.v1")
bent("signature flipped", "E_PREKEY", signature=lambda bytes_: bytes_[:-1] + bytes([bytes_[-1] ^ 1]))
bent("signature absent", "E_PREKEY", signature=lambda bytes_: bytes_[:-66])


def answer(owner, signed):
    try:
        identity.check_prekey(owner, wire.strict(wire.SIGNED_BODY, signed), NOW)
        return "ADMITTED"
    except Refusal as refusal:
        return refusal.reason


def file_text():
    draft = Draft()
    document = draft.signed()
    owner = identity.check(wire.strict(wire.SIGNED_IDENTITY, document), NOW)
    records = [{"signed_identity": document, "now_us": str(NOW)}]
    for name, (reason, change, tail, by, kind, signature) in VARIANTS.items():
        body = {1: owner.org, 2: draft.statement.id, 3: fixed("id", 16), 4: 1, 5: hpke.expand_seed(fixed("seed"))[2], 6: NOW,
                7: NOW + 7 * DAY, 8: owner.hash}
        change(body)
        signed = signature(getattr(draft, by).signed(kind, make.encoded(body) + tail))
        assert answer(owner, signed) == reason, (name, answer(owner, signed))
        records.append({"variant": name, "signed_prekey": signed, "answer": reason})
    return vectors.text_of(HEAD, records)


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
