"""More rows of damages_group.TABLE: what goes on from a group, and into one. Step 29 of statement.md, forward.md."""

import make_story as story
from building_blocks import message, sha256
from damages import flip, put
from damages_group import AMBER_STRICT, ENERGY_3, EXERCISE_2, GREEN, RED, bent, direct, row, said
from make import GroupAudience
from make_passing import GROUP, LABEL, ORIGIN as BY_ORIGIN, PERMISSION
from make_story import A, B, ENERGY, EXERCISE, GONE, MIDDLE, NEW, ORIGIN, READER

BY_GROUP = {"basis": GROUP}


def into(to=ENERGY_3, who=A, **terms):
    """Statements for one member, who passes them on to the group."""
    return said([who], ORIGIN, [(who, to, terms)])


def out(audience=ENERGY_3, to=None, who=A, basis=GROUP, **more):
    """Statements for a group, which one member passes on; by name, to the reader alone."""
    label = more.pop("label", GREEN)
    return said(audience, more.pop("origin", B), [(who, to or [READER], {"basis": basis, "label": label})], **more)


def other(version, membership_hash, group=ENERGY.group):
    return GroupAudience(group, version, membership_hash)


# Into a group.
row("forward-to-the-group", "ADMITTED", into())
row("forward-to-the-group-sealed-by-another-member", "ADMITTED", into(), sealer=B)
direct("direct-forward-to-the-group", "ADMITTED", into())
direct("direct-forward-by-who-never-was-in", "E_NOTMEMBER", into(who=MIDDLE), sealer=MIDDLE)
direct("direct-forward-over-the-ceiling", "E_AUDIENCE", into(label=AMBER_STRICT))
direct("direct-forward-into-another-lane", "E_AUDIENCE", into(EXERCISE_2))
row("forward-under-an-epoch-of-fewer-members", "ADMITTED", said([A], ORIGIN, [(A, EXERCISE_2, {})], exercise=True), epoch=EXERCISE.epochs[1])
for what, reason, to in (
        ("version-ahead", "E_MEMBERHASH", ENERGY.audiences[4]), ("other-document", "E_MEMBERHASH", other(3, sha256(b"x"))),
        ("group-that-nobody-follows", "E_MEMBERHASH", other(3, ENERGY.documents[2].hash, sha256(b"x"))),
        ("version-0", "E_PARSE", other(0, ENERGY.documents[2].hash)), ("document-of-31-bytes", "E_PARSE", other(3, bytes(31))),
        ("group-of-31-bytes", "E_PARSE", other(3, ENERGY.documents[2].hash, bytes(31)))):
    row(f"forward-to-a-{what}", reason, into(to))
row("forward-to-a-group-and-organisations", "E_PARSE", into(), bent("forward", put(5, [READER.org])))
row("forward-to-nobody", "E_PARSE", into(), bent("forward", put(6, [])))
row("forward-to-a-version-with-fewer-members", "E_AUDIENCE", into(ENERGY.audiences[2]))
row("forward-under-an-epoch-with-who-is-out", "E_AUDIENCE", into(), epoch=ENERGY.epochs[1])
row("forward-to-organisations-in-group-mode", "E_AUDIENCE", into([B, READER, NEW]))
row("forward-to-another-group", "E_AUDIENCE", into(), epoch=EXERCISE.epochs[1])
direct("direct-forward-to-a-version-without-the-reader", "E_AUDIENCE", into(ENERGY.audiences[1]))
direct("direct-forward-sealed-by-who-is-out-since", "E_NOTMEMBER", into(ENERGY.audiences[2]), sealer=GONE)
direct("direct-forward-to-who-is-out-since", "ADMITTED", into(), behind=story.WITHOUT_READER)
direct("direct-forward-to-a-version-that-nobody-logged", "E_MEMBERHASH", into(ENERGY.audiences[4]), behind=story.BEFORE_ITS_ENTRY)
direct("direct-forward-sealed-by-who-is-not-in-it", "E_AUDIENCE", into(ENERGY.audiences[2]), sealer=NEW)
row("seal-of-the-statements-audience", "E_SEAL", into(), bent("seal", put(6, ENERGY.audiences[2].hash)))
row("permitted-to-all-members", "ADMITTED", said([A], ORIGIN, [(A, ENERGY_3, {"basis": PERMISSION})], (A, [A, B, READER, NEW])))
row("permitted-to-some-members", "E_CHAIN", said([A], ORIGIN, [(A, ENERGY_3, {"basis": PERMISSION})], (A, [A, B, READER])))

