"""Cards, identity documents of version 1, when a key counts, and prekeys. docs/formats/identity.md."""

import re
import types

import armour
import hpke
import points
import wire
from building_blocks import labelled_hash, pae
from refusal import Refusal, demand

SKEW, HOUR = 600 * 10**6, 3600 * 10**6
DAY, YEAR_10000 = 24 * HOUR, 253402300800 * 10**6
ROOT, STATEMENT, ADMIN, LOG, WITNESS = 1, 2, 3, 4, 5
SUPERSEDED, COMPROMISED = 1, 2
MAX_DOCUMENT, MAX_KEYS, MAX_SUITES, MAX_PREKEY = 64 << 10, 32, 16, 4096
# README.md, *Key usages*: what each may sign beside its own possession, in both lanes. Log and witness keys sign notes alone.
SIGNS = {STATEMENT: {"batch", "seal", "prekey", "head", "transport", "cosign", "forward", "permission", "recall", "receipt", "grouplog",
                     "leave", "epoch", "rewrap", "evidence"}, ADMIN: {"membership", "recall"}}


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
    found = types.SimpleNamespace(
        org=labelled_hash("entente/1/org", signed.document), hash=labelled_hash("entente/1/idoc", signed.document),
        version=1, name=document.name, document=document, bytes=signed.document, expires_us=document.expires_us,
        keys={key.key_id: key for key in document.root_keys + document.keys})
    found.versions, found.revoked = [found], {}  # what chain.History has more of
    return found


def key_for(party, wanted, kind, at, now, named=None):
    """The public key behind a signature that says it was made at `at`: *When a key counts*, steps 1 to 6. `party` is all versions on
    file; `named` the (version, hash) that the body names, where its format has such a field."""
    if named is not None:
        version = party.versions[named[0] - 1] if 1 <= named[0] <= len(party.versions) else None
        demand(version is not None and version.hash == named[1], "E_NOKEY", "another version")
        demand(wanted in version.keys, "E_NOKEY", "not a key of that version")
    holders = [version for version in party.versions if wanted in version.keys]
    demand(holders, "E_NOKEY", "not a key of this organisation")
    key = holders[-1].keys[wanted]
    demand(kind.removeprefix("exercise.").removesuffix(".v1") in SIGNS.get(key.usage, ()), "E_KEYUSE", f"usage {key.usage} for {kind}")
    demand(key.not_before_us - SKEW <= at < min(key.not_after_us, holders[-1].expires_us), "E_TIME", "the key did not count then")
    revoked = party.revoked.get(wanted)
    demand(revoked is None or revoked.reason == SUPERSEDED and at < revoked.cutoff_us, "E_REVOKED", "and nothing here dates it")
    demand(now < party.versions[-1].expires_us, "E_FREEZE", "the newest document has expired")
    return key.public_key


def check_signed(party, wanted, kind, signed, at, now, named=None):
    public = key_for(party, wanted, kind, at, now, named)
    demand(points.verify(public, pae(kind, signed.body), signed.signature), "E_SIG", kind)


def address_is_well_formed(address):
    if not address:
        return True
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([1-9][0-9]{0,4})", address)
    return bool(found) and len(found.group(1)) <= 253 and int(found.group(2)) <= 65535


def read_card(text):
    """The Card, its documents not checked yet: chain.of_card does."""
    data = armour.unwrap("CARD", text, "E_IDENTITY")
    try:
        card = wire.strict(wire.CARD, data)
    except Refusal as wrong:
        raise Refusal("E_IDENTITY", wrong.what) from wrong
    demand(card.version == 1 and card.identity is not None and address_is_well_formed(card.address), "E_IDENTITY", "a card's fields")
    return card


def check_prekey(owner, signed, now, offline=False):
    """Whether another organisation's prekey may be sealed to; `offline`: it came as a file or document, not in a session's Hello."""
    demand(len(signed.body) <= MAX_PREKEY, "E_PARSE", "a prekey's size")
    body = wire.strict(wire.PREKEY, signed.body)
    named = next((place for place, version in enumerate(owner.versions, 1) if version.hash == body.identity_hash), None)
    demand(body.org_id == owner.org and named, "E_PREKEY", "of another organisation")
    try:
        check_signed(owner, body.key_id, "prekey.v1", signed, now, now, (named, body.identity_hash))
    except Refusal as wrong:
        raise Refusal("E_PREKEY", wrong.what) from wrong
    life = body.not_after_us - body.not_before_us
    demand(len(body.prekey_id) == 16 and body.suite == 1 and body.prekey_class == offline, "E_PREKEY", "its id, suite or class")
    demand(not offline or owner.versions[-1].document.offline, "E_PREKEY", "its owner announces no offline class")
    demand(0 < life <= (90 if offline else 7) * DAY + SKEW and body.not_before_us - SKEW <= now < body.not_after_us, "E_PREKEY", "its time")
    demand(len(body.public_key) == hpke.PUBLIC_SIZE and hpke.usable(body.public_key), "E_PREKEY", "its public key")
    return body
