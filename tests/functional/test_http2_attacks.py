"""What an accepted peer can do below the session: in TLS and HTTP/2. One daemon lives through all of it, and an honest peer
goes on exchanging with it the while. Each attack is an organisation's of its own."""

import itertools
import resource
import socket
import struct
import time

import pytest

from federation import Node, peer_both_ways, wait_for
from http2 import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, MIB, PING, PREFACE, PRIORITY, RST_STREAM,
                   SETTINGS, WINDOW_UPDATE, Wire, call, connect, context, credentials, exchange_goes_on, field, frame,
                   growth_under, request, tcp, varint)

CUT_WITHIN = 2.0
GROWTH = 64 * MIB
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("besieged")
    victim = Node(folder / "cert.estovia", "cert.estovia", nation="XE").start()
    honest = Node(folder / "cert.norlandia", "cert.norlandia", nation="XN").start()
    peer_both_ways(victim, honest)
    yield victim, honest
    assert victim.stop() == 0 and honest.stop() == 0
    assert victim.fsck()[0]["ok"]


@pytest.fixture
def siege(nodes, tmp_path):
    """(victim, a fresh accepted peer, its certificate), while the honest peer exchanges."""
    victim, honest = nodes
    rogue = Node(tmp_path / "rogue", f"rogue-{next(numbers)}", nation="XR")
    victim.accept(rogue)
    pem = credentials(rogue)
    with exchange_goes_on(honest, victim, tmp_path):
        yield victim, rogue, pem
    assert victim.answers()


def cuts(victim, rogue):
    return victim.metrics().get(f'entente_peer_cuts_total{{peer="{rogue.name}"}}')


def kept_out(victim, rogue):
    return victim.metrics()[f'entente_peer_over_budget_total{{peer="{rogue.name}",budget="http2"}}']


def assert_cut(siege, payloads, within=CUT_WITHIN, counted=True, factor=None):
    """Sends until the connection is cut, which must be soon and cheap."""
    victim, rogue, pem = siege
    with growth_under(victim, GROWTH, factor):
        wire = connect(victim, pem)
        started = time.monotonic()
        for payload in payloads:
            if not wire.send(payload):
                break
        wire.read_until(lambda: wire.cut, within)
        took = time.monotonic() - started
    assert wire.cut and took < within, f"cut {wire.cut} after {took:.2f} s"
    print(f"cut after {took:.2f} s")
    if counted:
        wait_for(lambda: cuts(victim, rogue) == 1, "the count of the cut")
        assert kept_out(victim, rogue) == 1


def block(content, size=16_384):
    """One header block of `content` that never ends, in frames of `size`."""
    yield frame(HEADERS, 0, 1, content[:size])
    for at in range(size, len(content), size):
        yield frame(CONTINUATION, 0, 1, content[at:at + size])


