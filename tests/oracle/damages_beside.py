"""The rows of damages_passing.TABLE about co-signatures, permissions and forwards."""

from building_blocks import message, sha256, u32
from damages import flip, put
from damages_passing import SEALED, bent, id_list_damages, other, resigned, row, signed_damages
from identity import DAY, HOUR, SKEW
from make import encoded
from make_passing import EXERCISE, ORIGIN, PERMISSION
from world import NOW

CLEAR, GREEN, AMBER, STRICT, RED = 1, 2, 3, 4, 5


def orgs(count, size=32):
    return [u32(i).rjust(size, b"\0") for i in range(1, count + 1)]


# Co-signatures.
signed_damages("joint", "cosign", "cosignature", "middle", org=1, time=4)
bent("joint", "cosign", "cosignature-of-another-batch", "E_PARSE", put(3, sha256(b"another")), 0)
bent("joint", "cosign", "cosignature-of-half-a-batch", "E_PARSE", put(3, bytes(31)), 0)
bent("joint", "cosign", "cosignature-over-the-limit", "E_LIMIT", put(100, bytes(16 << 10)), 0)
bent("joint", "signed_cosign", "cosignature-of-the-other-lane", "E_SIG", resigned("exercise.cosign.v1", "middle"), 0)
other("joint", "joint", "ADMITTED", lambda world: {})
other("joint", "joint-exercise", "ADMITTED", lambda world: {"constraints": EXERCISE})
other("joint", "joint-stripped", "E_THRESHOLD", lambda world: {"cosigners": [(world.middle, None)], "threshold": 3})
other("joint", "joint-by-one-organisation-twice", "E_THRESHOLD", lambda world: {"cosigners": [(world.middle, None), (world.middle, NOW - 1)],
                                                                               "threshold": 3})
other("joint", "joint-all-of-three", "ADMITTED", lambda world: {"threshold": 3})
other("joint", "joint-without-the-origin", "ADMITTED", lambda world: {"listed": [world.middle, world.rotated]})
other("joint", "joint-without-the-origin-by-one", "E_THRESHOLD",
      lambda world: {"listed": [world.middle, world.rotated], "cosigners": [(world.middle, None)]})
other("joint", "cosignature-of-who-is-not-listed", "E_PARSE",
      lambda world: {"listed": [world.origin, world.rotated], "cosigners": [(world.middle, None)], "threshold": 1})
other("joint", "cosignature-of-the-origin", "E_PARSE", lambda world: {"cosigners": [(world.origin, None), (world.middle, None)]})
other("joint", "cosignature-of-who-is-not-on-file", "ADMITTED",
      lambda world: {"listed": [world.origin, world.middle, world.outsider], "cosigners": [(world.outsider, None), (world.middle, None)]})
other("joint", "cosignature-of-who-is-not-on-file-does-not-count", "E_THRESHOLD",
      lambda world: {"listed": [world.origin, world.middle, world.outsider], "cosigners": [(world.outsider, None)]})
row("false-cosignature-of-who-is-not-on-file", "ADMITTED", "joint",
    lambda world: lambda here, value, *place: flip(-30)(value) if here == "signed_cosign" and place[0] == 0 else value,
    lambda world: {"listed": [world.origin, world.middle, world.outsider], "cosigners": [(world.outsider, None), (world.middle, None)]})
other("joint", "cosignature-by-a-stolen-key", "E_REVOKED",
      lambda world: {"cosigners": [(world.thief, NOW - 10 * DAY)]})
other("joint", "cosignature-by-a-superseded-key", "E_REVOKED",
      lambda world: {"cosigners": [(world.rotated.with_key(world.rotated.old), NOW - DAY)]})
other("joint", "cosignature-before-its-key-was-superseded", "ADMITTED",
      lambda world: {"cosigners": [(world.rotated.with_key(world.rotated.old), NOW - DAY - 1)]})
other("joint", "cosignature-by-an-admin-key", "E_KEYUSE", lambda world: {"cosigners": [(world.rotated.with_key(world.rotated.admin), None)]})
other("joint", "cosignature-of-an-expired-organisation", "E_FREEZE",
      lambda world: {"listed": [world.origin, world.frozen], "cosigners": [(world.frozen, NOW - 2 * HOUR)]})
