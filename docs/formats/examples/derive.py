#!/usr/bin/python3
"""Computes every value of docs/formats/examples/derive.txt from the grammars alone.

  docs/formats/examples/derive.py [--check]     writes derive.txt; with --check only compares

Keys are SHA-256 of a sentence and all times stand still, so the output never changes.
"""

import json
import pathlib
import sys

from building_blocks import *

HERE = pathlib.Path(__file__).parent
T0 = 1767225600 * 10**6  # 2026-01-01T00:00:00Z
HOUR, DAY = 3600 * 10**6, 24 * 3600 * 10**6
ROOT, STATEMENT, ADMIN = 1, 2, 3
lines = []


def show(comment, **values):
    lines.append("")
    lines.extend(f"# {line}" for line in comment.split("\n"))
    for name, value in values.items():
        lines.append(f"{name} = " + (value.hex() if isinstance(value, bytes) else json.dumps(str(value))))


def fixed(name, size=32):
    return expand(sha256(b"entente example"), name, b"", size)


def key_entry(key, end):
    return message((1, key.id), (2, key.usage), (3, key.public), (4, T0), (5, T0 + end))


def signed_by(document, keys):
    return message((1, document), (2, [message((1, k.id), (2, k.sign("idoc.v1", document))) for k in keys]))


class Organisation:
    """Version 1: one root key, one statement key. Version 2: two roots of which both sign, a new statement key, an admin
    key, and the first statement key superseded."""

    def __init__(self, name):
        self.root, self.first, self.root2, self.statement, self.admin = (
            Key(f"{name} {what}", usage) for what, usage in
            (("root", ROOT), ("statement 1", STATEMENT), ("root 2", ROOT), ("statement 2", STATEMENT), ("admin", ADMIN)))
        self.version1 = message((2, 1), (4, [key_entry(self.root, 730 * DAY)]), (5, 1),
                                (6, [key_entry(self.first, 365 * DAY)]), (7, b"\1"), (8, 1), (9, T0 + 730 * DAY), (10, name))
        self.id = labelled_hash("entente/1/org", self.version1)
        self.hash1 = labelled_hash("entente/1/idoc", self.version1)
        self.version2 = message(
            (1, self.id), (2, 2), (3, self.hash1), (4, [key_entry(self.root, 730 * DAY), key_entry(self.root2, 730 * DAY)]),
            (5, 2), (6, [key_entry(self.statement, 90 * DAY), key_entry(self.admin, 90 * DAY)]), (7, b"\1"), (8, 1),
            (9, T0 + 730 * DAY), (10, name), (11, T0 + DAY), (12, [message((1, self.first.id), (2, 1), (3, T0 + DAY))]))
        self.hash2 = labelled_hash("entente/1/idoc", self.version2)
        self.signed1 = signed_by(self.version1, [self.root, self.first])
        self.signed2 = signed_by(self.version2, [self.root, self.root2, self.statement, self.admin])


def identities(orgs):
    a = orgs[0]
    show("identity.md: version 1 of cert.norlandia. All keys are SHA-256 of a sentence", root_seed=a.root.seed,
         root_public=a.root.public, root_key_id=a.root.id, statement_key_id=a.first.id, document=a.version1,
         signed_identity=a.signed1, org_id=a.id, identity_hash=a.hash1)
    show("version 2: both roots, a new statement key, an admin key; the first statement key superseded",
         document=a.version2, signed_identity=a.signed2, identity_hash=a.hash2)
    low, high = sorted([orgs[0].id, orgs[1].id])
    code = labelled_hash("entente/1/compare", low, high)
    show("invitation.md: what both operators read to each other", low=low, high=high, digest=code,
         code=" ".join(f"{int.from_bytes(code[i:i + 5], 'big') % 100000:05d}" for i in range(0, 30, 5)))