@pytest.mark.parametrize("content", [
    pytest.param(lambda: request() + b"\x00\x7f" + b"\x80" * (11 * MIB), id="varint-padding"),
    pytest.param(lambda: request() + field(b"a", b"b") * (64 * MIB // 5), id="endless-continuation"),
    pytest.param(lambda: request() + b"\x00\x01a\x7f" + varint(256 * MIB) + b"x" * (32 * MIB), id="256-mib-literal")])
def test_H64_hpack_floods_end_in_a_cut(siege, content):
    assert_cut(siege, block(content()))


def test_H64_continuations_without_content_end_in_a_cut(siege):
    assert_cut(siege, itertools.chain([frame(HEADERS, 0, 1, request())], itertools.repeat(frame(CONTINUATION, 0, 1) * 100, 1000)))


def test_H65_100000_rapid_resets_end_in_a_cut(siege):
    attack = b"".join(call(stream) + frame(RST_STREAM, 0, stream, b"\0\0\0\10") for stream in range(1, 200_001, 2))
    assert_cut(siege, (attack[at:at + MIB] for at in range(0, len(attack), MIB)), factor=2)


@pytest.mark.parametrize("extra", [
    pytest.param(field(b"x-large", b"v" * 12_000), id="oversized"),
    pytest.param(b"\x90" * 10_000, id="10000-tiny"),
    pytest.param(field(b"x-bin", b"!*!"), id="bad-bin")])
def test_H66_bad_metadata_fails_its_call_alone(siege, extra):
    victim, _, pem = siege
    with growth_under(victim, GROWTH):
        wire = connect(victim, pem)
        wire.send(call(1, extra))
        assert wire.read_until(lambda: wire.stream_ended(1) or wire.cut, 10)
    again = connect(victim, pem)
    again.send(frame(PING, 0, 0, b"12345678"))
    assert again.read_until(lambda: any(f[0] == PING and f[3] == b"12345678" for f in again.frames()), 10)


def test_H66_10000_literal_headers_end_in_a_cut(siege):
    assert_cut(siege, block(request() + b"".join(field(b"h%d" % i, b"v") for i in range(10_000))))


def test_H67_pings_within_the_budget_are_answered(siege):
    """Else gRPC would end the connection before the guard has counted: a cut without a name, and nobody kept out."""
    victim, rogue, pem = siege
    wire = connect(victim, pem)
    wire.send(call() + frame(PING, 0, 0, b"12345678") * 90)
    answers = lambda: sum(kind == PING and flags & ACK for kind, flags, _, _ in wire.frames())
    assert wire.read_until(lambda: answers() == 90, 30), f"{answers()} answers, cut {wire.cut}"
    wire.send(frame(PING, 0, 0, b"one more"))
    assert wire.read_until(lambda: answers() == 91, 30), f"cut {wire.cut}, heard {[f[0] for f in wire.frames()][-3:]}"
    assert not wire.cut and cuts(victim, rogue) in (0, None)


@pytest.mark.parametrize("flood", [
    pytest.param(frame(PING, 0, 0, b"12345678"), id="ping"),
    pytest.param(frame(PING, ACK, 0, b"12345678"), id="ping-ack"),
    pytest.param(frame(SETTINGS, 0, 0, b"\0\3\0\0\0\1"), id="settings"),
    pytest.param(frame(SETTINGS, ACK), id="settings-ack"),
    pytest.param(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1"), id="window-update"),
    pytest.param(frame(PRIORITY, 0, 1, b"\0\0\0\3\1"), id="priority"),
    pytest.param(frame(DATA, 0, 1), id="empty-data"),
    pytest.param(frame(DATA, 0, 1, b"d"), id="tiny-data"),
    pytest.param(frame(DATA, 0, 99, b"d" * 40), id="data-of-no-stream"),
    pytest.param(frame(0x77, 0, 0, b"?" * 100), id="unknown-type")])
def test_H67_floods_of_frames_end_in_a_cut(siege, flood):
    assert_cut(siege, itertools.chain([call()], itertools.repeat(flood * 100, 1000)))


def test_H67_a_record_for_each_byte_ends_in_a_cut(siege):
    data = frame(DATA, 0, 1, b"\0" * 16_384)
    assert_cut(siege, itertools.chain([call()], (data[i % len(data)].to_bytes(1, "big") for i in range(100_000))))


@pytest.mark.parametrize("attack", [
    pytest.param(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"), id="zero"),
    pytest.param(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\0"), id="zero-of-a-stream"),
    pytest.param(frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), id="overflow"),
    pytest.param(frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff") * 2, id="overflow-of-a-stream")])
def test_H67_window_updates_that_break_the_window_end_in_a_cut(siege, attack):
    assert_cut(siege, [call() + attack])


def test_H67_a_window_of_nothing_stalls_its_own_call_until_the_deadline(siege):
    victim, _, pem = siege
    with growth_under(victim, GROWTH):
        wire = connect(victim, pem, greet=False)
        wire.send(PREFACE + frame(SETTINGS, 0, 0, b"\0\4\0\0\0\0") + call())
        assert wire.read_until(lambda: wire.stream_ended(1) or wire.cut, 12)


def closed_within(connection, patience, feed=None):
    wire, started = Wire(connection), time.monotonic()
    while not wire.cut and time.monotonic() - started < patience:
        if feed:
            wire.send(feed)
        wire.read(1)
    return wire.cut


def test_H68_slow_handshakes_and_slow_frames_are_closed(siege):
    victim, rogue, pem = siege
    silent, half = tcp(victim), tcp(victim)
    half.sendall(b"\x16\x03\x01\x02\x00\x01")  # a ClientHello that never comes
    greeting, slow = connect(victim, pem, greet=False), connect(victim, pem)
    greeting.send(PREFACE[:12])
    slow.send(call() + frame(DATA, 0, 1, b"d" * 16_384)[:9])
    assert closed_within(silent, 8) and closed_within(half, 8)
    assert closed_within(greeting.tls, 8)
    assert closed_within(slow.tls, 16, feed=b"\0"), "a byte a second"
    wait_for(lambda: cuts(victim, rogue) == 2, "both cuts")
    assert kept_out(victim, rogue) == 0, "a bad link, or somebody on it, is slow as well"


def test_H69_10000_idle_connections_are_capped_and_service_goes_on(siege, nodes):
    wanted, (victim, honest) = 10_000, nodes
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted + 500:
        pytest.skip(f"the hard limit of open files is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 500), hard))
    host, port = victim.status()["peer_address"].rsplit(":", 1)
    idle = []
    try:
        with growth_under(victim, GROWTH):
            for i in range(wanted):  # from many addresses, so that the cap of one is not what holds
                connection = socket.socket()
                connection.setblocking(False)
                connection.bind((f"127.0.{1 + i % 200}.{1 + i // 200}", 0))
                connection.connect_ex((host, int(port)))
                idle.append(connection)
            fds = victim.metrics()["process_open_fds"]
            assert fds < 256 + 200
            assert victim.status()["name"] == victim.name
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_for(lambda: victim.metrics()["process_open_fds"] < 200, "the connections to be gone")


# One byte over the limit is H70AMessageOverTheLimitEndsItsCall in services/peer/hostile_call_test.cc.
@pytest.mark.parametrize("length", [5 * MIB, 0xFFFFFFFF])
def test_H70_a_length_far_over_the_limit_ends_in_a_cut_without_allocation(siege, length):
    victim, *_ = siege
    limit = lambda: victim.metrics()['entente_rejections_total{reason="E_LIMIT"}']
    before = limit()
    message = b"d" * 16_384
    assert_cut(siege, itertools.chain([call() + frame(DATA, 0, 1, b"\0" + struct.pack(">I", length))],
                                      itertools.repeat(frame(DATA, 0, 1, message), 64)))
    assert limit() == before + 1  # gRPC's RESOURCE_EXHAUSTED


def test_H71_streams_that_are_never_half_closed_meet_the_deadline(siege):
    victim, _, pem = siege
    with growth_under(victim, GROWTH):
        wire = connect(victim, pem)
        for stream in range(1, 31, 2):
            wire.send(call(stream))
        assert wire.read_until(lambda: all(wire.stream_ended(s) for s in range(1, 31, 2)), 15)


# A peer that this node dials is as hostile as one that dials.
@pytest.mark.parametrize("attack", [
    pytest.param(lambda: block(b"\x88" + b"\x00\x7f" + b"\x80" * MIB), id="H64-varint-padding"),
    pytest.param(lambda: itertools.repeat(frame(PING, 0, 0, b"12345678") * 100, 1000), id="H67-ping"),
    pytest.param(lambda: [frame(DATA, 8, 1, b"\1dd")], id="padding")])
def test_H64_a_hostile_listener_is_cut_off_by_who_dialled(nodes, tmp_path, attack):
    victim, honest = nodes
    rogue = Node(tmp_path / "rogue", f"rogue-{next(numbers)}", nation="XR")
    pem = credentials(rogue)
    host, port = rogue.facts["peer_address"].rsplit(":", 1)
    listener = socket.create_server((host, int(port)))
    listener.settimeout(20)
    with exchange_goes_on(honest, victim, tmp_path), growth_under(victim, GROWTH):
        victim.accept(rogue)
        wire = Wire(context(True, pem).wrap_socket(listener.accept()[0], server_side=True))
        wire.read_until(lambda: b"/entente.v1.Peer/Session" in wire.heard, 10)
        wire.send(frame(SETTINGS))
        started = time.monotonic()
        for payload in attack():
            if not wire.send(payload):
                break
        wire.read_until(lambda: wire.cut, CUT_WITHIN)
        assert wire.cut and time.monotonic() - started < CUT_WITHIN
        listener.close()
        wait_for(lambda: cuts(victim, rogue) == 1, "the count of the cut")
