"""The building blocks of docs/formats/payload.md in Python: hashlib, hmac and pyca/cryptography, nothing of the project."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SUITE = b"\x00\x01"
TYPE = "application/vnd.entente."


def sha256(data):
    return hashlib.sha256(data).digest()


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def labelled_hash(label, *parts):
    return sha256(label.encode() + b"\0" + SUITE + b"".join(parts))


def extract(salt, ikm):
    return hmac.new(salt, ikm, hashlib.sha256).digest()


def expand(prk, label, context, size):
    info, out, block = label.encode() + b"\0" + SUITE + context, b"", b""
    for i in range(1, 2 + (size - 1) // 32):
        block = hmac.new(prk, block + info + bytes([i]), hashlib.sha256).digest()
        out += block
    return out[:size]


def pae(kind, body):
    name = (TYPE + kind).encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(body), body)


def body_id(kind, body):
    return sha256(pae(kind, body))


def tree(leaves):
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + tree(leaves[:k]) + tree(leaves[k:]))


def path(leaves, index):
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return path(leaves[:k], index) + [tree(leaves[k:])]
    return path(leaves[k:], index - k) + [tree(leaves[:k])]


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def message(*fields):
    """Protobuf: (number, value) with an int, bytes, str, or a list of these; 0 and nothing are left out."""
    out = b""
    for number, value in fields:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int):
                out += varint(number << 3) + varint(one) if one else b""
            else:
                one = one.encode() if isinstance(one, str) else one
                if one or isinstance(value, list):
                    out += varint(number << 3 | 2) + varint(len(one)) + one
    return out


class Key:
    def __init__(self, name, usage):
        self.usage = usage
        self.seed = sha256(b"entente example key: " + name.encode())
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = labelled_hash("entente/1/key", bytes([usage]), self.public)

    def sign(self, kind, body):
        return self.private.sign(pae(kind, body))

    def signed(self, kind, body):
        return message((1, body), (2, self.sign(kind, body)))


def hchacha20(key, nonce):
    s = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))

    def quarter(a, b, c, d):
        for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xffffffff
            v = s[z] ^ s[x]
            s[z] = (v << bits | v >> 32 - bits) & 0xffffffff

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<8I", *s[:4], *s[12:])


def xchacha_seal(key, nonce, ad, plaintext):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(b"\0\0\0\0" + nonce[16:], plaintext, ad)


def payload_keys(content_key, h_core):
    prk = extract(h_core, content_key)
    return (expand(prk, "entente/1/key", b"", 32), expand(prk, "entente/1/nonce", b"", 19),
            expand(prk, "entente/1/commit", b"", 32))


def seal_chunks(content_key, h_core, plaintext):
    key, nonce, commitment = payload_keys(content_key, h_core)
    parts = [plaintext[i:i + 65536] for i in range(0, len(plaintext), 65536)] or [b""]
    return b"".join(xchacha_seal(key, nonce + u32(i) + bytes([i == len(parts) - 1]), h_core + commitment, part)
                    for i, part in enumerate(parts))


def padme(size):
    e = size.bit_length() - 1
    step = 1 << e - e.bit_length()
    return (size + step - 1) // step * step
