"""What was opened, checked or refused, as the command line prints it: JSON, ids in hexadecimal, times in microseconds, values of enums as
their numbers."""

import hashlib

from envelope import GROUP


def refused(refusal):
    return {"ok": False, "reason": refusal.reason, "what": refusal.what}


def hexed(values):
    return [one.hex() for one in values]


def envelope(opened, said):
    """Of one that was opened and whose content held."""
    top = {"ok": True, "mode": "group" if opened.mode == GROUP else "direct", "env_id": opened.env_id.hex(),
           "expires_hour": opened.expires_hour, "sealer": said.seal.org_id.hex(), "epoch": opened.epoch and epoch(opened.epoch)["epoch"]}
    return {**top, **(notices(said) if hasattr(said, "recalls") else statements(said))}


def statements(said):
    return {"of": "statements", "batch_id": said.batch_id.hex(), "batch_size": said.batch.size, **vouched(said),
            "statements": [statement(*row) for row in zip(said.ids, said.bodies, said.entries)]}


def vouched(said):
    """Who stands behind statements: their origin, who signed beside it, who passed them on."""
    return {"origin": said.batch.origin.hex(), "cosigners": hexed(said.cosigners), "hops": [hop(one) for one in said.hops]}


def statement_alone(said):
    """Of a proof."""
    return {"ok": True, "content_shown": said.content_shown, **vouched(said), **statement(said.ids[0], said.bodies[0], said.entries[0])}


def hop(one):
    return {"id": one.id.hex(), "org_id": one.org_id.hex(), "basis": one.basis, "label": one.label, "time_us": one.time_us,
            "permission_id": one.permission_id.hex(), **audience(one)}


def audience(body):
    group = body.group and {"group_id": body.group.group_id.hex(), "version": body.group.membership_version,
                            "membership_hash": body.group.membership_hash.hex()}
    return {"audience": hexed(body.audience), "group": group}


def statement(one, body, entry):
    constraints = {name: value.hex() if isinstance(value, bytes) else value for name, value in vars(body.constraints).items()
                   if name != "addressees"}
    return {"id": one.hex(), "sequence": body.sequence, "stream": body.stream_id.hex(), "label": body.constraints.label,
            "constraints": constraints, "addressees": hexed(body.constraints.addressees), **audience(body),
            "content_sha256": hashlib.sha256(entry.content).hexdigest(), "content": entry.content.decode(errors="replace")}


def notices(said):
    return {"of": "notices", "recalls": [recall(one) for one in said.recalls], "receipts": [receipt(one) for one in said.receipts]}


def recall(one):
    replacements = [one.replacements[at:at + 32].hex() for at in range(0, len(one.replacements), 32)]
    return {"id": one.id.hex(), "origin": one.origin.hex(), "signers": sorted(hexed(one.signers)), "authority": one.authority,
            "action": one.action, "why": one.reason, "targets": hexed(one.ids), "replacements": replacements,
            "group_id": one.group_id.hex(), "time_us": one.time_us, "exercise_id": one.exercise_id}


def receipt(one):
    return {"id": one.id.hex(), "org_id": one.org_id.hex(), "kind": one.kind, "subjects": hexed(one.ids), "recall_id": one.recall_id.hex(),
            "passed_on": one.passed_on, "outstanding": one.outstanding, "time_us": one.time_us, "exercise_id": one.exercise_id}


def epoch(one):
    return {"epoch": {"group_id": one.group_id.hex(), "number": one.epoch, "id": one.id.hex(), "issuer": one.issuer.hex(),
                      "membership_version": one.membership_version, "route_tag": one.tag.hex() if one.tag else ""}}


def membership(document):
    return {"ok": True, "group_id": document.group.hex(), "version": document.version, "hash": document.hash.hex(), "name": document.name,
            "members": hexed(document.orgs), "admins": hexed(document.admins), "threshold": document.threshold,
            "issuers": hexed(document.issuers), "expires_us": document.expires_us}


def party(found):
    """Of a chain.History: the newest version, and every key that any of them has."""
    known = {key_id: key for version in found.versions for key_id, key in version.keys.items()}
    rows = [{"key_id": key_id.hex(), "usage": key.usage, "stands": key_id in found.newest.keys,
             "revoked": found.revoked[key_id].reason if key_id in found.revoked else 0} for key_id, key in known.items()]
    return {"ok": True, "org_id": found.org.hex(), "version": len(found.versions), "identity_hash": found.hash.hex(), "name": found.name,
            "min_suite": found.newest.document.min_suite, "keys": hexed(found.keys), "all_keys": rows}