other("joint", "cosignatures-over-the-limit", "E_LIMIT", lambda world: {"cosigners": [(world.middle, None)] * 65})
row("cosignature-without-joint-terms", "E_PARSE", "joint",
    lambda world: lambda here, value, *_: {number: one for number, one in value.items() if number != 17} if here == "body" else value)


def joint_terms(name, reason, organisations, threshold, index=None, **more):
    bent("joint", "body", name, reason, lambda body, world: {**body, 17: message(
        (1, organisations(sorted([world.origin.org, world.middle.org, world.rotated.org]))), (2, threshold))}, index, **more)


joint_terms("joint-of-one", "E_PARSE", lambda three: three[:1], 1)
joint_terms("joint-of-nobody", "E_PARSE", lambda three: [], 1)
joint_terms("joint-threshold-0", "E_PARSE", lambda three: three, 0)
joint_terms("joint-threshold-over-their-number", "E_PARSE", lambda three: three, 4)
joint_terms("joint-not-ascending", "E_PARSE", lambda three: three[::-1], 2)
joint_terms("joint-of-one-twice", "E_PARSE", lambda three: three[:1] + three, 2)
joint_terms("joint-of-half-an-organisation", "E_PARSE", lambda three: [three[0][:31], *three[1:]], 2)
joint_terms("joint-of-65", "E_PARSE", lambda three: orgs(65), 2)
joint_terms("joint-that-differs", "E_PARSE", lambda three: three, 1, index=1, forms=SEALED)
bent("joint", "body", "joint-with-an-unknown-field", "E_PARSE", lambda body, _: {**body, 17: body[17] + message((3, 1))})

# Permissions.
signed_damages("permitted", "permission", "permission", "origin", org=1, time=7)
id_list_damages("permitted", "permission", "permission", 4)
bent("permitted", "permission", "permission-of-a-short-message-id", "E_PARSE", put(3, bytes(15)))
bent("permitted", "permission", "permission-of-half-a-forwarder", "E_PARSE", put(5, bytes(31)))
bent("permitted", "permission", "permission-for-organisations-not-ascending", "E_AUDIENCE", put(6, lambda to, _: [sha256(b"x"), *to, bytes(32)]))
bent("permitted", "permission", "permission-of-short-organisations", "E_AUDIENCE", put(6, [bytes(31)]))
bent("permitted", "permission", "permission-for-1001", "E_AUDIENCE", put(6, orgs(1001)))
bent("permitted", "permission", "permission-for-nobody", "E_CHAIN", put(6, []))
bent("permitted", "permission", "permission-without-an-end", "E_TIME", put(8, 0))
bent("permitted", "permission", "permission-that-ends-when-it-begins", "E_TIME", put(8, lambda _, world: NOW))
bent("permitted", "permission", "permission-of-367-days", "E_TIME", put(8, NOW + 367 * DAY))
bent("permitted", "permission", "permission-of-366-days", "ADMITTED", put(8, NOW + 366 * DAY))
bent("permitted", "permission", "permission-of-other-statements", "E_CHAIN", put(4, lambda ids, _: ids[:32]))
bent("permitted", "permission", "permission-of-more-statements", "ADMITTED", put(4, lambda ids, _: bytes(32) + ids))
bent("permitted", "permission", "permission-for-another-forwarder", "E_CHAIN", put(5, lambda _, world: world.second.org))
bent("permitted", "permission", "permission-for-another-audience", "E_CHAIN", put(6, lambda _, world: [world.second.org]))
bent("permitted", "permission", "permission-for-a-larger-audience", "ADMITTED", put(6, lambda to, _: [bytes(32), *to]))
bent("permitted", "permission", "permission-of-later", "E_CHAIN", put(7, NOW + 1))
bent("permitted", "permission", "permission-that-has-ended", "E_CHAIN", lambda body, _: {**body, 7: NOW - 2 * DAY, 8: NOW})
bent("permitted", "permission", "permission-that-ends-just-then", "ADMITTED", lambda body, _: {**body, 7: NOW - 2 * DAY, 8: NOW + 1})
other("permitted", "permitted", "ADMITTED", lambda world: {})
other("permitted", "permitted-though-orcon", "ADMITTED", lambda world: {"label": AMBER, "orcon": True})
other("permitted", "permitted-exercise", "ADMITTED", lambda world: {"exercise": True})
other("permitted", "permission-of-another-organisation", "E_CHAIN", lambda world: {"by": world.second})
other("permitted", "permission-of-who-is-not-on-file", "E_PARTY", lambda world: {"by": world.outsider})
other("permitted", "permission-by-a-stolen-key", "E_REVOKED", lambda world: {"origin": world.rotated,
                                                                            "by": world.thief})
