#!/usr/bin/python3
"""Makes tests/vectors/epoch.txt: two epochs of a group as a member gets them, a re-wrap, and bad variants of each, one per rule of epoch.md.

  golden_epoch.py           writes the file
  golden_epoch.py --check   exit 1 where it would differ
"""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import golden_membership as membership
import epochs
import vectors
import wire
from building_blocks import message, sha256
from damages import flip, put, rewrite
from golden_membership import ORGS, WORLD, bent
from golden_passing import answer
from groups import OF_EPOCH, OF_MEMBERSHIP
from identity import DAY, HOUR, SKEW
from make import straight
from make_epochs import Issuer
from make_groups import Log
from world import NOW, fixed

FILE = "epoch.txt"
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden_epoch.py, a second implementation", "Licence: Apache-2.0",
        "First the member that reads and its prekey, then the parties on file, the documents of its group and their log; then what is taken in",
        "at now_us, one behind the other, with its answer; then both epochs and what hangs on their secrets; then variants, each to be taken",
        "behind as many as it says. `epoch` is an EpochDelivery, `rewrap` a SignedBody, content_key that of a group envelope with this msg_salt."]
MEMBER, SALT = WORLD.orgs[3], fixed("msg salt")
SECRET_1 = epochs.next_secret(None, fixed("epoch 1"))
SECRET_2 = epochs.next_secret(SECRET_1, fixed("epoch 2"))
PREKEYS = {MEMBER.org: (WORLD.prekey_id, WORLD.prekey.public_key)}
RUN, GOOD, VARIANTS = [], [], []


def document():
    return group().newest


def group():
    """The group with two versions."""
    if not membership.GOOD:
        membership.story()
    return membership.group_behind(4)


def issuer(who=0, bend=straight):
    return Issuer(WORLD.orgs[who], document(), PREKEYS, lambda name, size: fixed(f"random {name}", size), NOW, bend)


def delivered(number, bend=straight, who=0, **terms):
    secret, previous = (SECRET_1, bytes(32)) if number == 1 else (SECRET_2, epochs_issued()[0].epoch_commit)
    maker = issuer(who, bend)
    _, signed, slots = maker.issue(number, secret, terms.pop("previous", previous), **terms)
    return maker.delivery(MEMBER.org, signed, slots)


MISSED = bent("slots", rewrite(lambda slots: slots[:3] + [bytes(epochs.SLOT)]))  # its issuer had no prekey of the member


def epochs_issued():
    first = issuer().issue(1, SECRET_1)[0]
    return first, issuer(1, MISSED).issue(2, SECRET_2, first.epoch_commit, reason=5)[0]


def variant(name, behind, reason, form, data):
    VARIANTS.append((name, behind, form, data, reason))


