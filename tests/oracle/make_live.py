"""Envelopes for nodes that run: to the prekey that one offers, or under the epoch that a group's issuer gave out. docs/formats/envelope.md,
*Sealing*."""

import damages
import damages_live
import identity
import make
import ring
from make import GREEN, GroupAudience, straight
from refusal import demand

SUITE = 1


def check_floor(document, whose):
    """Of an identity document or of a membership document."""
    demand(document.min_suite <= SUITE, "E_SUITE", f"{whose} takes nothing below suite {document.min_suite}")


class ToPrekey:
    """Direct mode. `owner`: chain.History of who offers `prekey` (SignedBody)."""

    table = damages.TABLE

    def __init__(self, author, owner, prekey, exercise, now):
        check_floor(owner.newest.document, "the recipient's document")
        self.prekey = identity.check_prekey(owner, prekey, now)
        self.author, self.owner, self.exercise = author, owner, exercise
        self.constraints = {**GREEN, **({16: exercise} if exercise else {})}

    def scene(self):
        return damages.Scene(self.author, self.owner)

    def sealed(self, signer, contents, now, bend=straight):
        maker = make.Author(self.author, signer, now, bend=bend, exercise=bool(self.exercise))
        slot = (self.owner.org, self.prekey.prekey_id, self.prekey.public_key)
        return maker.envelope(contents, [self.owner.org], [slot], self.constraints)


class ToEpoch:
    """Group mode: for the members of the group's newest version, under the epoch that counts. `member`: epochs.Member; `owner`: to whom it
    is handed."""

    table = damages_live.TABLE

    def __init__(self, author, owner, member, now):
        group = member.group
        group.check_fresh(now)
        check_floor(owner.newest.document, "the recipient's document")
        check_floor(group.newest, "the group")
        self.author, self.owner, self.group, self.epoch = author, owner, group, ring.to_seal_under(member, now)
        self.secret = member.secrets[self.epoch.id]
        self.audience = GroupAudience(group.newest.group, group.newest.version, group.newest.hash)
        exercise = group.newest.exercise_id
        self.constraints = {**GREEN, 13: group.newest.group, **({16: exercise} if exercise else {})}

    def scene(self):
        demand(len(self.group.versions) > 1, "USAGE", "its damages need a group that has changed once")
        return damages_live.Scene(self.author, self.owner, self.group, self.epoch)

    def sealed(self, signer, contents, now, bend=straight):
        maker = make.Author(self.author, signer, now, bend=bend, exercise=16 in self.constraints, terms={16: [self.audience.field]})
        return maker.envelope(contents, self.audience, [], self.constraints, (self.secret, self.epoch))
