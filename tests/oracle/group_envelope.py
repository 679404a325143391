#!/usr/bin/python3
"""Makes group envelopes and opens them, whole and with every bit of the header flipped; ends with 1 where an answer is not envelope.md's.
golden_group.py asks the other implementation, too."""

import oracle  # noqa: F401  it knows where docs/formats/examples is
import envelope
import epochs
import golden_epoch
import make
import wire
from building_blocks import u32
from golden_epoch import MEMBER, SECRET_1
from golden_passing import answer
from identity import DAY, HOUR
from world import NOW, fixed


def sealed(bend=make.straight, payload=b"for the group"):
    issued = golden_epoch.epochs_issued()[0]
    sealer = make.Sealer(MEMBER, MEMBER.signer, NOW, lambda name, size: fixed(f"group {name}", size), bend)
    return sealer.envelope_of({100: payload}, {}, [], group=(SECRET_1, issued))


def opened(groups, wire_bytes, now=NOW):
    return answer(lambda: envelope.open_envelope(wire_bytes, MEMBER.org, {}, now, groups=groups))


def expect(groups, wire_bytes, *reasons, now=NOW):
    given = opened(groups, wire_bytes, now)[0]
    assert given in reasons, (given, reasons)


def check_whole(member, whole):
    given, found = opened([member], whole)
    assert given == "ADMITTED" and b"for the group" in found.payload and found.epoch.epoch == 1
    assert whole[32:48] == epochs.route_tag(SECRET_1, member.epochs[0].fields) and whole[80:82] == b"\0\0"
    assert len(opened([member], sealed(payload=bytes(200_000)))[1].payload) > 200_000


def reasons_of_byte(at):
    """*Opening*: what a flipped bit of this byte of the header may answer."""
    if at < 4 or at in (6, 7, 80, 81):
        return ["E_HEADER"]
    if at < 6:
        return ["E_SUITE"]
    if 24 <= at < 32:
        return ["E_TIME", "E_COMMIT"]
    return ["E_EPOCH"] if 32 <= at < 48 else ["E_COMMIT"]


def check_bits(member, whole):
    for at in range(envelope.CORE):
        for bit in range(8):
            expect([member], whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1:], *reasons_of_byte(at))
    expect([member], whole[:envelope.CORE] + bytes(32) + whole[envelope.CORE + envelope.COMMITMENT:], "E_COMMIT")
    expect([member], whole[:-1] + bytes([whole[-1] ^ 1]), "E_AEAD")


def check_epochs(member, whole):
    expect([], whole, "E_EPOCH")
    expect([epochs.Member(MEMBER.org, member.group, {})], whole, "E_EPOCH")
    hours = {"created": u32((NOW - 3 * HOUR) // HOUR), "expires": u32((NOW + 9 * DAY) // HOUR)}
    before = sealed(lambda stage, value, *_: {**value, **hours} if stage == "header" else value)
    expect([member], before, "E_EPOCHSTALE")
    expect([member], whole, "E_FREEZE", now=member.group.newest.expires_us)


if __name__ == "__main__":
    golden_epoch.GOOD.append(("epoch", golden_epoch.delivered(1)))
    for check in (check_whole, check_bits, check_epochs):
        reader = golden_epoch.member_behind(1)
        expect([reader], sealed(), "E_EPOCH")  # until the group's log has it
        reader.group.take_entry(wire.strict(wire.SIGNED_BODY, golden_epoch.log_entries()[0]), NOW)
        check(reader, sealed())