def each_epoch(prefix, number, behind, who):
    """Steps 1 to 14 of one epoch, alike wherever it stands."""
    def one(name, reason, stage, change, **terms):
        variant(f"{prefix}-{name}", behind, reason, "epoch", delivered(number, bent(stage, change), who, **terms))

    for name, reason, terms in (
            ("of-version-0", "E_PARSE", {"membership_version": 0}), ("ends-when-it-begins", "E_PARSE", {"not_after_us": NOW - HOUR}),
            ("without-slots", "E_PARSE", {"n_slots": 0}), ("of-1001-slots", "E_PARSE", {"n_slots": 1001}),
            ("with-a-grace-of-over-72-hours", "E_PARSE", {"grace_s": 259201}), ("with-a-grace-of-72-hours", "ADMITTED", {"grace_s": 259200}),
            ("without-a-reason", "E_PARSE", {"reason": 0}), ("of-an-unknown-reason", "E_PARSE", {"reason": 7}),
            ("of-another-group", "E_PARTY", {"group_id": sha256(b"x")}), ("of-half-a-group", "E_PARSE", {"group_id": bytes(31)}),
            ("of-a-version-ahead", "E_MEMBERHASH", {"membership_version": 3}), ("of-another-document", "E_MEMBERHASH", {"membership_hash": sha256(b"x")}),
            ("of-suite-2", "E_SUITE", {"suite": 2}), ("ahead", "E_TIME", {"not_before_us": NOW + SKEW + 1}),
            ("just-ahead", "ADMITTED", {"not_before_us": NOW + SKEW}),
            ("that-lives-over-a-week", "E_TIME", {"not_after_us": NOW - HOUR + 7 * DAY + 1}),
            ("that-lives-a-week", "ADMITTED", {"not_after_us": NOW - HOUR + 7 * DAY}), ("of-3-slots", "E_PARSE", {"n_slots": 3}),
            ("of-number-0", "E_PARSE", {"epoch": 0})):
        variant(f"{prefix}-{name}", behind, reason, "epoch", delivered(number, straight, who, **terms))
    for name, reason, stage, change in (
            ("with-an-unknown-field", "E_PARSE", "epoch", put(16, 1)), ("with-an-optional-field", "ADMITTED", "epoch", put(100, b"x")),
            ("over-the-limit", "E_LIMIT", "epoch", put(100, bytes(1024))),
            ("with-a-field-twice", "E_PARSE", "epoch_bytes", rewrite(lambda body: body + message((10, 1)))),
            ("with-half-a-root", "E_PARSE", "epoch", put(12, bytes(31))), ("by-a-key-of-nobody", "E_NOKEY", "epoch", put(2, sha256(b"nobody"))),
            ("by-an-admin-key", "E_KEYUSE", "epoch", put(2, WORLD.orgs[who].admin.id)),
            ("signature", "E_SIG", "signed_epoch", flip(-30)), ("unsigned", "E_SIG", "signed_epoch", rewrite(lambda signed: signed[:-66])),
            ("with-another-root", "E_SLOTPROOF", "epoch", put(12, sha256(b"x"))),
            ("at-another-place", "E_SLOTPROOF", "delivery", put(3, 2)), ("with-a-shorter-slot", "E_SLOTPROOF", "delivery", put(
                4, lambda slot, _: slot[:-1])),
            ("with-another-slot", "E_SLOTPROOF", "delivery", put(4, lambda slot, _: flip(50)(slot))),
            ("without-a-path", "E_SLOTPROOF", "delivery", put(5, [])), ("with-a-longer-path", "E_SLOTPROOF", "delivery", put(
                5, lambda path, _: path + [bytes(32)])),
            ("with-half-a-hash", "E_SLOTPROOF", "delivery", put(5, lambda path, _: [path[0][:31], *path[1:]])),
            ("with-a-zero-slot", "E_NOSLOT", "slots", rewrite(lambda slots: slots[:3] + [bytes(1184)])),
            ("to-another-prekey", "E_NOSLOT", "slots", rewrite(lambda slots: slots[:3] + [flip(3)(slots[3])])),
            ("with-a-low-order-share", "E_KEM", "slots", rewrite(lambda slots: slots[:3] + [slots[3][:1104] + bytes(32) + slots[3][1136:]])),
            ("with-a-damaged-ciphertext", "E_UNWRAP", "slots", rewrite(lambda slots: slots[:3] + [flip(-1)(slots[3])])),
            ("wrapped-for-another-epoch", "E_UNWRAP", "slot_fields", rewrite(lambda _: sha256(b"x"))),
            ("with-another-secret", "E_COMMIT", "slot_secret", rewrite(lambda _: sha256(b"x")))):
        one(name, reason, stage, change)
    variant(f"{prefix}-by-who-may-not", behind, "E_ISSUER", "epoch", delivered(number, straight, 2))


def each_rewrap(behind):
    second = epochs_issued()[1]

    def one(name, reason, stage="rewrap", change=lambda value, _: value, who=0):
        variant(f"rewrap-{name}", behind, reason, "rewrap", issuer(who, bent(stage, change)).rewrap(MEMBER.org, second, SECRET_2))

    one("good", "ADMITTED")
    one("by-the-other-issuer", "ADMITTED", who=1)
    one("by-who-may-not", "E_ISSUER", who=2)
    for name, reason, change in (
            ("of-another-group", "E_PARTY", put(3, sha256(b"x"))), ("of-half-a-group", "E_PARSE", put(3, bytes(31))),
            ("of-another-number", "E_EPOCH", put(4, 1)), ("of-another-epoch", "E_EPOCH", put(5, sha256(b"x"))),
            ("for-another", "E_AUDIENCE", put(6, ORGS[2])), ("with-a-shorter-slot", "E_PARSE", put(7, lambda slot, _: slot[:-1])),
            ("with-a-zero-slot", "E_NOSLOT", put(7, bytes(1184))), ("to-another-prekey", "E_NOSLOT", put(7, lambda slot, _: flip(3)(slot))),
            ("with-a-damaged-slot", "E_UNWRAP", put(7, lambda slot, _: flip(-1)(slot))),
            ("with-a-low-order-share", "E_KEM", put(7, lambda slot, _: slot[:1104] + bytes(32) + slot[1136:])),
            ("ahead", "E_TIME", put(8, NOW + SKEW + 1)), ("with-an-unknown-field", "E_PARSE", put(9, 1)),
            ("with-an-optional-field", "ADMITTED", put(100, b"x")), ("over-the-limit", "E_LIMIT", put(100, bytes(4096))),
            ("by-a-key-of-nobody", "E_NOKEY", put(2, sha256(b"nobody"))), ("by-an-admin-key", "E_KEYUSE", put(2, WORLD.orgs[0].admin.id))):
        one(name, reason, change=change)
    one("signature", "E_SIG", "signed_rewrap", flip(-30))
    one("of-another-secret", "E_COMMIT", "slot_secret", rewrite(lambda _: sha256(b"x")))
    one("wrapped-for-another-epoch", "E_UNWRAP", "slot_fields", rewrite(lambda _: sha256(b"x")))


