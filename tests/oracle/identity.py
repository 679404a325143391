"""Cards, identity documents of version 1 and prekeys. docs/formats/identity.md at level 0."""

import base64
import re
import types

import hpke
import points
import wire
from building_blocks import TYPE, labelled_hash, pae
from refusal import Refusal, demand

SKEW, HOUR = 600 * 10**6, 3600 * 10**6
DAY, YEAR_10000 = 24 * HOUR, 253402300800 * 10**6
ROOT, STATEMENT = 1, 2
MAX_DOCUMENT, MAX_KEYS, MAX_SUITES, MAX_CARD, MAX_PREKEY = 64 << 10, 32, 16, 128 << 10, 4096
# What a statement key may sign, both lanes; a root key signs identity documents alone.
STATEMENT_SIGNS = {TYPE + kind for kind in ("batch.v1", "seal.v1", "prekey.v1", "head.v1", "transport.v1")}


def key_id(key):
    return labelled_hash("entente/1/key", bytes([key.usage]), key.public_key)


def check_times(begin, end, reason):
    demand(0 < begin < end < YEAR_10000, reason, "a key that ends before it begins")


def check_key(key, usages):
    demand(key.usage in usages, "E_IDENTITY", f"a key of usage {key.usage}")
    demand(points.usable(key.public_key), "E_KEYPOINT", "no point of the main subgroup")
    demand(key.key_id == key_id(key), "E_IDENTITY", "not this key's id")
    check_times(key.not_before_us, key.not_after_us, "E_IDENTITY")
    if key.usage == STATEMENT:
        demand(key.not_after_us - key.not_before_us <= 365 * DAY, "E_IDENTITY", "a statement key that lives too long")


# identity.md, *Text that can be shown*: what changes how other text is shown, or shows nothing.
HIDDEN = [(0, 0x1F), (0x5C, 0x5C), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5),
          (0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFDD0, 0xFDEF),
          (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF), (0x13430, 0x1345F),
          (0x16FE4, 0x16FE4), (0x1BCA0, 0x1BCA3), (0x1D159, 0x1D159), (0x1D173, 0x1D17A), (0x1FFFE, 0x1FFFF), (0x2FFFE, 0x2FFFF),
          (0x3FFFE, 0x3FFFF), (0xE0000, 0xE0FFF), (0xEFFFE, 0xEFFFF), (0xF0000, 0x10FFFF)]


def can_be_shown(name):
    return not any(first <= ord(c) <= last for c in name for first, last in HIDDEN)


def check_facts(document, now):
    """The table of identity.md for version 1."""
    demand(document.version == 1 and not document.org_id and not document.previous_hash, "E_IDENTITY", "not version 1")
    demand(1 <= len(document.name.encode()) <= 64 and can_be_shown(document.name), "E_IDENTITY", "its name")
    keys = document.root_keys + document.keys
    demand(len(keys) <= MAX_KEYS and len(document.suites) <= MAX_SUITES, "E_LIMIT", "keys or suites")
    demand(document.root_keys and document.keys, "E_IDENTITY", "no root key, or no statement key")
    demand(document.suites == sorted(set(document.suites)) and 1 in document.suites, "E_IDENTITY", "its suites")
    demand(document.min_suite == 1, "E_IDENTITY", "its lowest suite, at level 0")
    demand(1 <= document.root_threshold <= len(document.root_keys), "E_IDENTITY", "its threshold")
    demand(not (document.issued_us or document.revocations or document.offline or document.log_origin), "E_IDENTITY",
           "what stands in later versions only")
    for key in keys:
        check_key(key, [ROOT] if key in document.root_keys else [STATEMENT])
    demand(len({key.public_key for key in keys}) == len(keys), "E_IDENTITY", "a public key twice")
    issued = max(key.not_before_us for key in keys)
    demand(issued < document.expires_us < YEAR_10000, "E_IDENTITY", "its end")
    demand(now < document.expires_us, "E_IDENTITY", "it has ended")


def check_signatures(document, signed):
    """All hold, no key twice, and all keys are among them: possession, and with it the threshold."""
    keys = {key.key_id: key.public_key for key in document.root_keys + document.keys}
    message = pae("idoc.v1", signed.document)
    signers = [one.key_id for one in signed.signatures]
    demand(len(set(signers)) == len(signers) and set(signers) == set(keys), "E_IDENTITY", "the keys that signed")
    for one in signed.signatures:
        demand(points.verify(keys[one.key_id], message, one.signature), "E_IDENTITY", "a false signature")


