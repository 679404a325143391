#!/usr/bin/python3
"""Makes tests/vectors/membership.txt: a group of three versions with its log, and bad variants of each, one per rule of membership.md.

  golden_membership.py           writes the file
  golden_membership.py --check   exit 1 where it would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import groups
import vectors
import wire
from building_blocks import labelled_hash, message, sha256, u32
from damages import flip, put, rewrite
from golden_passing import answer
from groups import OF_EPOCH, OF_MEMBERSHIP
from identity import DAY, HOUR, SKEW
from make import straight
from make_groups import GroupWorld, Log, next_terms, sign_membership
from world import NOW

FILE = "membership.txt"
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden_membership.py, a second implementation", "Licence: Apache-2.0",
        "First the parties on file; then what is taken in at now_us, one behind the other; then variants, each to be taken behind as many of",
        "these as it says. `membership` is a SignedMembership, `entry` a SignedBody of the group's log."]
WORLD = GroupWorld()
ORGS = [one.org for one in WORLD.orgs]
GOOD, VARIANTS = [], []  # (form, bytes); (name, behind, form, bytes, answer)


class Version:
    """A version that is taken in: its fields and its bytes."""

    def __init__(self, fields, signers=(0, 1)):
        self.fields, self.signers = fields, signers
        self.signed, self.document = sign_membership(WORLD, fields, signers)
        self.hash = labelled_hash("entente/1/membership", self.document)


FIRST = Version(WORLD.terms())
GROUP = labelled_hash("entente/1/group", FIRST.document)
SECOND = Version(next_terms(FIRST.fields, FIRST.document))
# The fourth leaves, the second keeps the log, three admins sign instead of two.
THIRD = Version(next_terms(SECOND.fields, SECOND.document, _8=SECOND.fields[8][:3], _9=ORGS[1], _6=3), (0, 1, 2))
LOG = Log(GROUP)


def log(kind, subject, at, keeper=0):
    return "entry", LOG.entry(WORLD.orgs[keeper], kind, subject, at)


def bent(stage, change):
    return lambda here, value: change(value, WORLD) if here == stage else value


def document(name, behind, reason, of, bend=straight, signers=None, **changes):
    fields = {**of.fields, **{int(key[1:]): value for key, value in changes.items()}}
    VARIANTS.append((name, behind, "membership", sign_membership(WORLD, fields, signers or of.signers, bend)[0], reason))


def entry(name, behind, reason, subject, bend=straight, at=NOW - HOUR, keeper=0, kind=OF_MEMBERSHIP):
    VARIANTS.append((name, behind, "entry", LOG.entry(WORLD.orgs[keeper], kind, subject, at, bend, keep=False), reason))


def fields_of_any_version(prefix, behind, of):
    for what, reason, changes in (
            ("name-absent", "E_PARSE", {"_4": ""}), ("name-of-65-bytes", "E_PARSE", {"_4": "n" * 65}),
            ("name-with-a-backslash", "E_PARSE", {"_4": "a\\b"}), ("no-admins", "E_PARSE", {"_5": []}),
            ("admins-not-ascending", "E_PARSE", {"_5": ORGS[2::-1]}), ("admin-twice", "E_PARSE", {"_5": ORGS[:1] * 2 + ORGS[1:3]}),
            ("half-an-admin", "E_PARSE", {"_5": [bytes(31), *ORGS[:3]]}),
            ("33-admins", "E_LIMIT", {"_5": sorted(ORGS[:3] + [u32(i).rjust(32, b"\0") for i in range(30)])}),
            ("threshold-0", "E_PARSE", {"_6": 0}), ("threshold-over-the-admins", "E_PARSE", {"_6": 4}),
            ("no-issuers", "E_PARSE", {"_7": []}), ("issuer-twice", "E_PARSE", {"_7": ORGS[:1] * 2}),
            ("issuer-who-is-no-member", "E_PARSE", {"_7": [ORGS[0], WORLD.middle.org]}),
            ("9-issuers", "E_LIMIT", {"_7": ORGS[:2] + [u32(i).rjust(32, b"\0") for i in range(7)]}), ("no-members", "E_PARSE", {"_8": []}),
            ("members-not-ascending", "E_PARSE", {"_8": of.fields[8][::-1]}), ("member-twice", "E_PARSE", {"_8": of.fields[8][:1] + of.fields[8]}),
            ("member-of-version-0", "E_PARSE", {"_8": [message((1, ORGS[0])), *of.fields[8][1:]]}),
            ("half-a-member", "E_PARSE", {"_8": [message((1, ORGS[0][:31]), (2, 1)), *of.fields[8][1:]]}),
            ("log-kept-by-a-stranger", "E_PARSE", {"_9": ORGS[3]}), ("half-a-log-keeper", "E_PARSE", {"_9": bytes(31)}),
            ("suite-below-the-lowest", "E_PARSE", {"_10": 1, "_11": 2}), ("epochs-of-under-an-hour", "E_PARSE", {"_12": 3599}),
            ("epochs-of-over-a-week", "E_PARSE", {"_12": 604801}), ("epochs-of-two-days-for-red", "E_PARSE", {"_12": 172800, "_14": 5}),
            ("epochs-of-two-days-for-amber-strict", "E_PARSE", {"_12": 86401, "_14": 4}),
            ("epochs-of-a-day-for-red", "ADMITTED", {"_12": 86400, "_14": 5}), ("catch-up-of-91-days", "E_PARSE", {"_13": 7776001}),
            ("no-catch-up", "ADMITTED", {"_13": 0}), ("no-ceiling", "E_PARSE", {"_14": 0}), ("ceiling-clear", "E_PARSE", {"_14": 1}),
            ("ceiling-unknown", "E_PARSE", {"_14": 6}), ("no-onward-rule", "E_PARSE", {"_15": 0}), ("onward-rule-unknown", "E_PARSE", {"_15": 3}),
            ("ends-when-issued", "E_PARSE", {"_19": of.fields[18]}), ("lives-over-a-week", "E_PARSE", {"_19": of.fields[18] + 7 * DAY + 1}),
            ("issued-ahead", "E_TIME", {"_18": NOW + SKEW + 1}), ("issued-just-ahead", "ADMITTED", {"_18": NOW + SKEW}),
            ("unknown-field", "E_PARSE", {"_20": 1}), ("optional-field", "ADMITTED", {"_100": b"later"}), ("version-0", "E_PARSE", {"_2": 0})):
        document(f"{prefix}-{what}", behind, reason, of, **changes)
    document(f"{prefix}-field-twice", behind, "E_PARSE", of, bent("document_bytes", rewrite(lambda data: data + message((10, 1)))))
    document(f"{prefix}-cut", behind, "E_PARSE", of, bent("document_bytes", rewrite(lambda data: data[:-1])))


def signatures_of(prefix, behind, of):
    document(f"{prefix}-unsigned", behind, "E_THRESHOLD", of, bent("signatures", rewrite(lambda all_: [])))
    document(f"{prefix}-signed-by-one", behind, "E_THRESHOLD", of, signers=[0])
    document(f"{prefix}-signed-by-one-key-twice", behind, "E_PARSE", of, bent("signatures", rewrite(lambda all_: [*all_, all_[0]])))
    document(f"{prefix}-signed-by-who-is-no-admin", behind, "E_PARSE", of, signers=[0, 1, 2, 3])
    document(f"{prefix}-false-signature", behind, "E_SIG", of, bent("signatures", lambda all_, _: [
        *all_[:-1], {**all_[-1], 3: flip(9)(all_[-1][3])}]))
    document(f"{prefix}-one-false-signature-too-many", behind, "E_SIG", of, bent("signatures", lambda all_, _: [
        *all_, {1: ORGS[2], 2: WORLD.orgs[2].admin.id, 3: bytes(64)}]), signers=[0, 1])
    document(f"{prefix}-signed-with-a-statement-key", behind, "E_KEYUSE", of, bent("signatures", lambda all_, _: [
        *all_[:-1], {**all_[-1], 2: WORLD.orgs[of.signers[-1]].signer.id}]))
    document(f"{prefix}-signed-with-a-key-of-nobody", behind, "E_NOKEY", of, bent("signatures", lambda all_, _: [
        *all_[:-1], {**all_[-1], 2: sha256(b"nobody")}]))
    document(f"{prefix}-signatures-over-the-limit", behind, "E_LIMIT", of, bent("signatures", rewrite(lambda all_: all_ * 33)))
    document(f"{prefix}-changed-after-signing", behind, "E_SIG", of, bent("signed", lambda signed, _: signed.replace(b"energy", b"enemys")))


def logs_of(prefix, behind, subject):
    """Variants of the entry that comes next in LOG; call it before LOG goes on."""
    for what, reason, change in (
            ("of-another-index", "E_IDCHAIN", put(4, lambda index, _: index + 1)), ("of-index-0", "E_PARSE", put(4, 0)),
            ("behind-another", "E_IDCHAIN", put(5, sha256(b"x"))), ("behind-half-an-entry", "E_PARSE", put(5, bytes(31))),
            ("of-no-kind", "E_PARSE", put(6, 0)), ("of-an-unknown-kind", "E_PARSE", put(6, 3)),
            ("of-a-number-ahead", "E_IDCHAIN", put(7, lambda number, _: number + 1)), ("of-number-0", "E_PARSE", put(7, 0)),
            ("of-half-a-subject", "E_PARSE", put(8, bytes(31))), ("ahead", "E_TIME", put(9, NOW + SKEW + 1)),
            ("by-a-key-of-nobody", "E_NOKEY", put(2, sha256(b"nobody"))), ("by-half-a-key", "E_PARSE", put(2, bytes(31))),
            ("by-an-admin-key", "E_KEYUSE", lambda body, _: {**body, 2: next(one for one in WORLD.orgs if one.org == body[1]).admin.id}),
            ("with-an-unknown-field", "E_PARSE", put(10, 1)), ("with-an-optional-field", "ADMITTED", put(100, b"x")),
            ("over-the-limit", "E_LIMIT", put(100, bytes(1024)))):
        entry(f"{prefix}-{what}", behind, reason, subject, bent("entry", change))
    entry(f"{prefix}-with-a-field-twice", behind, "E_PARSE", subject, bent("entry_bytes", rewrite(lambda body: body + message((3, GROUP)))))
    entry(f"{prefix}-signature", behind, "E_SIG", subject, bent("signed_entry", flip(-30)))
    entry(f"{prefix}-by-another-admin", behind, "E_ISSUER", subject, keeper=2)


def story():
    """The versions and their entries as they come, and the variants at each place."""
    fields_of_any_version("first", 0, FIRST)
    signatures_of("first", 0, FIRST)
    document("first-with-a-group-id", 0, "E_PARSE", FIRST, _1=GROUP)
    document("first-with-a-hash-before", 0, "E_PARSE", FIRST, _3=sha256(b"x"))
    document("first-by-who-is-not-on-file", 0, "E_PARTY", FIRST, signers=[0, 1, NOBODY], _5=sorted([*ORGS[:3], NOBODY.org]))
    GOOD.append(("membership", FIRST.signed))
    logs_of("first-entry", 1, FIRST.hash)
    entry("first-entry-of-another-document", 1, "E_IDCHAIN", sha256(b"x"))
    GOOD.append(log(OF_MEMBERSHIP, FIRST.hash, NOW - 2 * HOUR))
    FIRST_ENTRY = LOG.previous
    fields_of_any_version("second", 2, SECOND)
    signatures_of("second", 2, SECOND)
    document("second-of-another-group", 2, "E_IDCHAIN", SECOND, _1=sha256(b"x"))
    document("second-behind-another", 2, "E_IDCHAIN", SECOND, _3=sha256(b"x"))
    document("second-behind-half-a-document", 2, "E_PARSE", SECOND, _3=bytes(31))
    document("second-issued-when-the-first-was", 2, "E_IDCHAIN", SECOND, _18=FIRST.fields[18])
    document("second-of-an-exercise", 2, "E_IDCHAIN", SECOND, _17="exercise-of-the-oracle")
    document("third-before-the-second", 2, "E_IDCHAIN", THIRD)
    document("another-first", 2, "E_IDCHAIN", FIRST, _4="another")
    GOOD.append(("membership", SECOND.signed))
    document("another-second", 3, "ADMITTED", SECOND, _4="another")
    GOOD.append(log(OF_MEMBERSHIP, SECOND.hash, NOW - HOUR))
    document("second-in-vain", 4, "E_IDCHAIN", SECOND, _4="another")
    document("third-signed-by-two-of-three", 4, "E_THRESHOLD", THIRD, signers=[0, 1])
    document("third-with-lower-suites", 4, "E_PARSE", THIRD, _10=0, _11=0)
    entry("entry-before-its-document", 4, "ADMITTED", THIRD.hash)
    entry("entry-earlier-than-the-one-before", 4, "E_IDCHAIN", THIRD.hash, at=NOW - HOUR - 1)
    entry("entry-by-the-next-log-keeper", 4, "E_ISSUER", THIRD.hash, keeper=1)
    entry("entry-of-an-index-once-more", 4, "E_EQUIV", sha256(b"an epoch"), bent("entry", lambda body, _: {**body, 4: 2, 5: [FIRST_ENTRY]}),
          kind=OF_EPOCH)
    entry("entry-of-a-number-once-more", 4, "E_EQUIV", sha256(b"x"), bent("entry", put(7, 2)))
    entry("entry-of-an-epoch", 4, "ADMITTED", sha256(b"an epoch"), kind=OF_EPOCH)
    GOOD.append(("membership", THIRD.signed))
    logs_of("third-entry", 5, THIRD.hash)
    GOOD.append(log(OF_MEMBERSHIP, THIRD.hash, NOW - HOUR))
    entry("entry-by-the-old-log-keeper", 6, "E_ISSUER", sha256(b"an epoch"), kind=OF_EPOCH)
    entry("entry-of-the-new-log-keeper", 6, "ADMITTED", sha256(b"an epoch"), kind=OF_EPOCH, keeper=1)
    document("older-with-other-bytes", 6, "E_ROLLBACK", SECOND, _4="another")


NOBODY = WORLD.outsider
NOBODY.admin = NOBODY.signer


def take(group, form, data):
    if form == "membership":
        group.take_document(wire.strict(wire.SIGNED_MEMBERSHIP, data), NOW)
    else:
        group.take_entry(wire.strict(wire.SIGNED_BODY, data), NOW)


def group_behind(count):
    group = groups.Group(WORLD.parties)
    for one in GOOD[:count]:
        take(group, *one)
    return group


def rows_of(variants, attempt):
    """A record of each, once it is answered as it says."""
    for name, behind, form, data, expected in variants:
        given, _ = answer(lambda behind=behind, form=form, data=data: attempt(behind, form, data))
        assert given == expected, (name, given, expected)
        yield {"name": name, "behind": str(behind), form: data, "answer": given}


def file_text():
    if not GOOD:
        story()
    records = [{"now_us": str(NOW), "group_id": GROUP}, *(one.record for one in WORLD.orgs)]
    for place, (form, data) in enumerate(GOOD):
        newest = group_behind(place + 1).newest
        records.append({"place": str(place + 1), form: data, "newest": newest.hash if newest else b""})
    records += rows_of(VARIANTS, lambda behind, form, data: take(group_behind(behind), form, data))
    return vectors.text_of(HEAD, records)


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
