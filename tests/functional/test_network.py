"""Bad links between real daemons: each dials the other through a proxy that is slow, silent, or cuts."""

import base64
import json
import os
import pathlib
import socket
import ssl
import subprocess
import time
from types import SimpleNamespace

import pytest

from federation import TEST_BIN, bundle_file, indicator, wait_for
from proxy import TO_CLIENT, TO_SERVER, Proxy

SLOW = 10_000  # bytes a second
MIB = 1024  # KiB
LARGE = 6000  # bytes of padding in an object
QUEUE_WOULD_TAKE = 3 * 4000 * LARGE / 1024  # KiB: what is published while a peer does not take it
KEEPALIVE = 24 + 5  # seconds: the longest pause before a ping, and the time for its answer


@pytest.fixture
def proxied(tmp_path):
    """Has two running nodes accept each other, each dialling the other through a proxy of its own: the two proxies."""
    proxies = []

    def accept(node, other):
        proxies.append(Proxy(other.facts["peer_address"]))
        armour = pathlib.Path(other.card).read_text().split("\n")
        card, at = base64.b64decode("".join(armour[1:-2])), other.facts["peer_address"].encode()
        told = proxies[-1].address.encode()
        card = card.replace(bytes([len(at)]) + at, bytes([len(told)]) + told)
        text = base64.encodebytes(card).decode().replace("\n", "")
        lines = [armour[0], *[text[i:i + 64] for i in range(0, len(text), 64)], *armour[-2:]]
        path = tmp_path / f"{other.name}-for-{node.name}.card"
        path.write_text("\n".join(lines))
        node.accept(SimpleNamespace(**{**vars(other), "card": path, "fingerprint": other.fingerprint}))
        return proxies[-1]

    def link(a, b):
        made = accept(a, b), accept(b, a)
        a.session_up(b.name)
        b.session_up(a.name)
        return made

    yield link
    for proxy in proxies:
        proxy.close()


@pytest.fixture
def bad_link(make_node, proxied):
    """Norlandia, Estovia, and the proxies on both ways to dial."""
    norlandia, estovia = make_node("cert.norlandia", nation="XN").start(), make_node("cert.estovia", nation="XE").start()
    return norlandia, estovia, proxied(norlandia, estovia)


