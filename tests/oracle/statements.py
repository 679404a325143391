"""Steps 17 to 33 of docs/formats/statement.md: what an opened envelope says, and whether it holds."""

import re
import types

import audiences
import notices
import passing
import payload as payloads
import wire
from building_blocks import TYPE, body_id, labelled_hash, tree, u64
from forms import ascending, check_lengths, is_word
from identity import DAY, SKEW, YEAR_10000, check_signed, key_for
from merkle import root_of_path
from refusal import demand

MAX_REFERENCES = 64
LANES = {TYPE + "statement.v1": "statement.v1", TYPE + "exercise.statement.v1": "exercise.statement.v1"}
CONTENT_TYPE = "application/stix+json;version=2.1"


def check_seal(opened, signed, peer, now):
    """Steps 17 to 19; the hashes wait for step 31."""
    demand(signed is not None, "E_SEAL", "no seal")
    demand(peer is not None, "E_PARTY", "the peer is not on file")
    hint = wire.hint(wire.SEAL, signed.body)
    demand(hint is not None and len(hint.org_id) == len(hint.key_id) == 32, "E_SIG", "no key can be read from the seal")
    check_signed(peer, hint.key_id, "seal.v1", signed, hint.time_us, now)
    seal = wire.strict(wire.SEAL, signed.body)
    check_lengths(seal, org_id=32, key_id=32, h_core=32, key_commitment=32, statements_hash=32, audience_hash=32)
    demand(len(seal.forwards_hash) in (0, 32) and len(seal.notices_hash) in (0, 32), "E_PARSE", "a hash of another length")
    demand(seal.org_id == peer.org, "E_SEAL", "sealed by another than the peer")
    demand(seal.h_core == opened.h_core and seal.key_commitment == opened.commitment, "E_SEAL", "of another envelope")
    demand(now - 14 * DAY - SKEW <= seal.time_us <= now + SKEW, "E_TIME", "when it was sealed")
    return seal


def check_places(entries, batch):
    """Step 22: the ids, each in its place under the root that the unverified batch names."""
    kind = LANES.get(batch.leaf_type, "statement.v1")
    ids = [body_id(kind, entry.body) for entry in entries]
    indexes = [entry.index for entry in entries]
    demand(indexes == sorted(set(indexes)) and indexes[-1] < batch.size, "E_PARSE", "places that cannot be")
    demand(all(len(p) == 32 for entry in entries for p in entry.path), "E_PARSE", "a hash in a path")
    if len(entries) == batch.size:
        demand(not any(entry.path for entry in entries), "E_PARSE", "audit paths in a whole batch")
        demand(tree(ids) == batch.root, "E_SIG", "another batch's statements")
    else:
        for entry, one in zip(entries, ids):
            demand(root_of_path(one, entry.index, batch.size, entry.path) == batch.root, "E_SIG", "not under the batch's root")
    return ids


def check_batch(payload, parties, now):
    """Steps 21 to 24: (origin, ids, batch). The proof of a statement has them too."""
    hint = wire.hint(wire.BATCH, payload.batch.body)
    demand(hint is not None and len(hint.origin) == len(hint.key_id) == len(hint.root) == 32, "E_SIG", "no key can be read from the batch")
    origin = parties.get(hint.origin)
    demand(origin is not None, "E_PARTY", "the origin is not on file")
    ids = check_places(payload.statements, hint)
    first = wire.hint(wire.STATEMENT, payload.statements[0].body)
    named = (first.identity_version, first.identity_hash) if first and first.identity_version else None
    check_signed(origin, hint.key_id, "batch.v1", payload.batch, first.created_us if first else 0, now, named)
    batch = wire.strict(wire.BATCH, payload.batch.body)
    check_lengths(batch, origin=32, key_id=32, root=32)
    demand(batch.leaf_type in LANES, "E_PARSE", "its leaf type")
    demand(1 <= batch.size <= payloads.MAX_STATEMENTS, "E_LIMIT", "its size")
    return origin, ids, batch


def check_constraints(c, exercise):
    """Every breach is E_PARSE."""
    demand(c is not None and c.label != 0, "E_PARSE", "no label")
    for nations in (c.rel_to, c.not_rel_to):
        demand(ascending(nations) and len(nations) <= 300 and all(re.fullmatch("[A-Z]{2}", n) for n in nations), "E_PARSE", "nations")
    for words in (c.sector_to, c.purpose):
        demand(ascending(words) and len(words) <= 64 and all(map(is_word, words)), "E_PARSE", "sectors or purposes")
    for time in (c.embargo_until_us, c.retain_until_us):
        demand(0 <= time < YEAR_10000, "E_PARSE", "a time")
    demand(c.post_embargo_label == 0 or c.embargo_until_us, "E_PARSE", "a label behind no embargo")
    demand(len(c.sg_id) in (0, 32), "E_PARSE", "a group's id")
    demand(ascending(c.addressees) and len(c.addressees) <= 1000 and all(len(a) == 32 for a in c.addressees), "E_PARSE", "addressees")
    demand(bool(c.exercise_id) == exercise and (not exercise or is_word(c.exercise_id)), "E_PARSE", "the exercise")