for form, number in (("payload", 6), ("proof", 5)):
    only = {"forms": SEALED} if form == "payload" else {"forms": ("proof",)}
    bent("permitted", form, f"permission-left-out-of-the-{form}", "E_CHAIN", put(number, []), **only)
    bent("permitted", form, f"permissions-over-the-limit-of-the-{form}", "E_CHAIN", put(number, lambda all_, _: all_ * 17), **only)
other("permitted", "permission-that-no-hop-names", "E_CHAIN", lambda world: {"more": 1})

# Forwards.
signed_damages("forwarded", "forward", "first-forward", "middle", org=1, time=10)
signed_damages("forwarded", "forward", "second-forward", "second", org=1, time=10, index=1)
id_list_damages("forwarded", "forward", "forward", 4)
bent("forwarded", "signed_forward", "forward-of-the-other-lane", "E_SIG", resigned("exercise.forward.v1", "middle"), 0)
bent("forwarded", "forward", "forward-behind-half-a-hop", "E_CHAIN", put(3, bytes(31)), 1)
bent("forwarded", "forward", "first-forward-behind-another", "E_CHAIN", put(3, sha256(b"x")), 0)
bent("forwarded", "forward", "second-forward-behind-nothing", "E_CHAIN", put(3, [bytes(32)]), 1)
bent("forwarded", "forward", "forward-of-other-statements", "E_CHAIN", put(4, sha256(b"x")), 0)
bent("forwarded", "forward", "second-forward-of-more-statements", "E_CHAIN", put(4, lambda ids, _: bytes(32) + ids), 1)
bent("forwarded", "forward", "first-forward-of-more-statements", "ADMITTED", put(4, lambda ids, _: bytes(32) + ids), 0)
bent("forwarded", "forward", "forward-to-nobody", "E_PARSE", put(5, []), 0)
bent("forwarded", "forward", "forward-to-organisations-and-a-group", "E_PARSE", put(6, message((1, bytes(32)), (2, 1), (3, bytes(32)))), 0)
bent("forwarded", "forward", "forward-to-organisations-not-ascending", "E_AUDIENCE", put(5, lambda to, _: [sha256(b"x"), *to, bytes(32)]), 0)
bent("forwarded", "forward", "forward-to-short-organisations", "E_AUDIENCE", put(5, lambda to, _: [bytes(31), *to]), 0)
bent("forwarded", "forward", "forward-to-1001", "E_AUDIENCE", put(5, orgs(1001)), 0)
bent("forwarded", "forward", "forward-without-a-basis", "E_PARSE", put(7, 0), 0)
bent("forwarded", "forward", "forward-of-an-unknown-basis", "E_PARSE", put(7, 5), 0)
bent("forwarded", "forward", "forward-by-a-group-that-is-none", "E_CHAIN", put(7, 3), 0)
bent("forwarded", "forward", "forward-by-origin-of-another", "E_CHAIN", put(7, ORIGIN), 0)
bent("forwarded", "forward", "forward-by-a-permission-without-its-id", "E_PARSE", put(7, PERMISSION), 0)
bent("forwarded", "forward", "forward-by-label-with-a-permission", "E_PARSE", put(8, sha256(b"x")), 0)
bent("forwarded", "forward", "forward-by-a-permission-that-is-not-there", "E_CHAIN", lambda body, _: {**body, 7: PERMISSION, 8: sha256(b"x")}, 0)
bent("forwarded", "forward", "forward-without-a-label", "E_PARSE", put(9, 0), 0)
bent("forwarded", "forward", "forward-of-an-unknown-label", "E_PARSE", put(9, 6), 0)
bent("forwarded", "forward", "first-forward-of-a-looser-label", "E_TLP", put(9, CLEAR), 0)
bent("forwarded", "forward", "second-forward-of-a-looser-label", "E_TLP", put(9, AMBER), 0)
bent("forwarded", "forward", "second-forward-of-a-stricter-label", "ADMITTED", put(9, AMBER), 1)
bent("forwarded", "forward", "forward-by-label-of-amber-strict", "E_TLP", put(9, STRICT), 1)
bent("forwarded", "forward", "forward-earlier-than-the-hop-before", "E_TIME", put(10, NOW + 1), 0)
bent("forwarded", "forward", "forward-ahead", "E_TIME", put(10, NOW + SKEW + 1), 1)
bent("forwarded", "forward", "forward-just-ahead", "ADMITTED", put(10, NOW + SKEW), 1)
bent("forwarded", "forward", "forward-before-the-statements", "E_TIME", put(10, NOW - SKEW - 1), 0)
bent("forwarded", "forward", "forward-just-before-the-statements", "ADMITTED", put(10, NOW - SKEW), 0)
other("forwarded", "forwarded", "ADMITTED", lambda world: {})
other("forwarded", "forwarded-exercise", "ADMITTED", lambda world: {"constraints": {**EXERCISE, 9: 2}})
other("by_origin", "forwarded-by-the-origin", "ADMITTED", lambda world: {})
bent("by_origin", "body", "forwarded-by-the-origin-from-its-own-store", "ADMITTED", put(12, []))
other("by_origin", "forward-of-who-is-not-on-file", "E_PARTY", lambda world: {"by": world.outsider})
other("forwarded", "forwarded-within-the-hop-limit", "ADMITTED", lambda world: {"constraints": {1: GREEN, 9: 2}})
other("forwarded", "forwarded-beyond-the-hop-limit", "E_CHAIN", lambda world: {"constraints": {1: GREEN, 9: 1}})
row("forwarded-though-no-hop-is-left", "E_CHAIN", "forwarded",
    lambda world: lambda here, value, *_: {**value, 11: encoded({1: GREEN}) + b"\x48\0"} if here == "body" else value)
