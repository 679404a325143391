"""Scenes of one group as one of its members, who issues no epochs, lives through them: what comes, one behind the other, each at its time, and what may
be done then. C, who reads nothing here, and NEW come and go."""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import epochs
import groups
import leaves
import ring
import wire
from building_blocks import message
from golden_passing import answer
from golden_membership import WORLD
from groups import OF_EPOCH, OF_MEMBERSHIP
from identity import DAY, HOUR
from make import encoded, straight
from make_epochs import Issuer
from make_groups import Log, next_terms, sign_membership
from refusal import demand
from world import NOW, fixed

A, B, C, READER = WORLD.orgs
NEW, MINUTE = WORLD.second, 60 * 10**6
SCENES = []
PREKEYS = {READER.org: (WORLD.prekey_id, WORLD.prekey.public_key)}
TAKES = {"membership": wire.SIGNED_MEMBERSHIP, "entry": wire.SIGNED_BODY, "epoch": wire.DELIVERY, "rewrap": wire.SIGNED_BODY,
         "leave": wire.SIGNED_BODY}


def members(*who):
    return [message((1, org), (2, 1)) for org in sorted(one.org for one in who)]


class Version:
    """A document as it comes, and as groups reads it."""

    def __init__(self, fields, before=None):
        self.fields = next_terms(before.fields, before.document.bytes, **fields) if before else WORLD.terms(**fields)
        self.signed, _ = sign_membership(WORLD, self.fields)
        self.document = groups.read_document(wire.strict(wire.SIGNED_MEMBERSHIP, self.signed))


class Scene:
    """`here` is what the reader has on file by now, `rows` what is written down. Times count from NOW."""

    def __init__(self, name, *who, **changes):
        self.name, self.rows = name, []
        self.first = Version({"_8": members(*(who or (A, B, C, READER))), "_18": NOW - HOUR, "_19": NOW - HOUR + 7 * DAY, "_13": 86400,
                              **changes})
        self.log, self.here = Log(self.first.document.group), epochs.Member(READER.org, groups.Group(WORLD.parties), {
            WORLD.prekey_id: WORLD.prekey_seed})
        SCENES.append(self)

    def take(self, form, data, at, expected="ADMITTED", asked=False):
        def act():
            read, now = wire.strict(TAKES[form], data), NOW + at
            if form == "epoch":
                return self.here.take(read, now, asked)
            if form == "rewrap":
                return self.here.take_rewrap(read, now)
            return leaves.take(self.here.group, read, now) if form == "leave" else self.here.group.take_run([(form, read)], now)
        given, _ = answer(act)
        assert given == expected, (self.name, form, at, given, expected)
        self.rows.append({"at_us": str(NOW + at), form: data, "asked": "yes" if asked else "", "answer": given})

    def sweep(self, at):
        ring.sweep(self.here, NOW + at)
        self.rows.append({"at_us": str(NOW + at), "sweep": ""})

    def version(self, of, at=0, expected="ADMITTED"):
        self.take("membership", of.signed, at, expected)

    def entry(self, kind, subject, at=0, expected="ADMITTED", keeper=A, keep=True, bend=straight, said=None):
        """`said`: the time that it gives, as at."""
        signed = self.log.entry(keeper, kind, subject, NOW + (at if said is None else said), bend, keep)
        self.take("entry", signed, at, expected)

    def counts(self, of, at=0):
        self.version(of, at)
        self.entry(OF_MEMBERSHIP, of.document.hash, at)

    def begin(self):
        self.counts(self.first)
        return self

    def made(self, number, begins, ends, of=None, who=A, behind=None, slot=True, variant="", **terms):
        """An epoch that nobody has yet: (secret, epoch, delivery)."""
        of = of or self.first
        secret = epochs.next_secret(None, fixed(f"{self.name} {who.name} {number} {variant}"))
        maker = Issuer(who, of.document, PREKEYS if slot else {}, lambda name, size: fixed(f"random {self.name} {name}", size), NOW)
        previous = behind[1].epoch_commit if behind else bytes(32)
        epoch, signed, slots = maker.issue(number, secret, previous, not_before_us=NOW + begins, not_after_us=NOW + ends, **terms)
        return secret, epoch, maker.delivery(READER.org, signed, slots)

    def epoch(self, made, at=0, expected="ADMITTED", asked=False, logged=False):
        self.take("epoch", made[2], at, expected, asked)
        if logged:
            self.entry(OF_EPOCH, made[1].id, at)
        return made

    def rewrap(self, made, at, expected="ADMITTED", of=None):
        maker = Issuer(A, (of or self.first).document, PREKEYS, lambda name, size: fixed(f"again {self.name} {name}", size), NOW + at)
        self.take("rewrap", maker.rewrap(READER.org, made[1], made[0]), at, expected)

    def leave(self, who, at, expected="ADMITTED", version=1, said=None, bend=straight):
        fields = {1: who.org, 2: who.signer.id, 3: self.first.document.group, 4: version, 5: NOW + (at if said is None else said)}
        data = bend("leave_bytes", encoded(bend("leave", fields)))
        self.take("leave", bend("signed_leave", who.signer.signed("leave.v1", data)), at, expected)

    def ask(self, at, seals, *opens, who=(), are_in=()):
        """`seals`: the epoch that is sealed under, as made, or why none is; `opens`: (made, what opening under it answers)."""
        now = NOW + at
        given, epoch = answer(lambda: ring.to_seal_under(self.here, now))
        expected = seals if isinstance(seals, str) else seals[1].id
        assert (epoch.id if epoch else given) == expected, (self.name, at, given)
        row = {"at_us": str(now), "seal": tag(seals) if epoch else given}
        for n, (made, expected) in enumerate(opens, 1):
            given, _ = answer(lambda made=made: epochs.use_of([self.here], tag(made), None, now))
            assert given == expected, (self.name, at, n, given, expected)
            row |= {f"tag-{n}": tag(made), f"open-{n}": given}
        for n, (one, expected) in enumerate(zip(who, are_in), 1):
            given, _ = answer(lambda one=one: self.check_in(one.org, now))
            assert given == expected, (self.name, at, one.name, given, expected)
            row |= {f"org-{n}": one.org, f"in-{n}": given}
        self.rows.append(row)

    def check_in(self, org, now):
        self.here.group.check_fresh(now)
        demand(self.here.group.is_in(org), "E_NOTMEMBER")


def tag(made):
    return epochs.route_tag(made[0], made[1].fields)
