"""Organisations with fixed keys, for golden files: who makes statements, who passes them on, who reads them, and who gives cause to refuse."""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import chain
import identity
import make
import wire
from building_blocks import expand, message, sha256
from identity import ADMIN, COMPROMISED, DAY, HOUR, ROOT, SUPERSEDED

NOW = 1767229200 * 10**6 + 1800 * 10**6  # 2026-01-01T01:00:00Z and half an hour, at no hour's edge
BEGAN = NOW - 30 * DAY


def fixed(name, size=32):
    return expand(sha256(b"entente golden world"), name, b"", size)


class Member:
    """A party on file with all its versions; `signer` makes its signatures."""

    def __init__(self, name, end=None):
        self.name, self.root, self.signer = name, make.Signer(fixed(f"{name} root"), ROOT), make.Signer(fixed(f"{name} statement"))
        self.documents = [make.make_identity(name, self.root, self.signer, BEGAN, end)]
        self.on_file()

    def on_file(self):
        """Takes the documents as they stand."""
        first, *later = [wire.strict(wire.SIGNED_IDENTITY, one) for one in self.documents]
        self.party = chain.begin(first, NOW)
        for one in later:
            self.party = chain.take(self.party, one, NOW)
        self.org, self.hash = self.party.org, self.party.newest.hash

    @property
    def versions(self):
        return self.party.versions

    @property
    def record(self):
        return {"party": self.name, "org_id": self.org, "identity_chain": message((1, self.documents))}

    @property
    def card(self):
        return message((1, 1), (2, self.documents[0]), (4, self.documents[1:]))

    def with_key(self, signer):
        """The same organisation, another of its keys."""
        other = object.__new__(Member)
        other.__dict__.update(self.__dict__, signer=signer)
        return other


def rotated_member():
    """Two versions. `stolen` was revoked with the second, `old` ended the day before NOW, `admin` is a group admin key."""
    member = Member("rotated")
    member.old, member.stolen = make.Signer(fixed("rotated old")), make.Signer(fixed("rotated stolen"))
    member.admin, member.new = make.Signer(fixed("rotated admin"), ADMIN), make.Signer(fixed("rotated new"))
    keys = [member.old, member.stolen]
    document = make.encoded({2: 1, 4: [member.root.entry(BEGAN, BEGAN + 730 * DAY)], 5: 1,
                             6: [key.entry(BEGAN, BEGAN + 365 * DAY) for key in keys], 7: b"\1", 8: 1, 9: BEGAN + 730 * DAY, 10: "rotated"})
    member.documents = [make.sign_identity(document, [member.root, *keys])]
    member.on_file()
    issued = NOW - 3 * DAY
    revocations = [message((1, member.old.id), (2, SUPERSEDED), (3, NOW - DAY)),
                   message((1, member.stolen.id), (2, COMPROMISED), (3, NOW - 4 * DAY))]
    document = make.encoded({1: member.org, 2: 2, 3: member.hash, 4: [member.root.entry(BEGAN, BEGAN + 730 * DAY)], 5: 1,
                             6: [member.old.entry(BEGAN, BEGAN + 365 * DAY), *(key.entry(issued, issued + 80 * DAY)
                                                                              for key in (member.new, member.admin))],
                             7: b"\1", 8: 1, 9: BEGAN + 730 * DAY, 10: "rotated", 11: issued, 12: revocations})
    member.documents.append(make.sign_identity(document, [member.root, member.new, member.admin]))
    member.on_file()
    member.signer = member.new
    return member


class Lie:
    """Signs nothing, and says that it did with the key of another."""

    def __init__(self, signer):
        self.id = signer.id

    def sign(self, _kind, _body):
        return bytes(64)


class World:
    def __init__(self):
        self.origin, self.middle, self.second, self.reader = map(Member, ("origin", "middle", "second", "reader"))
        self.rotated, self.frozen = rotated_member(), Member("frozen", end=NOW - HOUR)
        self.thief = self.rotated.with_key(self.rotated.stolen)
        self.admin = self.rotated.with_key(self.rotated.admin)
        self.liar = self.middle.with_key(Lie(self.middle.signer))
        self.on_file = [self.origin, self.middle, self.second, self.reader, self.rotated, self.frozen]
        self.outsider = Member("outsider")
        self.parties = {one.org: one.party for one in self.on_file}
        self.prekey_id, self.prekey_seed = fixed("prekey id", 16), fixed("prekey")
        prekey = make.make_prekey(self.reader, self.reader.signer, self.prekey_id, self.prekey_seed, NOW)
        self.prekey = wire.strict(wire.PREKEY, wire.strict(wire.SIGNED_BODY, prekey).body)
        self.slot = (self.reader.org, self.prekey_id, self.prekey.public_key)

    def records(self):
        """The beginning of a golden file: who is on file, and what its reader holds."""
        keys = {"now_us": str(NOW), "statement_seed": fixed("reader statement"), "prekey_id": self.prekey_id, "prekey_seed": self.prekey_seed,
                "prekey_public": self.prekey.public_key, "prekey_not_before_us": str(NOW), "prekey_not_after_us": str(NOW + 7 * DAY)}
        return [{"reader": "reader", "org_id": self.reader.org, **keys}, *(one.record for one in self.on_file)]
