"""Two groups as one of their members comes to know them: documents, log entries and epochs, one behind the other.

  energy     1: A, B, GONE    2: and READER; nothing goes on    3: A, B, READER, NEW, who leaves    4: without READER
             epoch 1 under version 2, from hour to hour; epoch 2 under version 3; epoch 3 under version 3, which nobody logged
  exercise   up to RED, within one exercise    1: A, B, READER, who leaves at last    2: and NEW
             epoch 1 under version 1; epoch 2 under version 2, which begins in five minutes; another 2, which the log does not name"""

import functools
import types

import epochs
import groups
import leaves
import wire
from building_blocks import message
from golden_membership import WORLD, Version
from groups import OF_EPOCH, OF_MEMBERSHIP
from identity import DAY, HOUR
from make import GroupAudience, encoded
from make_epochs import Issuer
from make_groups import Log, next_terms
from world import NOW, fixed

A, B, GONE, READER = WORLD.orgs
NEW, MIDDLE, ORIGIN = WORLD.second, WORLD.middle, WORLD.origin
PARTIES = [A, B, GONE, READER, NEW, MIDDLE, ORIGIN]
WORD = "exercise-of-the-oracle"
MINUTE, NOTHING, LABEL_ALLOWS = 60 * 10**6, 1, 2
SLOT = (READER.org, WORLD.prekey_id, WORLD.prekey.public_key)
STORY = []  # (group_id, form, bytes)


def members(*who):
    return [message((1, org), (2, 1)) for org in sorted(one.org for one in who)]


class Group:
    """One of them: `audiences` by version, `epochs` by number as (secret, epoch)."""

    def __init__(self, *who, end=NOW + 6 * DAY, **changes):
        self.group, self.versions, self.audiences, self.documents, self.epochs, self.at = None, [], {}, [], {}, NOW - 20 * HOUR
        self.add_version(*who, _19=end, **changes)

    def tell(self, form, data):
        STORY.append((self.group, form, data))

    def add_log(self, kind, subject):
        self.at += MINUTE
        self.tell("entry", self.log.entry(A, kind, subject, self.at))

    def add_version(self, *who, **changes):
        if self.versions:
            version = Version(next_terms(self.versions[-1].fields, self.versions[-1].document, _8=members(*who), **changes))
        else:
            version = Version(WORLD.terms(_8=members(*who), **changes))
        document = groups.read_document(wire.strict(wire.SIGNED_MEMBERSHIP, version.signed))
        if not self.versions:
            self.group, self.log = document.group, Log(document.group)
        self.versions.append(version)
        self.documents.append(document)
        self.audiences[document.version] = GroupAudience(self.group, document.version, document.hash)
        self.tell("membership", version.signed)
        self.add_log(OF_MEMBERSHIP, document.hash)

    def add_leave(self, who):
        fields = {1: who.org, 2: who.signer.id, 3: self.group, 4: self.documents[-1].version, 5: NOW - MINUTE}
        self.tell("leave", who.signer.signed("leave.v1", encoded(fields)))

    def add_epoch(self, begin, end, logged=True, number=None, who=A, **terms):
        """Answers with (secret, epoch)."""
        number = number or len(self.epochs) + 1
        before = self.epochs[number - 1] if number > 1 else (None, types.SimpleNamespace(epoch_commit=bytes(32)))
        secret = epochs.next_secret(before[0], fixed(f"{who.name} {self.documents[0].name} {number}"))
        issuer = Issuer(who, self.documents[-1], {READER.org: SLOT[1:]}, lambda name, size: fixed(f"random {name}", size), NOW)
        epoch, signed, slots = issuer.issue(number, secret, before[1].epoch_commit, not_before_us=begin, not_after_us=end, **terms)
        self.epochs.setdefault(number, (secret, epoch))
        self.tell("epoch", issuer.delivery(READER.org, signed, slots))
        if logged:
            self.add_log(OF_EPOCH, epoch.id)
        return secret, epoch


EXERCISE = Group(A, B, READER, _4="exercise", _12=86400, _14=5, _15=LABEL_ALLOWS, _17=WORD, end=NOW + 2 * DAY)
EXERCISE.add_epoch(NOW - 3 * HOUR, NOW + 12 * HOUR)
EXERCISE.add_version(A, B, READER, NEW)
EXERCISE.add_epoch(NOW + 5 * MINUTE, NOW + 12 * HOUR)
RIVAL = EXERCISE.add_epoch(NOW - HOUR, NOW + 12 * HOUR, logged=False, number=2, who=B)
ENERGY = Group(A, B, GONE, _15=LABEL_ALLOWS)
ENERGY.add_version(A, B, GONE, READER, _15=NOTHING)
ENERGY.add_epoch(NOW - 3 * HOUR - 30 * MINUTE, NOW + 30 * MINUTE)
ENERGY.add_version(A, B, READER, NEW, _15=LABEL_ALLOWS)
ENERGY.add_epoch(NOW - HOUR, NOW + 2 * DAY, grace_s=172800, reason=4)
USUAL = len(STORY)
ENERGY.add_epoch(NOW - MINUTE, NOW + 3 * DAY, logged=False)
WITH_THE_THIRD = len(STORY)
ENERGY.add_leave(NEW)
WITHOUT_NEW = len(STORY)
EXERCISE.add_leave(READER)
WITHOUT_BOTH = len(STORY)
ENERGY.add_version(A, B, NEW)
WITHOUT_READER, BEFORE_ITS_ENTRY = len(STORY), len(STORY) - 1


@functools.cache
def reader_behind(count):
    """What the reader follows behind so many of STORY: epochs.Member of each group."""
    parties, followed = {one.org: one.party for one in PARTIES}, {}
    for group_id, form, data in STORY[:count]:
        member = followed.setdefault(group_id, epochs.Member(READER.org, groups.Group(parties), {WORLD.prekey_id: WORLD.prekey_seed}))
        if form == "membership":
            member.group.take_document(wire.strict(wire.SIGNED_MEMBERSHIP, data), NOW)
        elif form == "entry":
            member.group.take_entry(wire.strict(wire.SIGNED_BODY, data), NOW)
        elif form == "leave":
            leaves.take(member.group, wire.strict(wire.SIGNED_BODY, data), NOW)
        else:
            member.take(wire.strict(wire.DELIVERY, data), NOW)
    return list(followed.values())


def tag(epoch):
    return epochs.route_tag(epoch[0], epoch[1].fields)