def group(orgs):
    members = sorted(orgs, key=lambda o: o.id)
    admins = members[:2]
    document = message((2, 1), (4, "energy"), (5, [o.id for o in admins]), (6, 2), (7, [o.id for o in admins]),
                       (8, [message((1, o.id), (2, 2)) for o in members]), (9, admins[0].id), (10, 1), (11, 1),
                       (12, 7 * 86400), (13, 35 * 86400), (14, 2), (15, 1), (18, T0 + 2 * DAY), (19, T0 + 9 * DAY))
    group_id = labelled_hash("entente/1/group", document)
    membership_hash = labelled_hash("entente/1/membership", document)
    show("membership.md: version 1 of a group of three; the admins sign in the order of their ids", document=document,
         signed_membership=message((1, document), (2, [message((1, o.id), (2, o.admin.id),
                                   (3, o.admin.sign("membership.v1", document))) for o in admins])),
         group_id=group_id, membership_hash=membership_hash)
    entry = message((1, admins[0].id), (2, admins[0].statement.id), (3, group_id), (4, 1), (5, [bytes(32)]), (6, 1), (7, 1),
                    (8, membership_hash), (9, T0 + 2 * DAY))
    show("the group's log: entry 1", body=entry, entry_id=body_id("grouplog.v1", entry))
    return members, admins[0], group_id, membership_hash, body_id("grouplog.v1", entry)


def epoch_body(issuer, group_id, membership_hash, n, root, fields, secret):
    return message((1, issuer.id), (2, issuer.statement.id), (3, group_id), (4, 1), (5, membership_hash), (6, 1),
                   (7, [bytes(32)]), (8, T0 + 2 * DAY), (9, T0 + 9 * DAY), (10, 1), (11, n), (12, root),
                   (13, expand(secret, "entente/1/epoch-commit", fields, 32)), (14, 72 * 3600), (15, 1))


def epoch(members, issuer, group_id, membership_hash, log_head):
    n = len(members)
    fields = labelled_hash("entente/1/epoch-fields", group_id, issuer.id, u64(1), membership_hash, u64(1), bytes(32),
                           u64(T0 + 2 * DAY), u64(T0 + 9 * DAY), u32(n))
    ikm = fixed("epoch 1 ikm")
    secret = extract(bytes(32), ikm)
    slots = [fixed(f"slot {i}", 1184) for i in range(n)]
    body = epoch_body(issuer, group_id, membership_hash, n, tree(slots), fields, secret)
    route_tag = expand(secret, "entente/1/route", fields, 16)
    show("epoch.md: epoch 1. The slots here are no real ones: slot i = Expand(SHA-256(\"entente example\"), \"slot i\")",
         epoch_fields=fields, ikm=ikm, epoch_secret=secret, slots_root=tree(slots),
         epoch_commit=expand(secret, "entente/1/epoch-commit", fields, 32), route_tag=route_tag, body=body,
         epoch_id=body_id("epoch.v1", body), path_of_slot_1=b"".join(path(slots, 1)))
    prekey = fixed("prekey", 1216)
    show("what a member's slot is wrapped under", recipient=members[1].id, prekey_id=fixed("prekey id", 16),
         prekey_public=prekey, info=b"entente/1/epoch-wrap\0" + SUITE + fields + members[1].id + fixed("prekey id", 16) +
         sha256(prekey))
    for count in (3, 10, 100, 1000):
        signed = issuer.statement.signed("epoch.v1", epoch_body(issuer, group_id, membership_hash, count, tree(slots), fields,
                                                                secret))
        entry = issuer.statement.signed("grouplog.v1", message((1, issuer.id), (2, issuer.statement.id), (3, group_id), (4, 2),
                                        (5, log_head), (6, 2), (7, 1), (8, body_id("epoch.v1", body)), (9, T0 + 2 * DAY)))
        delivery = message((1, signed), (2, entry), (3, count - 1), (4, bytes(1184)), (5, [bytes(32)] * (count - 1).bit_length()))
        show(f"sizes with {count} members", issuer_sends=len(message((1, signed), (2, bytes(1184 * count)))) + len(entry),
             member_downloads=len(delivery))
    return secret, route_tag


def statements(origin, group_id, membership_hash, contents):
    bodies, salts, previous = [], [], bytes(32)
    audience = message((1, group_id), (2, 1), (3, membership_hash))
    for i, content in enumerate(contents):
        salts.append(fixed(f"salt {i}"))
        body = message(
            (1, origin.id), (2, origin.statement.id), (3, 2), (4, origin.hash2), (5, fixed(f"msg {i}", 16)),
            (6, fixed("stream", 16)), (7, i + 1), (8, [previous]), (9, T0 + 3 * DAY), (10, T0 + 369 * DAY),
            (11, message((1, 2), (13, group_id))), (13, "application/stix+json;version=2.1"), (14, len(content)),
            (15, labelled_hash("entente/1/content", salts[i], u64(len(content)), content)), (16, audience))
        bodies.append(body)
        previous = body_id("statement.v1", body)
    return bodies, salts