def things_of(count, size=1500):
    return [indicator(tlp="GREEN", x_pad=os.urandom(size // 2).hex()) for _ in range(count)]


def publish(node, folder, things):
    path = bundle_file(folder / f"{things[0]['id']}.json", things)
    assert node.publish(path)["published"] == len(things)
    return things


def outbox(node, peer):
    return node.metrics()[f'entente_outbox_objects{{peer="{peer}"}}']


def sockets(node):
    """Open ones; the files of the store come and go."""
    folder, count = f"/proc/{node.daemon_pid()}/fd", 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(f"{folder}/{name}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def arrived_once(node, things, origin="cert.norlandia"):
    """Exactly `things` came from `origin`, in the order of the file, with their bytes."""
    rows = [json.loads(line) for line in node.cli("tail", "--json", check=0).stdout.splitlines()]
    assert [row["id"] for row in rows if row["origin"] == origin] == [thing["id"] for thing in things]
    for thing in things[:: max(1, len(things) // 5)]:
        assert node.get_raw(thing["id"]) == json.dumps(thing).encode()
    assert node.fsck()[0]["ok"]


def set_all(proxies, **rules):
    for proxy in proxies:
        for name, value in rules.items():
            setattr(proxy.rules, name, value)


def test_N27_a_slow_peer_costs_the_others_nothing_and_catches_up(pair, make_node, proxied, tmp_path):
    norlandia, estovia = pair
    volt = make_node("volt-energy", nation="XN", kind="private").start()
    slow = proxied(norlandia, volt)
    things = publish(norlandia, tmp_path, things_of(4000, LARGE))  # fills what the store keeps in memory
    norlandia.drained("cert.estovia")
    norlandia.drained("volt-energy")
    before = norlandia.rss_kib()
    set_all(slow, rate=[SLOW, SLOW])
    lags = []
    for _ in range(3):
        things += publish(norlandia, tmp_path, things_of(4000, LARGE))
        norlandia.drained("cert.estovia")
        lags.append(outbox(norlandia, "volt-energy"))
    assert lags == sorted(lags) and lags[0] > 3000 and lags[2] > 11_000, lags
    assert norlandia.rss_kib() < before + QUEUE_WOULD_TAKE / 2
    assert volt.status()["objects"] < len(things)
    set_all(slow, rate=[None, None])
    norlandia.drained("volt-energy")
    arrived_once(volt, things)
    arrived_once(estovia, things)


def test_N31_a_link_that_goes_silent_one_way_is_closed_by_keepalive(bad_link, tmp_path):
    norlandia, estovia, proxies = bad_link
    set_all(proxies, hole=[True, False])
    started = time.monotonic()
    for node, peer in ((norlandia, "cert.estovia"), (estovia, "cert.norlandia")):
        wait_for(lambda: node.peer(peer)["state"] != "up", f"{node.name} to notice", 2 * KEEPALIVE)
    assert time.monotonic() - started < 2 * KEEPALIVE
    things = publish(norlandia, tmp_path, things_of(20))
    for proxy in proxies:
        proxy.rules.heal()
    norlandia.drained("cert.estovia")
    arrived_once(estovia, things)


def flap(norlandia, estovia, proxies, tmp_path, times):
    """Resets the link `times` times, each time once it is up, and publishes while it is down."""
    things = publish(norlandia, tmp_path, things_of(5))
    flat = []
    for number in range(times):
        norlandia.session_up("cert.estovia")
        flat.append([(sockets(node), node.rss_kib()) for node in (norlandia, estovia)])
        sessions = norlandia.metrics()['entente_peer_sessions_total{peer="cert.estovia"}']
        for proxy in proxies:
            proxy.reset_all()
        if number % 5 == 0:
            things += publish(norlandia, tmp_path, things_of(3))
        wait_for(lambda: norlandia.metrics()['entente_peer_sessions_total{peer="cert.estovia"}'] > sessions,
                 "a new session")
    norlandia.drained("cert.estovia")
    arrived_once(estovia, things)
    for side in (0, 1):
        settled = flat[times // 4][side]
        assert flat[-1][side][0] <= settled[0] + 4, "sockets grow"
        assert flat[-1][side][1] < settled[1] + 4 * MIB, "memory grows"


def test_H71b_an_accepted_peer_that_never_reads_costs_no_memory(pair, make_node, tmp_path):
    norlandia, estovia = pair
    rogue = make_node("rogue", nation="XR")
    norlandia.accept(rogue)
    publish(norlandia, tmp_path, things_of(4000, LARGE))  # fills what the store keeps in memory
    norlandia.drained("cert.estovia")
    program = [TEST_BIN / "hostile_peer", rogue.dir, norlandia.card]
    silent = subprocess.Popen([*program, "never-reads"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        norlandia.session_up("rogue")
        before, open_before = norlandia.rss_kib(), sockets(norlandia)
        for _ in range(3):
            publish(norlandia, tmp_path, things_of(4000, LARGE))
            norlandia.drained("cert.estovia")
        assert outbox(norlandia, "rogue") == 16_000
        assert norlandia.rss_kib() < before + QUEUE_WOULD_TAKE / 2
        assert sockets(norlandia) <= open_before + 4  # the command line's own come and go
    finally:
        said = silent.communicate(timeout=30)[0]
    assert json.loads(said)["answer"] == "silent"
    done = subprocess.run([*program, "good"], capture_output=True, timeout=60)
    assert json.loads(done.stdout)["answer"] == "accepted", "the next session is served"


# Bytes of a connection behind which it is cut. The first range is TLS handshake, HTTP/2 preface and Hellos, and its step has
# no factor in common with the sizes of records; the second is envelopes. A cut costs the half second until the next dial.
CUTS = [*range(0, 3000, 167), *range(3000, 40_000, 2903)]
BETWEEN = 8  # cuts, then one session that stays up: dialling slows down without


def test_N32_a_link_cut_at_many_bytes_is_tried_again_and_leaks_nothing(bad_link, tmp_path):
    norlandia, estovia, proxies = bad_link
    things = publish(norlandia, tmp_path, things_of(5))
    norlandia.drained("cert.estovia")
    before = sockets(norlandia), sockets(estovia)
    for number, n in enumerate(CUTS):
        if number % BETWEEN == 0:
            set_all(proxies, cut=[None, None])
            norlandia.session_up("cert.estovia")
        cuts = sum(proxy.cuts for proxy in proxies)
        both = n >= CUTS[-1] // 10  # so many pass in the direction of the envelopes alone
        set_all(proxies, cut=[n, n] if both else [n, None] if number % 2 else [None, n])
        for proxy in proxies:
            proxy.reset_all()
        things += publish(norlandia, tmp_path, things_of(40))  # behind the rule, so that they must meet it
        wait_for(lambda: sum(proxy.cuts for proxy in proxies) > cuts, f"a cut behind {n} bytes")
    set_all(proxies, cut=[None, None])
    norlandia.drained("cert.estovia")
    arrived_once(estovia, things)
    assert norlandia.fsck()[0]["ok"]
    wait_for(lambda: sockets(norlandia) <= before[0] + 2 and sockets(estovia) <= before[1] + 2, "the sockets to be given back")


def stranger_handshake(address, context, most):
    """Sends at most `most` bytes of a TLS client's part and hangs up; how many it sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls, sent = context.wrap_bio(incoming, outgoing), 0
    with socket.socket() as connection:
        connection.settimeout(10)
        try:
            host, port = address.rsplit(":", 1)
            connection.connect((host, int(port)))
            for done in (False, False, True):
                if not done:
                    try:
                        tls.do_handshake()
                    except ssl.SSLWantReadError:
                        pass
                part = outgoing.read()[:most - sent]
                connection.sendall(part)
                sent += len(part)
                if sent == most:
                    break
                incoming.write(connection.recv(16384))
        except (OSError, ssl.SSLError):
            pass  # the daemon has judged
    return sent


def test_N32_a_handshake_cut_at_every_byte_leaks_nothing(pair, tmp_path):
    norlandia, estovia = pair
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    key, "-out", cert, "-days", "1", "-subj", "/CN=stranger"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(cert, key)
    address = norlandia.facts["peer_address"]
    before, rss = sockets(norlandia), norlandia.rss_kib()
    whole = stranger_handshake(address, context, 1 << 20)
    assert whole > 800, "a ClientHello, a certificate and a Finished are longer"
    for n in range(whole - 8):  # signatures differ by a few bytes in length
        # Faster than connections are noticed to be gone, some are turned away.
        wait_for(lambda: stranger_handshake(address, context, n) == n, f"a connection that takes {n} bytes")
    wait_for(lambda: sockets(norlandia) <= before, "the sockets to be given back")
    assert norlandia.rss_kib() < rss + 8 * MIB
    things = publish(norlandia, tmp_path, things_of(5))
    norlandia.drained("cert.estovia")
    arrived_once(estovia, things)


def test_N33_a_flapping_link_leaks_nothing(bad_link, tmp_path):
    flap(*bad_link, tmp_path, 30)


@pytest.mark.long
def test_N33_a_thousand_reconnects_leak_nothing(bad_link, tmp_path):
    flap(*bad_link, tmp_path, 1000)
