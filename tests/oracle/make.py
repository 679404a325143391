"""Makes direct envelopes, prekeys and identities from docs/formats alone; the same with one thing bent, for tests of who must refuse it."""

import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import audiences
import epochs
import hpke
from building_blocks import SUITE, TYPE, body_id, labelled_hash, message, padme, pae, payload_keys, seal_chunks, tree, u16, u32, u64
from identity import DAY, HOUR, STATEMENT
from statements import CONTENT_TYPE

GREEN = {1: 2}


class Signer:
    """An Ed25519 key with the one usage that its id names."""

    def __init__(self, seed, usage=STATEMENT):
        self.private, self.usage = Ed25519PrivateKey.from_private_bytes(seed), usage
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = labelled_hash("entente/1/key", bytes([usage]), self.public)

    def sign(self, kind, body):
        return self.private.sign(pae(kind, body))

    def signed(self, kind, body):
        return message((1, body), (2, self.sign(kind, body)))

    def entry(self, begin, end):
        return message((1, self.id), (2, self.usage), (3, self.public), (4, begin), (5, end))


def encoded(fields):
    """Number -> value, in ascending order of the numbers."""
    return message(*sorted(fields.items()))


def sign_identity(document, keys):
    """SignedIdentity."""
    return message((1, document), (2, [message((1, key.id), (2, key.sign("idoc.v1", document))) for key in keys]))


def make_identity(name, root, statement, begin, end=None):
    """Version 1, signed."""
    document = encoded({2: 1, 4: [root.entry(begin, begin + 730 * DAY)], 5: 1, 6: [statement.entry(begin, begin + 365 * DAY)],
                        7: b"\1", 8: 1, 9: end or begin + 730 * DAY, 10: name})
    return sign_identity(document, (root, statement))


def make_prekey(owner, signer, prekey_id, seed, begin):
    body = encoded({1: owner.org, 2: signer.id, 3: prekey_id, 4: 1, 5: hpke.expand_seed(seed)[2], 6: begin, 7: begin + 7 * DAY,
                    8: owner.hash})
    return signer.signed("prekey.v1", body)


def straight(_stage, value, *_more):
    return value


class Sealer:
    """Who seals: a party, its statement key, a moment, a source of randomness, and what to bend.

    `randomness(name, size)` gives the bytes called `name`; `bend(stage, value, ...)` may change each part before anything is
    derived from it: header, slots, seal, seal_bytes, payload, payload_bytes, plaintext, wire. Everything behind a bent part is made
    over it, so that one check alone can refuse."""

    def __init__(self, identity, signer, now, randomness=lambda name, size: os.urandom(size), bend=straight):
        self.identity, self.signer, self.now, self.randomness, self.bend = identity, signer, now, randomness, bend

    def plaintext(self, parts, hashes, h_core, commitment):
        seal = self.bend("seal", {1: self.identity.org, 2: self.signer.id, 3: h_core, 4: commitment, 7: self.now, **hashes})
        signed = self.signer.signed("seal.v1", self.bend("seal_bytes", encoded(seal)))
        body = self.bend("payload_bytes", encoded(self.bend("payload", {**parts, 3: [signed]})))
        return self.bend("plaintext", (u32(len(body)) + body).ljust(padme(4 + len(body)), b"\0"))

    def envelope_of(self, parts, hashes, recipients, group=None):
        """`parts`: fields of Payload; `hashes`: what the seal says of them; `recipients`: (org_id, prekey_id, public key) of each slot.
        `group`, with no recipients: (secret, epoch as epochs reads it)."""
        size = len(self.plaintext(parts, hashes, bytes(32), bytes(32)))
        hour = self.now // HOUR
        header = self.bend("header", {
            "magic": b"ENT1", "suite": SUITE, "mode": b"\2" if group else b"\1", "flags": b"\0", "env_id": self.randomness("env_id", 16),
            "created": u32(hour), "expires": u32(hour + 336), "route_tag": epochs.route_tag(group[0], group[1].fields) if group else self.randomness("route_tag", 16),
            "msg_salt": self.randomness("msg_salt", 32), "n_slots": u16(len(recipients)), "size_class": bytes([size.bit_length() - 1])})
        core = b"".join(header.values())
        h0 = labelled_hash("entente/1/h0", core)
        content_key = self.randomness("content_key", 32)
        if group:
            content_key = epochs.content_key(group[0], group[1].group_id, group[1].epoch, header["msg_salt"])
        slots = self.bend("slots", [
            hpke.seal_slot(public, prekey_id, hpke.wrap_info(h0, org, prekey_id, public), content_key,
                           self.randomness(f"encapsulation {i}", 64))
            for i, (org, prekey_id, public) in enumerate(recipients)])
        h_core = labelled_hash("entente/1/core", h0, tree(slots) if slots else bytes(32))
        commitment = payload_keys(content_key, h_core)[2]
        plaintext = self.plaintext(parts, hashes, h_core, commitment)
        return self.bend("wire", core + b"".join(slots) + commitment + seal_chunks(content_key, h_core, plaintext))


