"""One organisation that reads what one peer hands it, by session or as a file: whom it has on file, which groups it follows, what it opens."""

import chain
import described
import envelope
import epochs
import export_file
import groups
import identity
import leaves
import proof
import statements
import wire
from building_blocks import labelled_hash
from export_file import ENVELOPE, EPOCH, GROUP_LOG, IDENTITY, LEAVE, MEMBERSHIP, PREKEY, REWRAP, STATEMENT
from refusal import Refusal, demand

FORMS = {IDENTITY: wire.SIGNED_IDENTITY, PREKEY: wire.SIGNED_BODY, MEMBERSHIP: wire.SIGNED_MEMBERSHIP, GROUP_LOG: wire.SIGNED_BODY,
         EPOCH: wire.DELIVERY, REWRAP: wire.SIGNED_BODY, LEAVE: wire.SIGNED_BODY}
OF_RUNS = {MEMBERSHIP: "membership", GROUP_LOG: "entry"}


def group_of(kind, read):
    """Whose run it stands in: of a document or an entry, both unverified."""
    if kind == GROUP_LOG:
        body = wire.hint(wire.GROUP_LOG, read.body)
        return body and body.group_id
    hint = wire.hint(wire.MEMBERSHIP, read.document)
    return hint and (hint.group_id or labelled_hash("entente/1/group", read.document))


def runs(entries):
    """Entries of an export file, those of kinds 4 and 5 of one group that follow one another together: (group, [(kind, bytes, read)])."""
    group, run = None, []
    for kind, data in entries:
        try:
            read = wire.strict(FORMS[kind], data) if kind in FORMS else data
        except Refusal as wrong:
            read = wrong
        here = group_of(kind, read) if kind in OF_RUNS and not isinstance(read, Refusal) else None
        if run and (here is None or here != group):
            yield group, run
            run = []
        group = here
        run.append((kind, data, read))
    if run:
        yield group, run


class Reader:
    """`me` and `peer`: chain.History; `more`: others on file; `seeds`: prekey_id -> seed. `groups`: group_id -> epochs.Member."""

    def __init__(self, me, peer, more, seeds, now):
        self.me, self.peer, self.seeds, self.now = me.org, peer.org, seeds, now
        self.parties = {one.org: one for one in (*more, peer, me)}
        self.groups, self.prekeys = {}, []

    def take_documents(self, data):
        """A whole export file, of which everything must hold."""
        found = export_file.read(data)
        for place, said in enumerate(self.take_file(found.entries, found.from_org if found.from_org in self.parties else None), 1):
            demand(said["ok"], said.get("reason"), f"entry {place} of the documents: {said.get('what')}")
        if found.fault:
            raise found.fault

    def group(self, wanted):
        """By its name, or the first digits of its id."""
        found = [one for key, one in self.groups.items() if wanted == one.group.newest.name or key.hex().startswith(wanted)]
        demand(wanted and len(found) == 1, "NOT_FOUND", f"{len(found)} groups that are called {wanted}")
        return found[0]

    def open(self, wire_bytes):
        suite = self.parties[self.me].newest.document.min_suite
        opened = envelope.open_envelope(wire_bytes, self.me, self.seeds, self.now, groups=self.groups.values(), floor=suite)
        return opened, statements.verify(opened, self.parties, self.peer, self.me, self.now, list(self.groups.values()))

    def take_file(self, entries, writer=None):
        """The answer to each entry, in order: each as if a session with the writer, the peer where none is named, had brought it."""
        self.writer = writer or self.peer
        for group, run in runs(entries):
            yield from self.take_run(group, run) if group else (self.take(*one) for one in run)

    def take(self, kind, data, read):
        """One that stands alone."""
        try:
            demand(not isinstance(read, Refusal), getattr(read, "reason", ""), getattr(read, "what", ""))
            return {"kind": kind, "ok": True, **self.taken(kind, data, read)}
        except Refusal as refusal:
            return {"kind": kind, **described.refused(refusal)}

    def taken(self, kind, data, read):
        if kind == ENVELOPE:
            return described.envelope(*self.open(data))
        if kind == IDENTITY:
            return self.take_identity(read)
        if kind == PREKEY:
            self.prekeys.append(identity.check_prekey(self.parties[self.writer], read, self.now, offline=True))
        if kind == STATEMENT:
            return described.statement_alone(proof.check(data, self.parties, self.now, list(self.groups.values())))
        if kind == LEAVE:
            leaves.take(self.follow(wire.LEAVE, read).group, read, self.now)
        if kind == EPOCH:
            return self.take_epoch(read)
        if kind == REWRAP:
            self.follow(wire.REWRAP, read).take_rewrap(read, self.now)
        return {}

    def follow(self, schema, signed):
        """The group that a body names, its epochs.Member."""
        demand(signed is not None, "E_PARSE", "nothing signed in it")
        body = wire.strict(schema, signed.body)
        demand(body.group_id in self.groups, "E_PARTY", "a group that is not followed")
        return self.groups[body.group_id]

    def take_epoch(self, delivery):
        """As catch-up, which a file is."""
        member, refusal = self.follow(wire.EPOCH, delivery.epoch), None
        try:
            epoch = member.take(delivery, self.now, asked=True)
        finally:
            if delivery.log_entry is not None:
                refusal = refusal_of(member.group.take_entry, delivery.log_entry, self.now)
        if refusal and refusal.reason != "E_IDCHAIN":
            raise refusal
        return described.epoch(epoch)

    def take_identity(self, signed):
        document = wire.strict(wire.IDENTITY, signed.document)
        org = document.org_id or labelled_hash("entente/1/org", signed.document)
        demand(org == self.writer, "E_PARTY", "a document of another than the file's writer")
        self.parties[org] = chain.take(self.parties[org], signed, self.now)
        return {"org_id": org.hex(), "version": document.version}

    def take_run(self, group, run):
        """Membership documents and log entries of one group. What came before a refusal stays, what stands behind it is not looked at; of
        a group that is not followed nothing stays until this organisation is in it."""
        here = self.groups.get(group)
        trial, refusals, last = here.group if here else groups.Group(self.parties), [], None
        for kind, _, read in run:
            behind = refusals and refusals[-1]
            refusals.append(Refusal(behind.reason, "behind what was refused in its run") if behind else
                            refusal_of(trial.take_one, OF_RUNS[kind], read, self.now))
            last = wire.strict(wire.MEMBERSHIP, read.document).version if kind == MEMBERSHIP and not refusals[-1] else last
        refusals[-1] = refusals[-1] or refusal_of(trial.end_run, last, self.now)
        if not here and not any(self.me in (*one.orgs, *one.admins) for one in trial.versions):
            refusals = [one or Refusal("E_PARTY", "a group of which this organisation is no member and no admin") for one in refusals]
        elif not here:
            self.groups[group] = epochs.Member(self.me, trial, self.seeds)
        return [{"kind": kind, **(described.refused(wrong) if wrong else {"ok": True, "group_id": group.hex()})}
                for (kind, *_), wrong in zip(run, refusals)]


def refusal_of(act, *values):
    try:
        act(*values)
    except Refusal as refusal:
        return refusal
    return None