def check(signed, now):
    """The identity behind a SignedIdentity (parsed) of version 1."""
    demand(len(signed.document) <= MAX_DOCUMENT and len(signed.signatures) <= MAX_KEYS, "E_LIMIT", "a document's size")
    document = wire.strict(wire.IDENTITY, signed.document)
    check_facts(document, now)
    check_signatures(document, signed)
    return types.SimpleNamespace(
        org=labelled_hash("entente/1/org", signed.document), hash=labelled_hash("entente/1/idoc", signed.document),
        version=1, name=document.name, expires_us=document.expires_us,
        keys={key.key_id: key for key in document.root_keys + document.keys})


def key_for(identity, wanted, payload_type, at):
    """The public key behind a signature that says it was made at `at`: *When a key counts*, steps 2 to 4."""
    key = identity.keys.get(wanted)
    demand(key is not None, "E_NOKEY", "not a key of this organisation")
    demand(key.usage == STATEMENT and payload_type in STATEMENT_SIGNS, "E_KEYUSE", f"usage {key.usage} for {payload_type}")
    demand(key.not_before_us - SKEW <= at < min(key.not_after_us, identity.expires_us), "E_TIME", "the key did not count then")
    return key.public_key


def check_signed(identity, wanted, kind, signed, at):
    public = key_for(identity, wanted, TYPE + kind, at)
    demand(points.verify(public, pae(kind, signed.body), signed.signature), "E_SIG", kind)


def address_is_well_formed(address):
    if not address:
        return True
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([1-9][0-9]{0,4})", address)
    return bool(found) and len(found.group(1)) <= 253 and int(found.group(2)) <= 65535


def dearmour(text):
    lines = text.strip(" \t\r\n").replace("\r\n", "\n").split("\n")
    demand(len(text) <= MAX_CARD and len(lines) >= 3, "E_IDENTITY", "no card")
    demand(lines[0] == "-----BEGIN ENTENTE CARD-----" and lines[-1] == "-----END ENTENTE CARD-----", "E_IDENTITY", "its armour")
    body = lines[1:-1]
    demand(all(len(line) == 64 for line in body[:-1]) and 1 <= len(body[-1]) <= 64, "E_IDENTITY", "its lines")
    try:
        data = base64.b64decode("".join(body), validate=True)
    except ValueError as wrong:
        raise Refusal("E_IDENTITY", "its base64") from wrong
    demand(base64.b64encode(data).decode() == "".join(body), "E_IDENTITY", "its base64 has another form")
    return data


def read_card(text, now):
    data = dearmour(text)
    try:
        card = wire.strict(wire.CARD, data)
    except Refusal as wrong:
        raise Refusal("E_IDENTITY", wrong.what) from wrong
    demand(card.version == 1 and card.identity is not None and address_is_well_formed(card.address), "E_IDENTITY", "a card's fields")
    demand(not card.later, "E_IDENTITY", "later versions are of level 1")
    return check(card.identity, now)


def check_prekey(owner, signed, now):
    """Whether another organisation's prekey may be sealed to."""
    demand(len(signed.body) <= MAX_PREKEY, "E_PARSE", "a prekey's size")
    body = wire.strict(wire.PREKEY, signed.body)
    try:
        check_signed(owner, body.key_id, "prekey.v1", signed, now)
    except Refusal as wrong:
        raise Refusal("E_PREKEY", wrong.what) from wrong
    life = body.not_after_us - body.not_before_us
    demand(body.org_id == owner.org and body.identity_hash == owner.hash, "E_PREKEY", "of another organisation")
    demand(len(body.prekey_id) == 16 and body.suite == 1 and body.prekey_class == 0, "E_PREKEY", "its id, suite or class")
    demand(0 < life <= 7 * DAY + SKEW and body.not_before_us - SKEW <= now < body.not_after_us, "E_PREKEY", "its time")
    demand(len(body.public_key) == hpke.PUBLIC_SIZE and hpke.usable(body.public_key), "E_PREKEY", "its public key")
    return body
