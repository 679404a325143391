"""HTTP/2 by hand over TLS with a node's own transport certificate: what an accepted peer could send."""

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
import time

from federation import TEST_BIN, bundle_file, indicator, wait_for

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MIB = 1 << 20


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def field(name, value):
    """One header, literal, neither indexed nor Huffman-coded; both parts under 127 bytes but the value may be longer."""
    length = bytes([len(value)]) if len(value) < 127 else b"\x7f" + varint(len(value) - 127)
    return b"\x00" + bytes([len(name)]) + name + length + value


def varint(value):
    out = b""
    while value >= 128:
        out, value = out + bytes([value % 128 + 128]), value // 128
    return out + bytes([value])


def request(extra=b""):
    return (field(b":method", b"POST") + field(b":scheme", b"http") + field(b":path", b"/entente.v1.Peer/Session") +
            field(b":authority", b"x") + field(b"content-type", b"application/grpc") + field(b"te", b"trailers") + extra)


def call(stream=1, extra=b""):
    return frame(HEADERS, END_HEADERS, stream, request(extra))


def credentials(node):
    """Files with a fresh transport certificate of `node` and its key."""
    printed = subprocess.run([TEST_BIN / "hostile_peer", node.dir, "--certificate"], capture_output=True, check=True)
    path = node.dir / "transport.pem"
    path.write_bytes(printed.stdout)
    return path


def context(server, pem):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_alpn_protocols(["h2"])
    made.load_cert_chain(pem)
    return made


class Wire:
    """One connection; `cut` is true once the other side ended it."""

    def __init__(self, tls):
        self.tls, self.cut, self.heard = tls, False, b""

    def send(self, payload):
        try:
            self.tls.sendall(payload)
        except OSError:
            self.cut = True
        return not self.cut

    def read(self, patience):
        """Reads what comes within `patience` seconds, or until the end."""
        self.tls.settimeout(patience)
        try:
            got = self.tls.recv(65536)
            self.cut, self.heard = not got, self.heard + got
        except TimeoutError:
            pass
        except OSError:
            self.cut = True
        return self.heard

    def read_until(self, condition, patience):
        deadline = time.monotonic() + patience
        while not condition() and not self.cut and time.monotonic() < deadline:
            self.read(0.1)
        return condition()

    def frames(self):
        rest, out = self.heard, []
        while len(rest) >= 9 + int.from_bytes(rest[:3], "big"):
            size = int.from_bytes(rest[:3], "big")
            out.append((rest[3], rest[4], int.from_bytes(rest[5:9], "big"), rest[9:9 + size]))
            rest = rest[9 + size:]
        return out

    def stream_ended(self, stream):
        return any(s == stream and (kind == RST_STREAM or (kind in (HEADERS, DATA) and flags & END_STREAM))
                   for kind, flags, s, _ in self.frames())


def tcp(node, source=None):
    host, port = node.status()["peer_address"].rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10, source_address=(source, 0) if source else None)


def connect(node, pem, greet=True):
    wire = Wire(context(False, pem).wrap_socket(tcp(node)))
    if greet:
        wire.send(PREFACE + frame(SETTINGS))
    return wire


def resident(node, kind="VmRSS"):
    for line in open(f"/proc/{node.daemon_pid()}/status"):
        if line.startswith(kind):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {kind}")


@contextlib.contextmanager
def growth_under(node, limit, factor=None):
    """The node's resident memory never peaks more than `limit` bytes above what it is now."""
    with open(f"/proc/{node.daemon_pid()}/clear_refs", "w") as refs:
        refs.write("5")
    before = resident(node)
    yield
    peak = resident(node, "VmHWM")
    print(f"grew by {(peak - before) / MIB:.1f} of {before / MIB:.1f} MiB")
    assert peak - before < limit, f"grew by {(peak - before) / MIB:.1f} MiB"
    assert factor is None or peak < factor * before, f"from {before / MIB:.1f} to {peak / MIB:.1f} MiB"


@contextlib.contextmanager
def exchange_goes_on(sender, receiver, folder):
    """While the body runs, `sender` publishes and `receiver` gets each object, in one session."""
    sessions = lambda: receiver.metrics()[f'entente_peer_sessions_total{{peer="{sender.name}"}}']
    before, objects, over, published = sessions(), receiver.status()["objects"], threading.Event(), []

    def publish():
        while not over.is_set() or not published:
            published.append(sender.publish(bundle_file(folder / "honest.json", [indicator(tlp="GREEN")]))["published"])
            sender.drained(receiver.name, 10)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    wait_for(lambda: receiver.status()["objects"] == objects + sum(published), "every honest object")
    assert sessions() == before, "the honest session was interrupted"
