"""The daemon as its operator meets it: start, stop, memory, ports, metrics, health, hostile connections."""

import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from federation import ENTENTE, bundle_file, indicator, peer_both_ways, wait_for


def test_idle_daemon_stays_under_64_mib(make_node):
    node = make_node("cert.norlandia").start()
    wait_for(lambda: node.rss_kib() < 64 * 1024, "idle memory under 64 MiB", 5)


def test_sigterm_stops_within_two_seconds_with_everything_acknowledged_on_disk(pair, tmp_path):
    norlandia, estovia = pair
    things = [indicator(tlp="GREEN") for _ in range(2000)]
    path = bundle_file(tmp_path / "many.json", things)
    publisher = subprocess.Popen([ENTENTE, "publish", "--node", norlandia.dir, str(path), "--json"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: norlandia.status()["objects"] > 0, "the publish to be under way")
    started = time.monotonic()
    assert norlandia.stop() == 0
    assert time.monotonic() - started < 2.0
    result = json.loads(publisher.communicate()[0].splitlines()[-1])
    norlandia.start()
    for thing in things[:result["published"]]:
        assert norlandia.get_raw(thing["id"]) == json.dumps(thing).encode()
        break
    assert norlandia.status()["objects"] >= result["published"]
    assert norlandia.fsck()[0]["ok"]


def test_stops_at_once_when_idle(pair):
    for node in pair:
        started = time.monotonic()
        assert node.stop() == 0
        assert time.monotonic() - started < 2.0


def test_metrics_health_and_readiness_answer(pair, tmp_path):
    norlandia, _ = pair
    base = f"http://{norlandia.facts['metrics_listen']}"
    for path in ("/livez", "/readyz", "/readyz?verbose"):
        assert urllib.request.urlopen(base + path, timeout=5).status == 200
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(base + "/nothing", timeout=5)
    assert missing.value.code == 404
    answer = urllib.request.urlopen(base + "/metrics", timeout=5)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = answer.read().decode()
    for line in text.splitlines():
        if line.startswith("# TYPE") and line.endswith(" counter"):
            assert line.split()[2].endswith("_total"), line
    thing = indicator(value="metric-leak.example", tlp="GREEN")
    norlandia.publish(bundle_file(tmp_path / "one.json", [thing]))
    norlandia.drained("cert.estovia")
    text = urllib.request.urlopen(base + "/metrics", timeout=5).read().decode()
    assert "metric-leak" not in text and thing["id"] not in text
    assert norlandia.metrics()['entente_objects_total{outcome="published"}'] == 1
    assert norlandia.metrics()['entente_peer_up{peer="cert.estovia"}'] == 1


def connect(node):
    host, port = node.facts["peer_address"].rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=5)


def test_H63_300_idle_connections_at_an_fd_limit_of_100_and_service_as_before(make_node, tmp_path):
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    norlandia = make_node("cert.norlandia", nation="XN").start(preexec=limit)
    estovia = make_node("cert.estovia", nation="XE").start()
    peer_both_ways(norlandia, estovia)
    estovia.stop()
    idle = []
    for _ in range(300):
        try:
            idle.append(connect(norlandia))
        except OSError:
            pass
    assert norlandia.status()["name"] == "cert.norlandia"
    for s in idle:
        s.close()
    estovia.start()
    norlandia.session_up("cert.estovia")
    thing = indicator(tlp="GREEN")
    norlandia.publish(bundle_file(tmp_path / "one.json", [thing]))
    norlandia.drained("cert.estovia")
    assert estovia.get_raw(thing["id"])


def client_context(tmp_path, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    if certificate:
        key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=stranger"], check=True,
                       capture_output=True)
        context.load_cert_chain(cert, key)
    return context


@pytest.mark.parametrize("certificate", [False, True])
def test_a_client_without_an_accepted_key_gets_no_http2_frame(make_node, tmp_path, certificate):
    node = make_node("cert.norlandia").start()
    received = b""
    try:
        with client_context(tmp_path, certificate).wrap_socket(connect(node)) as tls:
            tls.settimeout(5)
            tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
            while piece := tls.recv(4096):
                received += piece
    except (ssl.SSLError, ConnectionError):
        pass
    assert received == b""


def test_plain_text_and_stalled_handshakes_are_closed(make_node):
    node = make_node("cert.norlandia").start()
    stalled = connect(node)
    with connect(node) as plain:
        plain.settimeout(10)
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while plain.recv(4096):
            pass
    stalled.settimeout(10)
    started = time.monotonic()
    try:
        assert stalled.recv(1) == b""
    except ConnectionError:
        pass
    assert time.monotonic() - started < 8


def test_logs_are_json_and_hold_no_values(pair, tmp_path):
    norlandia, _ = pair
    bad = indicator(value="log-leak.example", tlp="GREEN", name="evil\n{\"level\":\"fake\"}\x1b[31m")
    norlandia.publish(bundle_file(tmp_path / "bad.json", [bad, json.dumps(bad)[:-1] + ',"name":1}']), check=6)
    norlandia.stop()
    lines = [line for line in norlandia.said().splitlines() if line]
    assert lines
    for line in lines:
        assert isinstance(json.loads(line), dict)
    for text in (norlandia.said(), *[p.read_text(errors="replace") for p in norlandia.dir.glob("*.log*")]):
        assert "log-leak" not in text and bad["id"] not in text and "\x1b" not in text


def test_the_command_line_shows_no_secret_and_no_core_is_kept(make_node):
    node = make_node("cert.norlandia").start()
    secret = (node.dir / "passphrase").read_text().strip()
    assert secret not in open(f"/proc/{node.daemon_pid()}/cmdline").read()
    limits = open(f"/proc/{node.daemon_pid()}/limits").read()
    assert re.search(r"Max core file size\s+0\s+0", limits)


def test_starts_again_quickly_with_objects(make_node, tmp_path):
    node = make_node("cert.norlandia").start()
    node.publish(bundle_file(tmp_path / "many.json", [indicator(tlp="GREEN") for _ in range(3000)]))
    node.kill()
    started = time.monotonic()
    node.start()
    assert time.monotonic() - started < 2.0


def test_a_very_long_folder_name_works(make_node, tmp_path):
    from federation import Node
    folder = tmp_path / ("d" * 120) / ("e" * 60)
    folder.parent.mkdir()
    node = Node(folder, "cert.norlandia")
    try:
        node.start()
        assert node.status()["name"] == "cert.norlandia"
    finally:
        node.stop()