def seal_hashes(ids, audience):
    """What the seal says of statements that came from nobody but their origin."""
    hashed = audience.hash if isinstance(audience, GroupAudience) else labelled_hash("entente/1/audience", *sorted(audience))
    return {5: labelled_hash("entente/1/sealed", *ids), 6: hashed}


class GroupAudience:
    """All members of one version of a group, as bodies and seals name them."""

    def __init__(self, group, version, membership_hash):
        self.group, self.field = group, message((1, group), (2, version), (3, membership_hash))
        self.hash = audiences.group_hash(group, version, membership_hash)


class Author(Sealer):
    """Who makes statements, and seals them: bends body, body_bytes, batch, batch_bytes, signed_batch, entry before what Sealer does.
    `terms`: more fields of every statement."""

    def __init__(self, *sealer, exercise=False, terms=None, **more):
        super().__init__(*sealer, **more)
        self.kind = "exercise.statement.v1" if exercise else "statement.v1"
        self.terms, self.stream = terms or {}, self.randomness("stream", 16)

    def statement(self, index, content, salt, previous, audience, constraints):
        body = {1: self.identity.org, 2: self.signer.id, 3: len(self.identity.versions),
                4: self.identity.hash, 5: self.randomness(f"msg {index}", 16), 6: self.stream, 7: index + 1, 8: [previous],
                9: self.now, 10: self.now + 365 * DAY, 11: encoded(constraints), 12: list(audience), 13: CONTENT_TYPE, 14: len(content),
                15: labelled_hash("entente/1/content", salt, u64(len(content)), content), **self.terms}
        return self.bend("body_bytes", encoded(self.bend("body", body, index)), index)

    def sign(self, contents, audience, constraints=GREEN):
        """The batch and its entries, as number -> value, None where one is left out; the ids of all."""
        entries, previous = [], bytes(32)
        for i, content in enumerate(contents):
            salt = self.randomness(f"salt {i}", 32)
            body = self.statement(i, content, salt, previous, sorted(audience), constraints)
            entries.append({1: body, 2: salt, 3: content, 4: i, 5: []})
            previous = body_id(self.kind, body)
        ids = [body_id(self.kind, entry[1]) for entry in entries]
        batch = self.bend("batch", {1: self.identity.org, 2: self.signer.id, 3: len(ids), 4: tree(ids), 5: TYPE + self.kind})
        signed = self.signer.signed("batch.v1", self.bend("batch_bytes", encoded(batch)))
        return self.bend("signed_batch", signed), [self.bend("entry", entry, ids) for entry in entries], ids

    def envelope(self, contents, audience, recipients, constraints=GREEN, group=None):
        """`group` as envelope_of has it; a GroupAudience is sealed to recipients, too."""
        listed = [] if isinstance(audience, GroupAudience) else audience
        batch, entries, ids = self.sign(contents, listed, constraints)
        parts = {1: [batch], 2: [encoded(entry) for entry in entries if entry is not None]}
        kept = [one for one, entry in zip(ids, entries) if entry is not None]
        return self.envelope_of(parts, seal_hashes(kept, audience), recipients, group)
