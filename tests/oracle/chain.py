"""Identity documents from one version to the next. docs/formats/identity.md, *Taking in documents*; level 1."""

import re
import types

import armour
import identity
import points
import wire
from building_blocks import labelled_hash, pae
from identity import ADMIN, COMPROMISED, DAY, LOG, ROOT, SKEW, STATEMENT, SUPERSEDED, WITNESS, YEAR_10000
from refusal import demand

MAX_SIGNATURES, MAX_REVOCATIONS, MAX_RUN = 64, 32, 1024
LONGEST = {STATEMENT: 90, ADMIN: 90, LOG: 366, WITNESS: 366}


class History:
    """One organisation's versions on file, oldest first, and every key that they revoked."""

    def __init__(self, versions=(), revoked=None):
        self.versions, self.revoked = list(versions), dict(revoked or {})

    @property
    def org(self):
        return labelled_hash("entente/1/org", self.versions[0].bytes)

    @property
    def newest(self):
        return self.versions[-1]

    @property
    def hash(self):
        return self.newest.hash

    @property
    def name(self):
        return self.newest.document.name

    @property
    def keys(self):
        return self.newest.keys

    def named(self, number):
        return self.versions[number - 1] if 1 <= number <= len(self.versions) else None


def keys_of(document):
    return {key.key_id: key for key in document.root_keys + document.keys}


def begin(signed, now):
    """A history of version 1 alone. It may have ended: later versions can follow."""
    identity.check(signed, min(now, wire.strict(wire.IDENTITY, signed.document).expires_us - 1))
    return History([version_of(signed)])


def version_of(signed):
    document = wire.strict(wire.IDENTITY, signed.document)
    issued = document.issued_us or max((key.not_before_us for key in document.root_keys + document.keys), default=0)
    return types.SimpleNamespace(document=document, bytes=signed.document, issued=issued, keys=keys_of(document),
                                 expires_us=document.expires_us,
                                 hash=labelled_hash("entente/1/idoc", signed.document))


def take(history, signed, now):
    """The history with this document behind it, steps 1 to 10 (10 as E_EQUIV alone: evidence is the node's)."""
    demand(len(signed.document) <= identity.MAX_DOCUMENT and len(signed.signatures) <= MAX_SIGNATURES, "E_LIMIT", "its size")
    new = version_of(signed)
    number, newest = new.document.version, len(history.versions)
    on_file = history.named(number)
    if on_file and on_file.bytes == signed.document:
        return history
    demand(number >= newest or number == 0, "E_ROLLBACK", "an older version with other bytes")
    demand(number != 0, "E_IDENTITY", "version 0")
    demand(number <= newest + 1, "E_IDCHAIN", "a gap")
    demand(number > 1, "E_EQUIV", "another version 1")
    before = history.named(number - 1)
    check_link(history, before, new, now)
    check_fields(new, before)
    demand(new.document.min_suite >= before.document.min_suite, "E_FLOOR", "a lower suite")
    revoked = check_keys(history, before, new)
    check_signatures(before, new, signed)
    demand(number > newest, "E_EQUIV", "the newest version with other bytes")
    return History([*history.versions, new], {**history.revoked, **revoked})


def take_run(history, documents, now):
    """A chain as it comes; E_ROLLBACK and E_FREEZE are of the run, and what was taken stays."""
    demand(len(documents) <= MAX_RUN, "E_LIMIT", "a run's length")
    last = 0
    for signed in documents:
        history = take(history, signed, now)
        last = version_of(signed).document.version
    demand(last == len(history.versions), "E_ROLLBACK", "it ends with an older version")
    demand(now < history.newest.document.expires_us, "E_FREEZE", "the newest has expired")
    return history


def of_card(text, now):
    """Whose card it is: version 1 alone, or all versions in it."""
    card = identity.read_card(text)
    if not card.later:
        return begun_now(card.identity, now)
    demand(all(version_of(one).document.version != 1 for one in card.later), "E_IDENTITY", "version 1 a second time")
    return take_run(begin(card.identity, now), card.later, now)


def of_chain(text, now):
    """Of an armoured IdentityChain, which begins with version 1."""
    documents = wire.strict(wire.IDENTITY_CHAIN, armour.unwrap("IDENTITY", text)).documents
    demand(documents, "E_PARSE", "a chain of no document")
    return take_run(begin(documents[0], now), documents[1:], now) if documents[1:] else begun_now(documents[0], now)


def begun_now(signed, now):
    identity.check(signed, now)
    return begin(signed, now)


def check_link(history, before, new, now):
    document = new.document
    demand(document.org_id == history.org and document.previous_hash == before.hash, "E_IDCHAIN", "not of this chain")
    demand(document.issued_us > before.issued, "E_IDCHAIN", "when it was issued")
    demand(document.issued_us <= now + SKEW, "E_TIME", "issued in the future")


