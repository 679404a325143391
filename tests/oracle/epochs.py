"""Epochs of a group: what a member checks of one, what hangs on its secret, and the same secret once more in a re-wrap.
docs/formats/epoch.md and envelope.md, *Derivations*."""

import hmac

import hpke
import wire
from building_blocks import SUITE, body_id, expand, extract, labelled_hash, sha256, u32, u64
from forms import check_lengths
from groups import OF_EPOCH
from identity import DAY, HOUR, SKEW, check_signed
from merkle import root_of_path
from refusal import demand

SLOT, MAX_BODY, MAX_REWRAP, MAX_GRACE, MAX_SLOTS, SECOND = 1184, 1024, 4096, 259200, 1000, 10**6
LEAVE, REMOVAL, COMPROMISE, RED = 3, 4, 6, 5


def next_secret(before, ikm):
    return extract(before or bytes(32), ikm)


def fields_hash(epoch):
    return labelled_hash("entente/1/epoch-fields", epoch.group_id, epoch.issuer, u64(epoch.membership_version), epoch.membership_hash,
                         u64(epoch.epoch), epoch.previous_commit, u64(epoch.not_before_us), u64(epoch.not_after_us), u32(epoch.n_slots))


def commitment(secret, fields):
    return expand(secret, "entente/1/epoch-commit", fields, 32)


def route_tag(secret, fields):
    return expand(secret, "entente/1/route", fields, 16)


def content_key(secret, group, number, msg_salt):
    """Of one group envelope."""
    return expand(secret, "entente/1/gmsg", group + u64(number) + msg_salt, 32)


def slot_info(fields, org, prekey_id, public):
    return b"entente/1/epoch-wrap\0" + SUITE + fields + org + prekey_id + sha256(public)


def read_epoch(signed):
    """Step 1."""
    demand(len(signed.body) <= MAX_BODY, "E_LIMIT", "an epoch's size")
    epoch = wire.strict(wire.EPOCH, signed.body)
    check_lengths(epoch, issuer=32, key_id=32, group_id=32, membership_hash=32, previous_commit=32, slots_root=32, epoch_commit=32)
    demand(epoch.epoch >= 1 and epoch.membership_version >= 1, "E_PARSE", "number 0")
    demand(0 < epoch.not_before_us < epoch.not_after_us, "E_PARSE", "its times")
    demand(1 <= epoch.n_slots <= MAX_SLOTS and epoch.grace_s <= MAX_GRACE and epoch.reason, "E_PARSE", "slots, grace or reason")
    epoch.id, epoch.fields = body_id("epoch.v1", signed.body), fields_hash(epoch)
    return epoch