def envelope(origin, group_id, membership_hash, secret, route_tag):
    contents = [b'{"type":"indicator","n":0}', b'{"type":"indicator","n":1}']
    bodies, salts = statements(origin, group_id, membership_hash, contents)
    ids = [body_id("statement.v1", body) for body in bodies]
    batch = message((1, origin.id), (2, origin.statement.id), (3, 2), (4, tree(ids)), (5, TYPE + "statement.v1"))
    entries = [message((1, b), (2, s), (3, c), (4, i)) for i, (b, s, c) in enumerate(zip(bodies, salts, contents))]

    def payload_with(h_core, commitment):
        seal = message((1, origin.id), (2, origin.statement.id), (3, [h_core]), (4, [commitment]),
                       (5, labelled_hash("entente/1/sealed", *ids)),
                       (6, labelled_hash("entente/1/audience-group", group_id, u64(1), membership_hash)), (7, T0 + 3 * DAY))
        return message((1, origin.statement.signed("batch.v1", batch)), (2, entries),
                       (3, origin.statement.signed("seal.v1", seal)))

    padded = padme(4 + len(payload_with(bytes(32), bytes(32))))
    hour, salt = (T0 + 3 * DAY) // HOUR, fixed("msg_salt")
    core = (b"ENT1" + SUITE + b"\2\0" + fixed("env_id", 16) + u32(hour) + u32(hour + 336) + route_tag + salt + u16(0) +
            bytes([padded.bit_length() - 1]))
    h0 = labelled_hash("entente/1/h0", core)
    h_core = labelled_hash("entente/1/core", h0, bytes(32))
    content_key = expand(secret, "entente/1/gmsg", group_id + u64(1) + salt, 32)
    commitment = payload_keys(content_key, h_core)[2]
    payload = payload_with(h_core, commitment)
    plaintext = (u32(len(payload)) + payload).ljust(padded, b"\0")
    wire = core + commitment + seal_chunks(content_key, h_core, plaintext)
    show("statement.md: two statements for the group, one batch", statement_0=bodies[0], statement_id_0=ids[0],
         statement_id_1=ids[1], batch=batch, batch_id=body_id("batch.v1", batch))
    show("envelope.md, group mode: opens with epoch_secret above, as of 2026-01-04T00:00Z", h0=h0, h_core=h_core,
         content_key=content_key, key_commitment=commitment, payload=payload, envelope=wire)
    forward = message((1, origin.id), (2, origin.statement.id), (3, [bytes(32)]), (4, b"".join(sorted(ids))),
                      (5, [fixed("somebody")]), (7, 4), (9, 2), (10, T0 + 3 * DAY))
    show("a forward of both, by their origin", body=forward, forward_id=body_id("forward.v1", forward),
         forwards_hash=labelled_hash("entente/1/forwards", body_id("forward.v1", forward)))
    recall = message((1, origin.id), (2, fixed("recall", 16)), (3, ids[0]), (5, 1), (6, 1), (7, 1), (9, T0 + 3 * DAY))
    show("notices.md: a recall of the first, by its origin", body=recall, recall_id=body_id("recall.v1", recall))
    leaf_salt = fixed("leaf salt")
    show("note.md: the batch's leaf in its origin's log", salt=leaf_salt, leaf=b"\1\1" + u32(hour) + labelled_hash(
        "entente/1/leaf", leaf_salt, body_id("batch.v1", batch)))


def main():
    orgs = [Organisation(name) for name in ("cert.norlandia", "cert.estovia", "volt-energy")]
    identities(orgs)
    members, issuer, group_id, membership_hash, log_head = group(orgs)
    envelope(issuer, group_id, membership_hash, *epoch(members, issuer, group_id, membership_hash, log_head))
    text = ("# Source: this project; computed from docs/formats by docs/formats/examples/derive.py\n# Licence: Apache-2.0\n" +
            "\n".join(lines) + "\n")
    if "--check" not in sys.argv:
        (HERE / "derive.txt").write_text(text)
    elif (HERE / "derive.txt").read_text() != text:
        sys.exit("derive.txt is not what the grammars give")


main()