# Out of a group, and through one.
direct("passed-on-by-the-groups-rule", "ADMITTED", out())
row("passed-on-within-the-group", "ADMITTED", out(to=ENERGY_3))
direct("passed-on-to-who-is-in-since", "ADMITTED", out(ENERGY.audiences[1]))
direct("passed-on-to-who-is-out", "ADMITTED", out(), behind=story.WITHOUT_READER)
direct("passed-on-of-a-version-without-the-reader", "ADMITTED", out(ENERGY.audiences[4]), behind=story.WITHOUT_READER)
row("passed-on-by-the-origin-to-who-is-in-since", "ADMITTED", out(ENERGY.audiences[2], ENERGY_3, basis=BY_ORIGIN, origin=A))
direct("passed-on-behind-the-group-by-the-label-alone", "E_CHAIN", said([MIDDLE], ORIGIN, [(MIDDLE, ENERGY_3, {}), (B, [READER], {})]), sealer=B)
direct("passed-on-behind-the-group-by-its-rule", "ADMITTED", said([MIDDLE], ORIGIN, [(MIDDLE, ENERGY_3, {}), (B, [READER], BY_GROUP)]), sealer=B)
direct("passed-on-by-who-is-out-since", "ADMITTED", out(ENERGY.audiences[1], who=GONE), sealer=GONE)
direct("passed-on-where-nothing-goes-on", "E_CHAIN", out(ENERGY.audiences[2]))
direct("passed-on-by-the-label-alone", "E_CHAIN", out(basis=LABEL))
direct("passed-on-by-the-rule-of-no-group", "E_CHAIN", into(**BY_GROUP))
direct("passed-on-by-who-never-was-in", "E_CHAIN", out(who=MIDDLE), sealer=MIDDLE)
direct("passed-on-by-who-is-not-in-that-version", "E_CHAIN", out(ENERGY.audiences[1], who=NEW), sealer=NEW)
direct("passed-on-by-who-is-in-no-group-of-the-hop-before", "E_CHAIN", said(
    [MIDDLE], ORIGIN, [(MIDDLE, ENERGY.audiences[2], {}), (NEW, [READER], {})]), sealer=NEW)
direct("passed-on-against-the-origin", "E_CHAIN", out(constraints={5: 1}))
direct("passed-on-once-too-often", "E_CHAIN", said(
    ENERGY_3, A, [(B, ENERGY_3, BY_GROUP), (NEW, [READER], BY_GROUP)], constraints={9: 1}), sealer=NEW)
direct("passed-on-twice-by-the-groups-rule", "ADMITTED", said(
    ENERGY_3, A, [(B, [NEW], BY_GROUP), (NEW, [READER], BY_GROUP)]), sealer=NEW)
direct("red-passed-on-by-the-groups-rule", "E_TLP", out(EXERCISE_2, label=RED, constraints={1: RED}))
direct("amber-strict-passed-on-by-the-groups-rule", "E_TLP", out(EXERCISE_2, label=AMBER_STRICT, constraints={1: AMBER_STRICT}))
direct("red-passed-on-by-permission", "ADMITTED", out(EXERCISE_2, label=RED, constraints={1: RED}, basis=PERMISSION, permitted=(A, [READER])))
direct("passed-on-of-who-is-out-since", "E_NOTMEMBER", out(ENERGY.audiences[1], origin=GONE))
direct("passed-on-of-a-group-that-nobody-follows", "E_MEMBERHASH", out(other(3, ENERGY.documents[2].hash, sha256(b"x"))))
direct("passed-on-over-the-ceiling", "E_AUDIENCE", out(label=AMBER_STRICT, constraints={1: AMBER_STRICT}, basis=PERMISSION,
                                                       permitted=(A, [READER])))
direct("direct-seal-of-the-group-that-was-before", "E_SEAL", out(), bend=bent("seal", put(6, ENERGY_3.hash)))
# Two faults: the step that comes first answers.
direct("false-forward-of-what-is-over-the-ceiling", "E_AUDIENCE", out(constraints={1: AMBER_STRICT}), bend=bent("signed_forward", flip(-30)))
row("passed-on-by-the-label-alone-to-one", "E_CHAIN", out(basis=LABEL))

# forward.md, *One statement alone*: rows of which the proof is kept, too, with its own answer. Of the reader nothing is asked.
PROVEN = {
    **dict.fromkeys((
        "direct", "statements", "direct-to-who-is-in-since", "direct-to-who-is-out", "for-a-version-with-fewer-members", "for-another-group",
        "direct-sealed-by-who-never-was-in", "passed-on-by-the-groups-rule", "direct-forward-to-a-version-without-the-reader",
        "permitted-to-all-members", "passed-on-to-who-is-out"), "ADMITTED"),
    **dict.fromkeys((
        "to-who-follows-no-group", "for-a-version-ahead", "for-another-document", "forward-to-a-version-ahead",
        "passed-on-of-a-group-that-nobody-follows"), "E_MEMBERHASH"),
    **dict.fromkeys(("direct-of-who-is-out-since", "direct-of-who-is-in-since", "passed-on-of-who-is-out-since"), "E_NOTMEMBER"),
    **dict.fromkeys(("over-the-ceiling", "over-the-ceiling-after-an-embargo", "of-an-exercise-for-the-group-of-none"), "E_AUDIENCE"),
    **dict.fromkeys(("group-and-organisations", "marked-as-another-groups", "group-of-version-0"), "E_PARSE"),
    **dict.fromkeys(("passed-on-by-the-label-alone", "passed-on-where-nothing-goes-on", "permitted-to-some-members"), "E_CHAIN"),
    "red-passed-on-by-the-groups-rule": "E_TLP", "content": "E_CONTENT"}