def story():
    each_epoch("first", 1, 0, 0)
    variant("first-behind-what-is-not-here", 0, "E_IDCHAIN", "epoch", delivered(1, previous=sha256(b"x")))
    variant("rewrap-before-its-epoch", 0, "E_EPOCH", "rewrap", issuer().rewrap(MEMBER.org, epochs_issued()[0], SECRET_1))
    variant("second-without-the-first", 0, "ADMITTED", "epoch", delivered(2, straight, 1, reason=5))
    GOOD.append(("epoch", delivered(1)))
    each_epoch("second", 2, 1, 1)
    variant("second-behind-another", 1, "E_IDCHAIN", "epoch", delivered(2, straight, 1, previous=sha256(b"x")))
    variant("third-before-the-second", 1, "E_IDCHAIN", "epoch", delivered(2, straight, 1, epoch=3))
    variant("another-first", 1, "E_EQUIV", "epoch", delivered(1, grace_s=60))
    variant("first-by-the-other-issuer", 1, "ADMITTED", "epoch", delivered(1, straight, 1))
    GOOD.append(("epoch", delivered(2, MISSED, 1, reason=5)))
    each_rewrap(2)
    variant("rewrap-of-what-is-held", 2, "ADMITTED", "rewrap", issuer().rewrap(MEMBER.org, epochs_issued()[0], SECRET_1))
    variant("first-by-the-other-issuer-too-late", 2, "E_EPOCHSTALE", "epoch", delivered(1, straight, 1))
    GOOD.append(("rewrap", issuer().rewrap(MEMBER.org, epochs_issued()[1], SECRET_2)))


def take(member, form, data):
    if form == "epoch":
        member.take(wire.strict(wire.DELIVERY, data), NOW)
    else:
        member.take_rewrap(wire.strict(wire.SIGNED_BODY, data), NOW)


def member_behind(count):
    member = epochs.Member(MEMBER.org, group(), {WORLD.prekey_id: WORLD.prekey_seed})
    for place, one in enumerate(GOOD[:count], 1):
        assert answer(lambda one=one: take(member, *one))[0] == ANSWERS[place - 1]
    return member


ANSWERS = ["ADMITTED", "E_NOSLOT", "ADMITTED"]  # of GOOD; what the second leaves open the third brings


def log_entries():
    """The group's log so far, and the entries of both epochs."""
    log = Log(membership.GROUP)
    for one, at in ((membership.FIRST, NOW - 2 * HOUR), (membership.SECOND, NOW - HOUR)):
        log.entry(WORLD.orgs[0], OF_MEMBERSHIP, one.hash, at)
    return [log.entry(WORLD.orgs[0], OF_EPOCH, epoch.id, NOW) for epoch in epochs_issued()]


def file_text():
    story()
    records = [{**WORLD.records()[0], "reader": MEMBER.name, "org_id": MEMBER.org, "statement_seed": fixed(f"{MEMBER.name} statement"),
                "group_id": membership.GROUP}, *(one.record for one in WORLD.orgs),
               *({form: data} for form, data in membership.GOOD[:4])]
    for place, ((form, data), given) in enumerate(zip(GOOD, ANSWERS), 1):
        records.append({"place": str(place), form: data, "answer": given})
    member = member_behind(len(GOOD))
    for entry, epoch, secret in zip(log_entries(), epochs_issued(), (SECRET_1, SECRET_2)):
        assert member.secrets[epoch.id] == secret
        records.append({"number": str(epoch.epoch), "log_entry": entry, "epoch_id": epoch.id, "epoch_commit": epoch.epoch_commit,
                        "route_tag": epochs.route_tag(secret, epoch.fields), "msg_salt": SALT,
                        "content_key": epochs.content_key(secret, membership.GROUP, epoch.epoch, SALT)})
    records += membership.rows_of(VARIANTS, lambda behind, form, data: take(member_behind(behind), form, data))
    return vectors.text_of(HEAD, records)


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
