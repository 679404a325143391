"""Membership documents of a group and the log that orders them. docs/formats/membership.md."""

import identity
import wire
from building_blocks import body_id, labelled_hash, pae
from forms import ascending, check_lengths, is_word
from identity import DAY, SKEW, YEAR_10000, check_signed, key_for
from points import verify
from refusal import demand

MAX_DOCUMENT, MAX_SIGNATURES, MAX_ADMINS, MAX_ISSUERS, MAX_MEMBERS, MAX_BODY, MAX_ANNOUNCED = 256 << 10, 64, 32, 8, 1000, 1024, 8
STRICT = 4  # AMBER+STRICT, and RED behind it
OF_MEMBERSHIP, OF_EPOCH = 1, 2


def read_document(signed):
    """Steps 1, with the ids of the document."""
    demand(len(signed.document) <= MAX_DOCUMENT and len(signed.signatures) <= MAX_SIGNATURES, "E_LIMIT", "its size")
    document = wire.strict(wire.MEMBERSHIP, signed.document)
    demand(document.version >= 1, "E_PARSE", "version 0")
    first = document.version == 1
    check_lengths(document, group_id=0 if first else 32, previous_hash=0 if first else 32, log_org=32)
    document.bytes, document.hash = signed.document, labelled_hash("entente/1/membership", signed.document)
    document.group = labelled_hash("entente/1/group", signed.document) if first else document.group_id
    demand(len(document.admins) <= MAX_ADMINS and len(document.issuers) <= MAX_ISSUERS and len(document.members) <= MAX_MEMBERS,
           "E_LIMIT", "admins, issuers or members")
    document.orgs = [member.org_id for member in document.members]
    demand(all(len(org) == 32 for org in document.admins + document.issuers + document.orgs), "E_PARSE", "an organisation's id")
    return document


def check_fields(document):
    """Step 4; every breach is E_PARSE."""
    demand(1 <= len(document.name.encode()) <= 64 and identity.can_be_shown(document.name), "E_PARSE", "its name")
    demand(document.admins and ascending(document.admins), "E_PARSE", "its admins")
    demand(1 <= document.threshold <= len(document.admins), "E_PARSE", "its threshold")
    demand(document.orgs and ascending(document.orgs), "E_PARSE", "its members")
    demand(all(member.min_identity_version >= 1 for member in document.members), "E_PARSE", "a member's version")
    demand(document.issuers and len(set(document.issuers)) == len(document.issuers), "E_PARSE", "its issuers")
    demand(set(document.issuers) <= set(document.orgs), "E_PARSE", "an issuer who is no member")
    demand(document.log_org in document.admins + document.issuers, "E_PARSE", "who keeps its log")
    demand(document.suite >= document.min_suite >= 1, "E_PARSE", "its suites")
    demand(document.ceiling >= 2 and document.onward != 0, "E_PARSE", "its ceiling or onward rule")
    demand(3600 <= document.max_epoch_s <= (86400 if document.ceiling >= STRICT else 604800), "E_PARSE", "how long an epoch lives")
    demand(document.catch_up_s <= 7776000, "E_PARSE", "how long issuers keep secrets")
    demand(not document.exercise_id or is_word(document.exercise_id), "E_PARSE", "its exercise")
    demand(document.issued_us < document.expires_us <= document.issued_us + 7 * DAY, "E_PARSE", "its end")
    demand(0 < document.issued_us and document.expires_us < YEAR_10000, "E_PARSE", "its times")


def check_signatures(signed, document, before, parties, now):
    """Step 6."""
    admins = set(document.admins) | set(before.admins if before else [])
    demand(len({one.key_id for one in signed.signatures}) == len(signed.signatures), "E_PARSE", "a key twice")
    demand(all(one.org_id in admins for one in signed.signatures), "E_PARSE", "signed by who is no admin")
    for one in signed.signatures:
        demand(one.org_id in parties, "E_PARTY", "an admin that is not on file")
        public = key_for(parties[one.org_id], one.key_id, "membership.v1", document.issued_us, now)
        demand(verify(public, pae("membership.v1", signed.document), one.signature), "E_SIG", "a membership document")
    signers = {one.org_id for one in signed.signatures}
    if before:
        demand(len(signers & set(before.admins)) >= before.threshold, "E_THRESHOLD", "of the version before")
    if not before or (before.admins, before.threshold) != (document.admins, document.threshold):
        demand(len(signers & set(document.admins)) >= document.threshold, "E_THRESHOLD", "of its own admins")