def check_fields(new, before):
    document = new.document
    keys = document.root_keys + document.keys
    demand(document.issued_us < document.expires_us < YEAR_10000, "E_IDENTITY", "its end")
    demand(1 <= len(document.name.encode()) <= 64 and identity.can_be_shown(document.name), "E_IDENTITY", "its name")
    demand(len(document.suites) <= identity.MAX_SUITES and len(keys) <= identity.MAX_KEYS, "E_LIMIT", "suites or keys")
    demand(len(document.revocations) <= MAX_REVOCATIONS, "E_LIMIT", "revocations")
    demand(document.suites == sorted(set(document.suites)) and 1 in document.suites, "E_IDENTITY", "its suites")
    demand(document.min_suite in document.suites, "E_IDENTITY", "its lowest suite")
    demand(document.root_keys and any(key.usage == STATEMENT for key in document.keys), "E_IDENTITY", "a kind of key is missing")
    demand(1 <= document.root_threshold <= len(document.root_keys), "E_IDENTITY", "its threshold")
    for usages, listed in (([ROOT], document.root_keys), ([STATEMENT, ADMIN, LOG, WITNESS], document.keys)):
        for key in listed:
            check_key(key, usages, introduced=key.key_id not in before.keys)
    demand(len({key.public_key for key in keys}) == len(keys), "E_IDENTITY", "a public key twice")
    named = [one.key_id for one in document.revocations]
    demand(len(set(named)) == len(named) and all(one.reason for one in document.revocations), "E_IDENTITY", "its revocations")
    for cutoff in (one.cutoff for one in document.revocations if one.cutoff):
        demand(re.fullmatch("entente[.]example/[0-9a-f]{64}", cutoff.origin), "E_IDENTITY", "a log's name")
        demand(len(cutoff.root) == 32 and cutoff.size < 1 << 63, "E_IDENTITY", "a log's root or size")
    demand(document.offline is None or document.offline.ceiling, "E_IDENTITY", "its ceiling")
    demand(document.log_origin in ("", f"entente.example/{document.org_id.hex()}"), "E_IDENTITY", "its log's name")


def check_key(key, usages, introduced):
    demand(key.usage in usages, "E_IDENTITY", f"a key of usage {key.usage}")
    demand(points.usable(key.public_key), "E_KEYPOINT", "no point of the main subgroup")
    demand(key.key_id == identity.key_id(key), "E_IDENTITY", "not this key's id")
    identity.check_times(key.not_before_us, key.not_after_us, "E_IDENTITY")
    longest = LONGEST.get(key.usage) if introduced else None
    demand(longest is None or key.not_after_us - key.not_before_us <= longest * DAY, "E_IDENTITY", "it lives too long")


def check_keys(history, before, new):
    """Rules 1 to 4 of *Keys from one version to the next*; the revocations of this version."""
    issued, revoked = new.document.issued_us, {one.key_id: one for one in new.document.revocations}
    usage_of = {key.public_key: key.usage for version in history.versions for key in version.keys.values()}
    earlier = {key_id: key for version in history.versions[:new.document.version - 1] for key_id, key in version.keys.items()}
    for key_id, key in new.keys.items():
        demand(key_id not in earlier or key == earlier[key_id], "E_IDCHAIN", "a key that changed")
        demand(usage_of.get(key.public_key, key.usage) == key.usage, "E_IDCHAIN", "a public key under another usage")
        one = {**history.revoked, **revoked}.get(key_id)
        demand(one is None or one.reason == SUPERSEDED and one.cutoff_us > issued and key.usage != ROOT, "E_IDCHAIN", "a revoked key")
    for key_id, key in before.keys.items():
        gone = key.not_after_us <= issued or key_id in revoked or key_id in history.revoked
        demand(key_id in new.keys or gone, "E_IDCHAIN", "a key that vanished")
    for key_id, one in revoked.items():
        prior = history.revoked.get(key_id)
        worse = prior and prior.reason == SUPERSEDED and one.reason == COMPROMISED and one.cutoff_us <= prior.cutoff_us
        demand(key_id in earlier and (prior is None or worse), "E_IDCHAIN", "a revocation of no key, or a second one")
        demand(0 < one.cutoff_us <= earlier[key_id].not_after_us, "E_IDCHAIN", "its cut-off")
        demand(one.cutoff is None or one.reason == COMPROMISED, "E_IDCHAIN", "a log's cut-off for a superseded key")
    return revoked


def counting_roots(version, issued, signers):
    return sum(key.not_before_us - SKEW <= issued < key.not_after_us and key.key_id in signers for key in version.document.root_keys)


def check_signatures(before, new, signed):
    issued, message = new.document.issued_us, pae("idoc.v1", signed.document)
    public = {**{key.key_id: key.public_key for key in before.document.root_keys},
              **{key_id: key.public_key for key_id, key in new.keys.items()}}
    signers = [one.key_id for one in signed.signatures]
    demand(len(set(signers)) == len(signers) and set(signers) <= set(public), "E_IDCHAIN", "who signed")
    demand(all(points.verify(public[one.key_id], message, one.signature) for one in signed.signatures), "E_IDCHAIN", "a false signature")
    for version in (before, new):
        demand(counting_roots(version, issued, signers) >= version.document.root_threshold, "E_IDCHAIN", "too few roots")
    demand(set(new.keys) - set(before.keys) <= set(signers), "E_IDCHAIN", "possession")