class Member:
    """One organisation's epochs of a group that it follows. `group`: groups.Group; `seeds`: prekey_id -> seed."""

    def __init__(self, org, group, seeds):
        self.org, self.group, self.seeds, self.epochs, self.secrets = org, group, seeds, [], {}

    def take(self, delivery, now):
        """Steps 1 to 14 for one that nobody asked for. From step 12 on the epoch stays, whatever comes of its slot."""
        demand(delivery.epoch is not None, "E_PARSE", "no epoch")
        epoch = read_epoch(delivery.epoch)
        if epoch.id in [one.id for one in self.epochs] and epoch.id in self.secrets:
            return epoch
        demand(self.group.versions and epoch.group_id == self.group.versions[0].group, "E_PARTY", "a group that is not followed")
        document = self.membership_of(epoch)
        self.check_issuer(epoch.issuer, document, epoch.key_id, "epoch.v1", delivery.epoch, now)
        self.check_terms(epoch, document, now)
        self.check_place(delivery, epoch, document)
        epoch.came = now
        self.epochs.append(epoch)
        if self.org in document.orgs:
            self.open_slot(epoch, delivery.slot)
        return epoch

    def membership_of(self, epoch):
        """Step 3."""
        document = self.group.version(epoch.membership_version)
        demand(document is not None and document.hash == epoch.membership_hash, "E_MEMBERHASH", "a version that is not on file")
        later = self.group.versions[epoch.membership_version:]
        demand(all((one.orgs, one.issuers) == (document.orgs, document.issuers) for one in later), "E_MEMBERHASH", "others are in it since")
        return document

    def check_issuer(self, issuer, document, key_id, kind, signed, now):
        """Steps 4 to 6."""
        demand(now < self.group.newest.expires_us, "E_FREEZE", "the newest membership has expired")
        demand(issuer in document.issuers, "E_ISSUER", "who issued it")
        check_signed(self.group.parties[issuer], key_id, kind, signed, now, now)

    def check_terms(self, epoch, document, now):
        """Steps 7 to 10."""
        newest = max((one.epoch for one in self.epochs), default=None)
        demand(epoch.suite == document.suite, "E_SUITE", "its suite")
        demand(newest is None or epoch.epoch >= newest, "E_EPOCHSTALE", "an older one that nobody asked for")
        demand(newest is None or epoch.epoch <= newest + 1, "E_IDCHAIN", "a gap")
        before = [one.epoch_commit for one in self.epochs if one.epoch == epoch.epoch - 1]
        demand(not before or epoch.previous_commit in before, "E_IDCHAIN", "not behind the epoch before")
        demand(epoch.not_before_us <= now + SKEW, "E_TIME", "it begins in the future")
        demand(epoch.not_after_us - epoch.not_before_us <= document.max_epoch_s * SECOND, "E_TIME", "it lives too long")
        demand(epoch.n_slots == len(document.orgs), "E_PARSE", "its slots")
        at_once = document.ceiling == RED and epoch.reason in (LEAVE, REMOVAL, COMPROMISE)
        demand(not at_once or epoch.grace_s == 0, "E_PARSE", "its grace")
        same = [one for one in self.epochs if (one.epoch, one.issuer) == (epoch.epoch, epoch.issuer) and one.id != epoch.id]
        demand(not same, "E_EQUIV", "a second one of one issuer and number")

    def check_place(self, delivery, epoch, document):
        """Step 11."""
        if self.org not in document.orgs:
            demand(not (delivery.slot or delivery.path or delivery.index), "E_SLOTPROOF", "a slot of who is no member")
            return
        demand(delivery.index == document.orgs.index(self.org) and len(delivery.slot) == SLOT, "E_SLOTPROOF", "another's slot")
        demand(all(len(one) == 32 for one in delivery.path), "E_SLOTPROOF", "a hash in its path")
        root = root_of_path(delivery.slot, delivery.index, epoch.n_slots, delivery.path)
        demand(root == epoch.slots_root, "E_SLOTPROOF", "not under the root")

    def open_slot(self, epoch, slot):
        """Steps 12 to 14."""
        demand(any(slot) and slot[:16] in self.seeds, "E_NOSLOT", "no prekey here opens it")
        seed = self.seeds[slot[:16]]
        secret = hpke.open_slot(seed, slot, slot_info(epoch.fields, self.org, slot[:16], hpke.expand_seed(seed)[2]))
        demand(hmac.compare_digest(commitment(secret, epoch.fields), epoch.epoch_commit), "E_COMMIT", "another secret")
        self.secrets[epoch.id] = secret

    def is_announced(self, epoch, now):
        """It has not begun, or no epoch of its number is logged and here, and it is not here for an hour. Of two of one number both are opened."""
        waits = self.logged(epoch.epoch) not in [one.id for one in self.epochs] and now < max(epoch.not_before_us, epoch.came) + HOUR
        return now < epoch.not_before_us - SKEW or waits

    def logged(self, number):
        entry = self.group.entries(OF_EPOCH).get(number)
        return entry and entry.subject

    def drain_until(self, epoch, now):
        """Where it came in time; of two epochs of the next number the logged one counts."""
        behind = [one for one in self.epochs if one.epoch == epoch.epoch + 1 and not self.is_announced(one, now)]
        if not behind:
            return epoch.not_after_us + 3 * DAY
        after = max(behind, key=lambda one: one.id == self.logged(one.epoch))
        return min(epoch.not_after_us, after.not_before_us) + after.grace_s * SECOND

    def take_rewrap(self, signed, now):
        demand(len(signed.body) <= MAX_REWRAP, "E_LIMIT", "a re-wrap's size")
        rewrap = wire.strict(wire.REWRAP, signed.body)
        check_lengths(rewrap, issuer=32, key_id=32, group_id=32, epoch_id=32, recipient=32, slot=SLOT)
        demand(self.group.versions and rewrap.group_id == self.group.versions[0].group, "E_PARTY", "a group that is not followed")
        self.check_issuer(rewrap.issuer, self.group.newest, rewrap.key_id, "rewrap.v1", signed, now)
        demand(0 < rewrap.time_us <= now + SKEW, "E_TIME", "of the future")
        demand(rewrap.recipient == self.org, "E_AUDIENCE", "for another")
        epoch = next((one for one in self.epochs if one.id == rewrap.epoch_id and one.epoch == rewrap.epoch), None)
        demand(epoch is not None, "E_EPOCH", "an epoch that is not on file")
        if epoch.id in self.secrets:
            return
        document = self.group.version(epoch.membership_version)
        demand(now < epoch.not_after_us + self.group.newest.catch_up_s * SECOND, "E_EPOCHSTALE", "out of the window")
        demand(self.org in document.orgs, "E_NOTMEMBER", "no member then")
        self.open_slot(epoch, rewrap.slot)


def use_of(members, tag, created_hour, now):
    """(secret, epoch) that a group envelope with this tag is opened under: steps 7 and 8 of envelope.md."""
    held = [(member, epoch) for member in members for epoch in member.epochs if epoch.id in member.secrets]
    found = [one for one in held if route_tag(one[0].secrets[one[1].id], one[1].fields) == tag]
    demand(found, "E_EPOCH", "a route tag of no epoch here")
    member, epoch = found[0]
    demand(now < member.drain_until(epoch, now), "E_EPOCHSTALE", "its secret is destroyed by now")
    demand(not member.is_announced(epoch, now), "E_EPOCH", "it does not count yet")
    demand(now < member.group.newest.expires_us, "E_FREEZE", "the newest membership has expired")
    demand(member.org in member.group.newest.orgs, "E_NOTMEMBER", "no member any more")
    demand((created_hour + 1) * HOUR >= epoch.not_before_us, "E_EPOCHSTALE", "sealed before it began")
    demand(created_hour * HOUR <= epoch.not_after_us, "E_EPOCHSTALE", "sealed after its end")
    return member.secrets[epoch.id], epoch
