"""Makes what goes beside statements: co-signatures, permissions, forwards; and seals it all, or proves one statement alone."""

import wire
from building_blocks import body_id, labelled_hash, message, path
from forms import lane
from identity import DAY
from make import GREEN, Author, GroupAudience, Sealer, encoded, seal_hashes, straight

LABEL, PERMISSION, GROUP, ORIGIN = 1, 2, 3, 4
EXERCISE = {**GREEN, 16: "exercise-of-the-oracle"}


class Passed:
    """Statements of one origin on their way. Beside what make.Author bends: cosign, permission and forward, each as its fields, with
    `_bytes` behind it as its encoding, and with `signed_` before it as a SignedBody; always with its index."""

    def __init__(self, author, contents, audience, constraints=GREEN):
        self.author, self.bend, self.now = author, author.bend, author.now
        self.exercise = author.kind.startswith("exercise")
        self.batch, entries, self.all_ids = author.sign(contents, listed(audience), constraints)
        self.entries = [entry for entry in entries if entry is not None]
        self.ids = [one for one, entry in zip(self.all_ids, entries) if entry is not None]
        self.audience = audience if isinstance(audience, GroupAudience) else listed(audience)
        self.cosignatures, self.permissions, self.forwards, self.hops, self.leave = [], [], [], [], []

    def signed(self, stage, kind, signer, fields, index):
        body = self.bend(f"{stage}_bytes", encoded(self.bend(stage, fields, index)), index)
        return self.bend(f"signed_{stage}", signer.signed(kind, body), index), body

    def cosign(self, who, at=None):
        batch_body = message_field(self.batch, 1)
        fields = {1: who.org, 2: who.signer.id, 3: body_id("batch.v1", batch_body), 4: at or self.now}
        self.cosignatures.append(self.signed("cosign", lane("cosign.v1", self.exercise), who.signer, fields, len(self.cosignatures))[0])
        return self

    def permit(self, who, forwarder, audience, at=None):
        fields = {1: who.org, 2: who.signer.id, 3: self.author.randomness(f"permission {len(self.permissions)}", 16),
                  4: b"".join(sorted(self.all_ids)), 5: forwarder.org, 6: sorted(one.org for one in audience), 7: at or self.now,
                  8: (at or self.now) + 30 * DAY}
        signed, body = self.signed("permission", "permission.v1", who.signer, fields, len(self.permissions))
        self.permissions.append(signed)
        self.leave.append(body_id("permission.v1", body))
        return self

    def forward(self, who, audience, basis=LABEL, label=2, at=None):
        kind = lane("forward.v1", self.exercise)
        fields = {1: who.org, 2: who.signer.id, 3: [self.hops[-1] if self.hops else bytes(32)], 4: b"".join(sorted(self.all_ids)),
                  5: listed(audience), 6: grouped(audience), 7: basis, 8: self.leave[-1] if basis == PERMISSION else b"", 9: label,
                  10: at or self.now}
        signed, body = self.signed("forward", kind, who.signer, fields, len(self.hops))
        self.forwards.append(signed)
        self.hops.append(body_id(kind, body))
        self.audience = audience if isinstance(audience, GroupAudience) else listed(audience)
        return self

    def sealed(self, who, recipient, at, group=None):
        """The envelope for one recipient, (org_id, prekey_id, public key), or for a group's epoch, (secret, epoch)."""
        parts = {1: [self.batch], 2: [encoded(entry) for entry in self.entries], 4: self.forwards, 5: self.cosignatures,
                 6: self.permissions}
        hashes = seal_hashes(self.ids, self.audience)
        if self.hops:
            hashes[8] = labelled_hash("entente/1/forwards", *self.hops)
        sealer = Sealer(who, who.signer, at, self.author.randomness, self.bend)
        return sealer.envelope_of(parts, hashes, [] if group else [recipient], group)

    def proof(self, place=0, with_content=True):
        """StatementProof of one of them; bends proof and proof_bytes."""
        entry = dict(self.entries[place])
        if not entry[5] and len(self.all_ids) > 1:
            entry[5] = path(self.all_ids, entry[4])
        if not with_content:
            entry.update({2: b"", 3: b""})
        proof = self.bend("proof", {1: [self.batch], 2: [encoded(self.bend("proof_entry", entry))], 3: self.cosignatures, 4: self.forwards,
                                    5: self.permissions})
        return self.bend("proof_bytes", encoded(proof))


def listed(audience):
    return [] if isinstance(audience, GroupAudience) else sorted(one.org for one in audience)


def grouped(audience):
    return [audience.field] if isinstance(audience, GroupAudience) else []


def message_field(data, wanted):
    """A field of bytes in a message that this program made."""
    return next(value for number, _, value in wire.fields(data) if number == wanted)


class Scenes:
    """The journeys that damages befall, in a world.World; each takes what to bend and what goes otherwise."""

    def __init__(self, world, draw, now):
        self.world, self.draw, self.now = world, draw, now

    def made(self, bend, audience, constraints=GREEN, origin=None, contents=2, at=None, **terms):
        origin = origin or self.world.origin
        exercise = 16 in constraints
        author = Author(origin, origin.signer, at or self.now, self.draw, bend, exercise=exercise,
                        terms={int(name[1:]): value for name, value in terms.items()})
        texts = [b'{"type":"indicator","n":%d}' % i for i in range(contents)]
        return Passed(author, texts, audience, constraints)

    def plain(self, bend=straight, **more):
        """From the origin to the reader."""
        return self.made(bend, [self.world.reader], **more), self.world.origin

    def repaired(self, bend=straight, **more):
        """Sealed once more by another of the audience."""
        return self.made(bend, sorted([self.world.reader, self.world.middle], key=lambda one: one.org), **more), self.world.middle

    def forwarded(self, bend=straight, hops=None, first=None, **more):
        """To the middle; from there to the second; from there to the reader."""
        world = self.world
        passed = self.made(bend, [first or world.middle], **more)
        for who, audience, terms in hops or [(world.middle, [world.second], {}), (world.second, [world.reader], {})]:
            passed.forward(who, audience, **terms)
        return passed, world.second

    def permitted(self, bend=straight, label=5, by=None, orcon=False, exercise=False, more=0, **terms):
        """RED material, which the origin lets the middle pass on to the reader; and `more` permissions for nothing."""
        world = self.world
        constraints = {**(EXERCISE if exercise else {}), 1: label, **({5: 1} if orcon else {})}
        passed = self.made(bend, [world.middle], constraints, **terms)
        for _ in range(1 + more):
            passed.permit(by or world.origin, world.middle, [world.reader])
        return passed.forward(world.middle, [world.reader], basis=PERMISSION, label=label), world.middle

    def by_origin(self, bend=straight, by=None, **more):
        """The origin itself passes its RED material on to the reader, beyond the audience that it signed."""
        world = self.world
        passed = self.made(bend, [world.middle], {1: 5}, **more)
        return passed.forward(by or world.origin, [world.reader], basis=ORIGIN, label=5), world.origin

    def joint(self, bend=straight, cosigners=None, threshold=2, listed=None, **more):
        """A joint advisory of three, which the middle and the rotated organisation sign, too."""
        world = self.world
        listed = listed or [world.origin, world.middle, world.rotated]
        terms = message((1, sorted(one.org for one in listed)), (2, threshold))
        passed = self.made(bend, [world.reader], _17=terms, **more)
        for who, at in cosigners or [(world.middle, None), (world.rotated, None)]:
            passed.cosign(who, at)
        return passed, world.origin