class Group:
    """What is on file of one group: the versions that count, those that wait for the log, the log, what its keeper signed against it, and
    leaves by their author."""

    def __init__(self, parties):
        self.parties, self.versions, self.announced, self.log, self.contradictions, self.leaves = parties, [], [], [], [], {}

    @property
    def newest(self):
        return self.versions[-1] if self.versions else None

    def version(self, number):
        return self.versions[number - 1] if 1 <= number <= len(self.versions) else None

    def entries(self, kind):
        return {entry.number: entry for entry in self.log if entry.kind == kind}

    def is_member_since(self, org, number):
        """In every version that counts, from this one on."""
        return 1 <= number <= len(self.versions) and all(org in one.orgs for one in self.versions[number - 1:])

    def has_left(self, org):
        return org in self.leaves and self.is_member_since(org, self.leaves[org].membership_version)

    def is_in(self, org):
        """As the group is now."""
        return self.newest is not None and org in self.newest.orgs and not self.has_left(org)

    def check_fresh(self, now):
        demand(self.newest is not None, "E_MEMBERHASH", "no version counts yet")
        demand(now < self.newest.expires_us, "E_FREEZE", "the newest membership has expired")

    def take_run(self, run, now):
        """(form, SignedMembership or SignedBody) one behind the other; what came before a refusal stays. Step 9."""
        last = None
        for form, signed in run:
            last = self.take_one(form, signed, now) or last
        self.end_run(last, now)

    def take_one(self, form, signed, now):
        """The version of a document, None of an entry."""
        if form != "membership":
            self.take_entry(signed, now)
            return None
        self.take_document(signed, now)
        return wire.strict(wire.MEMBERSHIP, signed.document).version

    def end_run(self, last, now):
        """`last`: the version of the run's last document, None where it had none."""
        demand(last is None or last >= len(self.versions), "E_ROLLBACK", "it ends before the version that counts")
        if self.newest:
            self.check_fresh(now)

    def take_document(self, signed, now):
        """Steps 1 to 8."""
        document = read_document(signed)
        on_file = [one.bytes for one in self.versions + self.announced]
        if document.bytes in on_file:
            return
        number, counting = document.version, len(self.versions)
        demand(number >= counting or number == 0, "E_ROLLBACK", "an older version with other bytes")
        demand(number <= counting + 1, "E_IDCHAIN", "a gap")
        self.check_link(document, now)
        check_fields(document)
        before = self.version(number - 1)
        demand(before is None or document.min_suite >= before.min_suite and document.suite >= before.suite, "E_FLOOR", "a lower suite")
        check_signatures(signed, document, before, self.parties, now)
        demand(document.hash not in [entry.subject for entry in self.contradictions if entry.kind == OF_MEMBERSHIP] or number > counting,
               "E_EQUIV", "the log has entries for two documents of one version")
        demand(number > counting, "E_IDCHAIN", "another one counts")
        named = self.awaited() and self.awaited().subject == document.hash
        demand(named or len(self.announced) < MAX_ANNOUNCED, "E_LIMIT", "documents that wait for the log")
        self.announced.append(document)
        self.count()

    def check_link(self, document, now):
        before = self.version(document.version - 1)
        demand(document.version == 1 or before is not None, "E_IDCHAIN", "nothing is before it")
        if before:
            demand(document.group == self.versions[0].group and document.previous_hash == before.hash, "E_IDCHAIN", "another chain")
            demand(document.exercise_id == before.exercise_id, "E_IDCHAIN", "another exercise")
            demand(document.issued_us > before.issued_us, "E_IDCHAIN", "when it was issued")
        elif self.versions + self.announced:
            demand(document.group == (self.versions + self.announced)[0].group, "E_IDCHAIN", "another group")
        demand(document.issued_us <= now + SKEW, "E_TIME", "issued in the future")

    def count(self):
        """A document counts once its entry is there."""
        entry = self.entries(OF_MEMBERSHIP).get(len(self.versions) + 1)
        found = [one for one in self.announced if entry and one.hash == entry.subject]
        if found:
            self.versions, self.announced = self.versions + found, []

    def awaited(self):
        """The entry that came before its document; nothing stands behind it."""
        return self.entries(OF_MEMBERSHIP).get(len(self.versions) + 1)

    def take_entry(self, signed, now):
        demand(len(signed.body) <= MAX_BODY, "E_LIMIT", "a log entry's size")
        entry = wire.strict(wire.GROUP_LOG, signed.body)
        check_lengths(entry, org_id=32, key_id=32, group_id=32, previous=32, subject=32)
        entry.id = body_id("grouplog.v1", signed.body)
        demand(entry.kind and entry.index >= 1 and entry.number >= 1, "E_PARSE", "its kind, index or number")
        if entry.id in [one.id for one in self.log]:
            return
        demand(self.versions or self.announced, "E_PARTY", "an entry in front of the group's version 1")
        demand(entry.group_id == (self.versions + self.announced)[0].group, "E_IDCHAIN", "another group's")
        taken, awaited = next((one for one in self.log if one.index == entry.index), None), self.awaited()
        demand(taken or not awaited, "E_MEMBERHASH", "the document that says who keeps the log is awaited")
        settled = taken is not None and taken is not awaited
        keeper = taken.org_id if settled else self.keeper(entry, now)
        demand(entry.org_id == keeper, "E_ISSUER", "who keeps the log is another")
        demand(keeper in self.parties, "E_PARTY", "who keeps the log is not on file")
        check_signed(self.parties[entry.org_id], entry.key_id, "grouplog.v1", signed, entry.time_us, now)
        gives_way = [awaited] if awaited and taken is awaited and not self.waits(entry) else []
        self.check_place(entry, [one for one in self.log if one not in gives_way], now)
        self.log = [one for one in self.log if one not in gives_way] + [entry]
        self.contradictions += [one for one in gives_way if one.org_id == entry.org_id]
        self.count()

    def waits(self, entry):
        """For a document that is not here."""
        return entry.kind == OF_MEMBERSHIP and entry.subject not in [one.hash for one in self.announced]

    def keeper(self, entry, now):
        """Who logs this: as the version before says, or where that one stalls, the next version."""
        if self.newest is None:
            return self.announced[0].log_org  # its hash is the group's id: there is no other version 1
        waiting = [one for one in self.announced if entry.kind == OF_MEMBERSHIP and one.hash == entry.subject]
        over = self.newest.expires_us <= min(now, entry.time_us) and entry.number == self.newest.version + 1
        return waiting[0].log_org if waiting and over and entry.org_id == waiting[0].log_org else self.newest.log_org

    def check_place(self, entry, log, now):
        last = log[-1] if log else None
        self.demand_no_other(all(one.index != entry.index for one in log), entry, "a second entry of one index")
        demand(entry.index == len(log) + 1 and entry.previous == (last.id if last else bytes(32)), "E_IDCHAIN", "its place")
        demand(last is None or entry.time_us >= last.time_us, "E_IDCHAIN", "earlier than the entry before")
        demand(entry.time_us <= now + SKEW, "E_TIME", "of the future")
        subjects = {one.number: one.subject for one in log if one.kind == entry.kind}
        self.demand_no_other(subjects.get(entry.number, entry.subject) == entry.subject, entry, "a second subject of one number")
        demand(entry.number == max(subjects, default=0) + 1, "E_IDCHAIN", "its number")
        first = (self.versions + self.announced)[0]
        demand((entry.kind, entry.number) != (OF_MEMBERSHIP, 1) or entry.subject == first.hash, "E_IDCHAIN", "another version 1 than the group's")

    def demand_no_other(self, holds, entry, what):
        """Of what cannot stand beside one that is on file the first is kept."""
        if not holds:
            self.contradictions = self.contradictions or [entry]
            demand(False, "E_EQUIV", what)
