"""Epochs of a group: what a member checks of one, what hangs on its secret, and the same secret once more in a re-wrap.
docs/formats/epoch.md and envelope.md, *Derivations*."""

import hmac

import hpke
import ring
import wire
from building_blocks import SUITE, body_id, expand, extract, labelled_hash, sha256, u32, u64
from forms import check_lengths
from groups import OF_EPOCH
from identity import HOUR, SKEW, YEAR_10000, check_signed
from merkle import root_of_path
from refusal import demand

SLOT, MAX_BODY, MAX_REWRAP, MAX_GRACE, MAX_SLOTS, MAX_AHEAD, SECOND = 1184, 1024, 4096, 259200, 1000, 128, 10**6
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
    demand(0 < epoch.not_before_us < epoch.not_after_us < YEAR_10000, "E_PARSE", "its times")
    demand(1 <= epoch.n_slots <= MAX_SLOTS and epoch.grace_s <= MAX_GRACE and epoch.reason, "E_PARSE", "slots, grace or reason")
    epoch.id, epoch.fields = body_id("epoch.v1", signed.body), fields_hash(epoch)
    return epoch


class Member:
    """One organisation's epochs of a group that it follows. `group`: groups.Group; `seeds`: prekey_id -> seed."""

    def __init__(self, org, group, seeds):
        self.org, self.group, self.seeds, self.epochs, self.secrets = org, group, seeds, [], {}

    def take(self, delivery, now, asked=False):
        """Steps 1 to 14; `asked`: it answers a question of this member. From step 12 on the epoch stays, whatever comes of its slot."""
        demand(delivery.epoch is not None, "E_PARSE", "no epoch")
        epoch = read_epoch(delivery.epoch)
        held = self.find(epoch.id)
        if held and (held.destroyed or held.id in self.secrets):
            return held
        demand(self.group.versions and epoch.group_id == self.group.versions[0].group, "E_PARTY", "a group that is not followed")
        document = held and self.group.version(held.membership_version) or self.membership_of(epoch, asked)
        if held is None:
            self.check_issuer(epoch.issuer, document, epoch.key_id, "epoch.v1", delivery.epoch, epoch.not_before_us, now)
            self.check_terms(epoch, document, asked, now)
        self.check_place(delivery, held or epoch, document)
        if held is None:
            epoch.came, epoch.opened, epoch.tag, epoch.unopened, epoch.destroyed = now, None, None, False, False
            self.epochs.append(epoch)
        if self.org in document.orgs:
            self.open_slot(held or epoch, delivery.slot, now)
        return held or epoch

    def find(self, epoch_id):
        return next((one for one in self.epochs if one.id == epoch_id), None)

    def membership_of(self, epoch, asked):
        """Step 3."""
        document = self.group.version(epoch.membership_version)
        demand(document is not None and document.hash == epoch.membership_hash, "E_MEMBERHASH", "a version that is not on file")
        later = self.group.versions[epoch.membership_version:]
        demand(asked or all((one.orgs, one.issuers) == (document.orgs, document.issuers) for one in later), "E_MEMBERHASH",
               "others are in it since")
        return document

    def check_issuer(self, issuer, document, key_id, kind, signed, at, now):
        """Steps 4 to 6."""
        demand(now < self.group.newest.expires_us, "E_FREEZE", "the newest membership has expired")
        demand(issuer in document.issuers, "E_ISSUER", "who issued it")
        demand(issuer in self.group.parties, "E_PARTY", "who issued it is not on file")
        check_signed(self.group.parties[issuer], key_id, kind, signed, at, now)

    def check_chain(self, epoch, document, asked, now):
        """Step 7, which number it may have and behind which it stands."""
        last = ring.latest(self, now)
        demand(epoch.epoch > 1 or not any(epoch.previous_commit), "E_IDCHAIN", "nothing is before the first")
        came_back = last and not self.group.is_member_since(self.org, last.membership_version) and (
            self.org in document.orgs and epoch.membership_version > last.membership_version)
        if last is None or came_back:
            demand(epoch.epoch <= max(self.group.entries(OF_EPOCH), default=0) + MAX_AHEAD, "E_IDCHAIN", "far ahead of the log")
            return
        demand(epoch.epoch <= last.epoch + 1, "E_IDCHAIN", "a gap")
        in_window = asked and now < epoch.not_after_us + document.catch_up_s * SECOND
        demand(epoch.epoch >= last.epoch or in_window, "E_EPOCHSTALE", "an older one, unasked or too old")
        before = [one.epoch_commit for one in self.epochs if one.epoch == epoch.epoch - 1]
        demand(not before or epoch.previous_commit in before, "E_IDCHAIN", "not behind the epoch before")

    def check_terms(self, epoch, document, asked, now):
        """Steps 7 to 10."""
        demand(epoch.suite == document.suite, "E_SUITE", "its suite")
        self.check_chain(epoch, document, asked, now)
        demand(epoch.not_before_us <= now + SKEW, "E_TIME", "it begins in the future")
        demand(epoch.not_after_us - epoch.not_before_us <= document.max_epoch_s * SECOND, "E_TIME", "it lives too long")
        demand(epoch.n_slots == len(document.orgs), "E_PARSE", "its slots")
        at_once = document.ceiling == RED and epoch.reason in (LEAVE, REMOVAL, COMPROMISE)
        demand(not at_once or epoch.grace_s == 0, "E_PARSE", "its grace")
        same = [one for one in self.epochs if (one.epoch, one.issuer) == (epoch.epoch, epoch.issuer) and one.id != epoch.id]
        entry = self.group.entries(OF_EPOCH).get(epoch.epoch)
        demand(not same or entry and entry.subject == epoch.id, "E_EQUIV", "a second one of one issuer and number")

    def check_place(self, delivery, epoch, document):
        """Step 11."""
        if self.org not in document.orgs:
            demand(not (delivery.slot or delivery.path or delivery.index), "E_SLOTPROOF", "a slot of who is no member")
            return
        demand(delivery.index == document.orgs.index(self.org) and len(delivery.slot) == SLOT, "E_SLOTPROOF", "another's slot")
        demand(all(len(one) == 32 for one in delivery.path), "E_SLOTPROOF", "a hash in its path")
        root = root_of_path(delivery.slot, delivery.index, epoch.n_slots, delivery.path)
        demand(root == epoch.slots_root, "E_SLOTPROOF", "not under the root")

    def open_slot(self, epoch, slot, now):
        """Steps 12 to 14."""
        epoch.unopened = True
        demand(any(slot) and slot[:16] in self.seeds, "E_NOSLOT", "no prekey here opens it")
        seed = self.seeds[slot[:16]]
        secret = hpke.open_slot(seed, slot, slot_info(epoch.fields, self.org, slot[:16], hpke.expand_seed(seed)[2]))
        demand(hmac.compare_digest(commitment(secret, epoch.fields), epoch.epoch_commit), "E_COMMIT", "another secret")
        self.secrets[epoch.id], epoch.opened, epoch.tag = secret, now, route_tag(secret, epoch.fields)

    def take_rewrap(self, signed, now):
        demand(len(signed.body) <= MAX_REWRAP, "E_LIMIT", "a re-wrap's size")
        rewrap = wire.strict(wire.REWRAP, signed.body)
        check_lengths(rewrap, issuer=32, key_id=32, group_id=32, epoch_id=32, recipient=32, slot=SLOT)
        demand(self.group.versions and rewrap.group_id == self.group.versions[0].group, "E_PARTY", "a group that is not followed")
        self.check_issuer(rewrap.issuer, self.group.newest, rewrap.key_id, "rewrap.v1", signed, rewrap.time_us, now)
        demand(0 < rewrap.time_us <= now + SKEW, "E_TIME", "of the future")
        demand(rewrap.recipient == self.org, "E_AUDIENCE", "for another")
        epoch = self.find(rewrap.epoch_id)
        demand(epoch is not None and epoch.epoch == rewrap.epoch, "E_EPOCH", "an epoch that is not on file")
        if epoch.id in self.secrets:
            return
        document = self.group.version(epoch.membership_version)
        in_window = not epoch.destroyed and now < epoch.not_after_us + document.catch_up_s * SECOND
        demand(in_window, "E_EPOCHSTALE", "out of the window")
        demand(self.group.is_member_since(self.org, epoch.membership_version), "E_NOTMEMBER", "no member all the time since")
        self.open_slot(epoch, rewrap.slot, now)


def use_of(members, tag, created_hour, now):
    """(secret, epoch) that a group envelope with this tag is opened under: steps 7 and 8 of envelope.md; without an hour, as of now."""
    found = [(member, epoch) for member in members for epoch in member.epochs if epoch.tag == tag]
    demand(found, "E_EPOCH", "a route tag of no epoch here")
    member, epoch = found[0]
    state = ring.state(member, epoch, now)
    demand(state != ring.ANNOUNCED, "E_EPOCH", "it does not count yet")
    demand(state != ring.DESTROYED, "E_EPOCHSTALE", "its secret is destroyed by now")
    demand(now < member.group.newest.expires_us, "E_FREEZE", "the newest membership has expired")
    demand(member.group.is_in(member.org), "E_NOTMEMBER", "no member any more")
    if created_hour is not None:
        demand((created_hour + 1) * HOUR >= epoch.not_before_us, "E_EPOCHSTALE", "sealed before it began")
        demand(created_hour * HOUR <= epoch.not_after_us, "E_EPOCHSTALE", "sealed after its end")
    return member.secrets[epoch.id], epoch
