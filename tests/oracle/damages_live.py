"""What one thing is bent in a group envelope that is made for a node that runs, and the reason for which docs/formats says every member refuses it.
damages_group has all of it against golden files; here is what hangs on a group that daemons founded and an epoch that one of them gave out."""

import dataclasses
import types

from building_blocks import labelled_hash, sha256, u16, u32
from damages import adder, flip, put, rewrite
from make import GREEN, GroupAudience, encoded

RED, COMMITMENT, CHUNKS = 5, 83, 83 + 32


@dataclasses.dataclass
class Scene:
    """Who seals, to whom it is handed, the group (groups.Group) and the epoch."""

    author: types.SimpleNamespace
    owner: types.SimpleNamespace
    group: types.SimpleNamespace
    epoch: types.SimpleNamespace


TABLE = {}
at = adder(TABLE)


def audience(scene, version=0, membership_hash=None):
    """Of the newest version, so many versions from there, under its hash or another."""
    number = scene.group.newest.version + version
    document = scene.group.version(number)
    return GroupAudience(scene.group.newest.group, number, membership_hash or (document.hash if document else sha256(b"nothing")))


def addressed(**what):
    return put(16, lambda _, scene: [audience(scene, **what).field])


def constrained(**changes):
    def change(body, scene):
        fields = {**GREEN, 13: scene.group.newest.group, **{int(name[1:]): value for name, value in changes.items()}}
        return {**body, 11: encoded({number: value for number, value in fields.items() if value is not None})}
    return change


def of_another_group(body, scene):
    other = sha256(b"another group")
    return {**constrained(_13=other)(body, scene), 16: [GroupAudience(other, 1, sha256(b"its version 1")).field]}


def by_name(body, scene):
    return {**constrained(_13=None)(body, scene), 12: scene.group.newest.orgs, 16: []}


def before_the_epoch(header, scene):
    hour = scene.epoch.not_before_us // (3600 * 10**6) - 2
    return {**header, "created": u32(hour), "expires": u32(hour + 336)}


# envelope.md, steps 2 to 14.
at("wire", "magic", "E_HEADER", flip(0))
at("header", "suite", "E_SUITE", lambda h, _: {**h, "suite": u16(2)})
at("header", "a-slot-in-group-mode", "E_HEADER", lambda h, _: {**h, "n_slots": u16(1)})
at("header", "direct-mode-without-a-slot", "E_HEADER", lambda h, _: {**h, "mode": b"\1"})
at("header", "tag-of-no-epoch", "E_EPOCH", lambda h, _: {**h, "route_tag": sha256(b"no epoch")[:16]})
at("header", "made-before-the-epoch", "E_EPOCHSTALE", before_the_epoch)
at("wire", "message-salt", "E_COMMIT", flip(50))
at("wire", "commitment", "E_COMMIT", flip(COMMITMENT + 5))
at("wire", "chunk", "E_AEAD", flip(CHUNKS + 40))
at("wire", "cut", "E_AEAD", rewrite(lambda wire: wire[:-1]))
at("wire", "a-byte-behind", "E_TRAILING", rewrite(lambda wire: wire + b"\0"))

# statement.md, steps 17 to 19, 25, 28, 30 and 31.
at("payload", "no-seal", "E_SEAL", put(3, []))
at("payload", "seal-signature", "E_SIG", put(3, lambda seals, _: [flip(-30)(seals[0])]))
at("seal", "seal-of-another-member", "E_SEAL", put(1, lambda _, scene: scene.owner.org))
at("seal", "seal-of-another-envelope", "E_SEAL", put(3, bytes(32)))
at("body", "organisations-and-a-group", "E_PARSE", put(12, lambda _, scene: scene.group.newest.orgs))
at("body", "not-marked-as-its-group", "E_PARSE", constrained(_13=None))
at("body", "of-version-0", "E_PARSE", put(16, lambda _, scene: [GroupAudience(scene.group.newest.group, 0, sha256(b"0")).field]))
at("body", "of-a-version-that-is-not-there", "E_MEMBERHASH", addressed(version=1))
at("body", "of-a-version-with-another-hash", "E_MEMBERHASH", addressed(membership_hash=sha256(b"another")))
at("body", "of-a-group-that-nobody-follows", "E_MEMBERHASH", of_another_group)
at("body", "over-the-ceiling", "E_AUDIENCE", constrained(_1=RED))
at("body", "embargoed-over-the-ceiling", "E_AUDIENCE", constrained(_6=4102444800 * 10**6))
at("body", "of-the-version-before", "E_AUDIENCE", addressed(version=-1))
at("body", "for-members-by-name", "E_AUDIENCE", by_name)
at("seal", "seal-of-the-list-of-nobody", "E_SEAL", put(6, labelled_hash("entente/1/audience")))
at("seal", "seal-of-the-version-before", "E_SEAL", put(6, lambda _, scene: audience(scene, version=-1).hash))

# No damage.
at("body", "optional-field-in-body", "ADMITTED", put(100, b"of a later version"))
at("seal", "optional-field-in-seal", "ADMITTED", put(102, b"of a later version"))
