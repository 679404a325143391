"""Makes membership documents and entries of a group's log."""

import world
from building_blocks import body_id, labelled_hash, message
from identity import ADMIN, DAY
from make import Signer, encoded, sign_identity, straight
from world import BEGAN, NOW, Member, fixed


class GroupMember(Member):
    """Version 2 has a group admin key, `admin`."""

    def __init__(self, name):
        super().__init__(name)
        self.admin, issued = Signer(fixed(f"{name} admin"), ADMIN), NOW - 20 * DAY
        self.documents.append(sign_identity(encoded({
            1: self.org, 2: 2, 3: self.hash, 4: [self.root.entry(BEGAN, BEGAN + 730 * DAY)], 5: 1,
            6: [self.signer.entry(BEGAN, BEGAN + 365 * DAY), self.admin.entry(issued, issued + 80 * DAY)], 7: b"\1", 8: 1,
            9: BEGAN + 730 * DAY, 10: name, 11: issued}), [self.root, self.admin]))
        self.on_file()


class GroupWorld(world.World):
    """Beside the others: four organisations in ascending order, of which the first three are admins (two sign), two issue and the first
    keeps the log; the reader's prekey is of the fourth."""

    def __init__(self):
        super().__init__()
        self.orgs = sorted((GroupMember(f"group-{i}") for i in range(4)), key=lambda one: one.org)
        self.on_file += self.orgs
        self.parties = {one.org: one.party for one in self.on_file}

    def terms(self, **changes):
        """Fields of version 1."""
        orgs = [one.org for one in self.orgs]
        fields = {2: 1, 4: "energy", 5: orgs[:3], 6: 2, 7: orgs[:2], 8: [message((1, org), (2, 1)) for org in orgs], 9: orgs[0], 10: 1,
                  11: 1, 12: 604800, 13: 3024000, 14: 3, 15: 1, 18: NOW - DAY, 19: NOW + 5 * DAY}
        return {**fields, **{int(name[1:]): value for name, value in changes.items()}}


def sign_membership(world_, fields, signers=(0, 1), bend=straight):
    """SignedMembership; bends document, document_bytes, signatures (fields of each), signed."""
    document = bend("document_bytes", encoded(bend("document", fields)))
    signatures = [{1: org.org, 2: org.admin.id, 3: org.admin.sign("membership.v1", document)} for org in
                  (world_.orgs[one] if isinstance(one, int) else one for one in signers)]
    return bend("signed", message((1, document), (2, [encoded(one) for one in bend("signatures", signatures)]))), document


def next_terms(fields, document, **changes):
    """The version behind this one, issued an hour later."""
    group = fields.get(1) or labelled_hash("entente/1/group", document)
    return {**fields, 1: group, 2: fields[2] + 1, 3: labelled_hash("entente/1/membership", document), 18: fields[18] + 3600 * 10**6,
            19: fields[19] + 3600 * 10**6, **{int(name[1:]): value for name, value in changes.items()}}


class Log:
    """A group's log as its keeper writes it; bends entry (fields), entry_bytes, signed_entry."""

    def __init__(self, group):
        self.group, self.index, self.previous, self.numbers = group, 0, bytes(32), {}

    def entry(self, keeper, kind, subject, at, bend=straight, keep=True):
        number = self.numbers.get(kind, 0) + 1
        fields = {1: keeper.org, 2: keeper.signer.id, 3: self.group, 4: self.index + 1, 5: [self.previous], 6: kind, 7: number, 8: subject,
                  9: at}
        body = bend("entry_bytes", encoded(bend("entry", fields)))
        if keep:
            self.index, self.previous = self.index + 1, body_id("grouplog.v1", body)
            self.numbers[kind] = number
        return bend("signed_entry", keeper.signer.signed("grouplog.v1", body))
