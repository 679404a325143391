"""Recalls and receipts. docs/formats/notices.md."""

import types

import wire
from building_blocks import body_id, labelled_hash, pae
from forms import check_lengths, hint_of, ids_in, is_word, lane, signed_body
from identity import ADMIN, SKEW, STATEMENT, key_for
from points import verify
from refusal import demand

MAX_SIGNATURES = 64
BY_ORIGIN, BY_COSIGNERS, BY_GROUP = 1, 2, 3
DELETE, CORRECT, SUPERSEDE = 1, 2, 3
STORED, AWARE, RECALLED, LEGAL_HOLD, REFUSED = 1, 2, 3, 4, 5


def in_exercise(schema, body):
    """Which lane an unverified body claims."""
    hint = wire.hint(schema, body)
    return hint is not None and bool(hint.exercise_id)


def check_signers(signed, kind, hint, parties, now):
    """The organisations that signed, of those on file; every signature of theirs holds, with a key that the authority asks for."""
    named = [(one.org_id, one.key_id) for one in signed.signatures]
    demand(1 <= len(named) <= MAX_SIGNATURES and len({key for _, key in named}) == len(named), "E_PARSE", "its signatures")
    signers, usage = set(), ADMIN if hint.authority == BY_GROUP else STATEMENT
    for one in signed.signatures:
        demand(len(one.org_id) == len(one.key_id) == 32, "E_PARSE", "who signed it")
        party = parties.get(one.org_id)
        if party is None:
            continue
        public = key_for(party, one.key_id, kind, hint.time_us, now)
        key = next(version.keys[one.key_id] for version in party.versions if one.key_id in version.keys)
        demand(key.usage == usage, "E_KEYUSE", "a key of another usage than its authority asks for")
        demand(verify(public, pae(kind, signed.body), one.signature), "E_SIG", "a recall")
        signers.add(one.org_id)
    demand(signers, "E_PARTY", "nobody who signed it is on file")
    return signers


def check_recall(signed, parties, now):
    hint = wire.hint(wire.RECALL, signed.body)
    demand(hint is not None, "E_PARSE", "it is no message")
    kind = lane("recall.v1", bool(hint.exercise_id))
    signers = check_signers(signed, kind, hint, parties, now)
    recall = wire.strict(wire.RECALL, signed.body)
    recall.id, recall.signers = body_id(kind, signed.body), signers
    check_lengths(recall, origin=32, msg_id=16, group_id=32 if recall.authority == BY_GROUP else 0)
    recall.ids = ids_in(recall.targets)
    demand(recall.action and recall.reason and recall.authority, "E_PARSE", "its action, reason or authority")
    wanted = len(recall.targets) if recall.action in (CORRECT, SUPERSEDE) else 0
    demand(len(recall.replacements) == wanted, "E_PARSE", "its replacements")
    demand(not recall.exercise_id or is_word(recall.exercise_id), "E_PARSE", "its exercise")
    demand(recall.time_us <= now + SKEW, "E_TIME", "of the future")
    if recall.authority == BY_ORIGIN:
        demand(len(signed.signatures) == 1 and signers == {recall.origin}, "E_AUTHORITY", "not signed by the origin alone")
    return recall


def check_authority(recall, target):
    """Whether it reaches a target on file, a StatementBody. No group is known here."""
    demand(target.origin == recall.origin, "E_AUTHORITY", "another organisation's statement")
    demand(target.constraints.exercise_id == recall.exercise_id, "E_AUTHORITY", "of another lane")
    if recall.authority == BY_ORIGIN:
        return
    demand(recall.authority == BY_COSIGNERS and target.joint is not None, "E_AUTHORITY", "no such authority over it")
    demand(recall.signers <= set(target.joint.organisations), "E_AUTHORITY", "signed by who does not vouch for it")
    demand(len(recall.signers) >= target.joint.threshold, "E_THRESHOLD", "too few signed it")


def check_receipt(signed, parties, receiver, now):
    hint = hint_of(wire.RECEIPT, signed)
    kind = lane("receipt.v1", bool(hint.exercise_id))
    receipt = signed_body(wire.RECEIPT, kind, signed, parties, now)
    receipt.id = body_id(kind, signed.body)
    after_recall = receipt.kind in (RECALLED, LEGAL_HOLD, REFUSED)
    check_lengths(receipt, recall_id=32 if after_recall else 0)
    receipt.ids = ids_in(receipt.subjects)
    demand(receipt.kind, "E_PARSE", "its kind")
    demand(receipt.outstanding <= receipt.passed_on and (after_recall or not receipt.passed_on), "E_PARSE", "its numbers")
    demand(not receipt.exercise_id or is_word(receipt.exercise_id), "E_PARSE", "its exercise")
    demand(receipt.to == receiver, "E_AUDIENCE", "for another organisation")
    demand(receipt.time_us <= now + SKEW, "E_TIME", "of the future")
    return receipt


def check_all(payload, parties, receiver, now):
    """Each by itself; one that does not hold refuses all. Answers with what the seal must name."""
    recalls = [check_recall(signed, parties, now) for signed in payload.recalls]
    receipts = [check_receipt(signed, parties, receiver, now) for signed in payload.receipts]
    ids = [notice.id for notice in recalls + receipts]
    to = types.SimpleNamespace(hash=labelled_hash("entente/1/audience"))  # the list of nobody
    return types.SimpleNamespace(recalls=recalls, receipts=receipts, hash=labelled_hash("entente/1/notices", *ids), ids=[], hops=[], to=to)