other("forwarded", "forwarded-though-orcon", "E_CHAIN", lambda world: {"constraints": {1: GREEN, 5: 1}})
other("forwarded", "forwarded-during-an-embargo", "E_TLP", lambda world: {"constraints": {1: GREEN, 6: NOW + DAY, 7: GREEN}})
other("forwarded", "forwarded-after-an-embargo", "ADMITTED", lambda world: {"constraints": {1: AMBER, 6: NOW, 7: GREEN}})
other("forwarded", "forwarded-after-an-embargo-without-a-label", "E_TLP", lambda world: {"constraints": {1: GREEN, 6: NOW}})


def hops(name, reason, wanted, **more):
    other("forwarded", name, reason, lambda world: {"hops": [(getattr(world, who), [getattr(world, one) for one in to], terms)
                                                            for who, to, terms in wanted], **{key: value(world) for key, value in more.items()}})


STEP = [("middle", ["second"], {}), ("second", ["reader"], {})]
hops("forward-by-whom-it-did-not-reach", "E_CHAIN", STEP[1:])
hops("second-forward-by-whom-it-did-not-reach", "E_CHAIN", [("middle", ["reader"], {}), ("second", ["reader"], {})])
hops("forwarded-twice-by-one", "E_CHAIN", [("middle", ["second"], {}), ("second", ["middle"], {}), ("middle", ["second", "reader"], {})],
     sealer=lambda world: world.middle)
hops("forwarded-by-the-origin-later", "E_CHAIN", [("middle", ["origin"], {}), ("origin", ["reader"], {})], sealer=lambda world: world.origin)
hops("forwarded-by-the-origin-under-the-label", "ADMITTED", [("origin", ["second"], {}), STEP[1]])
hops("forwarded-by-a-stolen-key", "E_REVOKED", [("thief", ["second"], {}), STEP[1]], first=lambda world: world.rotated)
hops("forwarded-by-an-expired-organisation", "E_FREEZE", [("frozen", ["second"], {}), STEP[1]], first=lambda world: world.frozen,
     at=lambda world: NOW - 2 * HOUR)