def check_statement(body, batch):
    """One by itself."""
    check_lengths(body, origin=32, key_id=32, identity_hash=32, msg_id=16, stream_id=16, previous=32, content_commit=32)
    demand(body.origin == batch.origin and body.key_id == batch.key_id, "E_PARSE", "not of its batch")
    demand(body.identity_version >= 1 and body.content_type == CONTENT_TYPE, "E_PARSE", "identity version or content type")
    if body.group is not None:
        demand(body.constraints is not None and body.constraints.sg_id == body.group.group_id, "E_PARSE", "not marked as its group's")
    passing.check_joint(body.joint)
    for named in (body.replaces, body.derived_from):
        demand(len(named) <= MAX_REFERENCES, "E_LIMIT", "statements that it names")
        demand(ascending(named) and all(len(one) == 32 for one in named), "E_PARSE", "statements that it names")
    check_constraints(body.constraints, LANES[batch.leaf_type].startswith("exercise"))


def check_bodies(bodies, batch):
    """Step 25."""
    for body in bodies:
        check_statement(body, batch)
        demand((body.audience, body.group, body.constraints, body.stream_id, body.joint) ==
               (bodies[0].audience, bodies[0].group, bodies[0].constraints, bodies[0].stream_id, bodies[0].joint), "E_PARSE",
               "not one audience, stream, label and one set of organisations that vouch")
    audiences.check_form(bodies[0])


def check_when(body, origin, now):
    """Step 26."""
    demand(0 < body.created_us <= now + SKEW, "E_TIME", "made in the future")
    demand(max(now, body.created_us) < body.expires_us <= body.created_us + 366 * DAY + SKEW, "E_TIME", "its end")
    key_for(origin, body.key_id, "batch.v1", body.created_us, now, (body.identity_version, body.identity_hash))


def check_statements(payload, parties, now, groups=(), reader=None):
    """Steps 21 to 29, as of an envelope so of a proof, which has no reader."""
    origin, ids, batch = check_batch(payload, parties, now)
    bodies = [wire.strict(wire.STATEMENT, entry.body) for entry in payload.statements]
    check_bodies(bodies, batch)
    for body in bodies:
        check_when(body, origin, now)
    exercise, batch_id = LANES[batch.leaf_type].startswith("exercise"), body_id("batch.v1", payload.batch.body)
    cosigners = passing.check_cosignatures(payload.cosignatures, bodies[0], batch_id, exercise, parties, now)
    to = audiences.of_statements(bodies[0], groups, None if payload.forwards else reader, now)
    hops = passing.check_chain(payload.forwards, payload.permissions, ids, bodies, to, parties, groups, now)
    return types.SimpleNamespace(batch=batch, batch_id=batch_id, ids=ids, bodies=bodies, entries=payload.statements,
                                 cosigners=cosigners, hops=hops, to=hops[-1].to if hops else to)


def check_content(entry, body):
    """Step 32."""
    demand(len(entry.salt) == 32 and body.content_length == len(entry.content) and body.content_commit == labelled_hash(
        "entente/1/content", entry.salt, u64(len(entry.content)), entry.content), "E_CONTENT", "another content")


def check_streams(entries, bodies, ids):
    """Step 33."""
    first = bodies[0].sequence - entries[0].index
    demand(first >= 1, "E_GAP", "before the stream's beginning")
    for i, (entry, body) in enumerate(zip(entries, bodies)):
        demand(body.sequence == first + entry.index, "E_GAP", "the sequence")
        demand((body.previous == bytes(32)) == (body.sequence == 1), "E_GAP", "the first of a stream")
        if i and entries[i - 1].index == entry.index - 1:
            demand(body.previous == ids[i - 1], "E_GAP", "not the statement before")


def check_hashes(seal, said, notices_hash=b""):
    """Step 31."""
    forwards = labelled_hash("entente/1/forwards", *(hop.id for hop in said.hops)) if said.hops else b""
    demand(seal.statements_hash == labelled_hash("entente/1/sealed", *said.ids), "E_SEAL", "other statements")
    demand(seal.audience_hash == said.to.hash, "E_SEAL", "another audience")
    demand(seal.forwards_hash == forwards and seal.notices_hash == notices_hash, "E_SEAL", "other forwards or notices")


def verify(opened, parties, peer, receiver, now, groups=()):
    """`parties`: org_id -> all versions on file; `groups`: epochs.Member of each group that is followed. Answers what was said, all of it
    checked."""
    payload = payloads.read(opened.payload)
    seal = check_seal(opened, payload.seal, parties.get(peer), now)
    if opened.epoch:
        audiences.check_sealer(opened.epoch, seal.org_id, groups, now)
    if payload.recalls or payload.receipts:
        said = notices.check_all(payload, parties, receiver, now)
        check_hashes(seal, said, said.hash)
        said.seal = seal
        return said
    said = check_statements(payload, parties, now, groups, receiver)
    said.seal, sealer = seal, seal.org_id
    may_seal = [said.hops[-1].org_id] if said.hops else [said.batch.origin]
    demand(sealer in may_seal or sealer in said.to.orgs, "E_AUDIENCE", "sealed by somebody whom it did not reach")
    demand(receiver in said.to.orgs, "E_AUDIENCE", "not addressed to this organisation")
    if said.to.document:
        audiences.check_now(sealer, said.to.group, now)
    if opened.epoch:
        audiences.check_epoch(opened.epoch, said.to, groups)
    check_hashes(seal, said)
    for entry, body in zip(payload.statements, said.bodies):
        check_content(entry, body)
    if not said.hops:
        check_streams(payload.statements, said.bodies, said.ids)
    return said
