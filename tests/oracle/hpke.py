"""X-Wing, HPKE single shot and the two ends of a slot. docs/formats/payload.md and envelope.md."""

import functools
import hashlib
import hmac
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import mlkem
from building_blocks import SUITE, extract, sha256
from refusal import Refusal

PUBLIC_SIZE, ENC_SIZE = mlkem.EK_SIZE + 32, mlkem.CT_SIZE + 32
SUITE_ID = b"HPKE" + struct.pack(">HHH", 0x647A, 0x0001, 0x0003)


def x25519_public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def x25519(private, public):
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as zero:
        raise Refusal("E_KEM", "the X25519 share is of low order") from zero


@functools.lru_cache(maxsize=64)
def expand_seed(seed):
    """X-Wing's key of a 32-byte seed: (ML-KEM key, X25519 private key, public key)."""
    expanded = hashlib.shake_256(seed).digest(96)
    ek, key = mlkem.keypair(expanded[:64])
    private = X25519PrivateKey.from_private_bytes(expanded[64:])
    return key, private, ek + x25519_public(private)


def combine(ss_m, ss_x, ct_x, pk_x):
    return hashlib.sha3_256(ss_m + ss_x + ct_x + pk_x + b"\\.//^\\").digest()


def encapsulate(public, randomness):
    """(shared secret, enc) with 64 given bytes: ML-KEM's message, then the X25519 private key."""
    ss_m, ct_m = mlkem.encapsulate(public[:mlkem.EK_SIZE], randomness[:32])
    private, pk_x = X25519PrivateKey.from_private_bytes(randomness[32:]), public[mlkem.EK_SIZE:]
    ct_x = x25519_public(private)
    return combine(ss_m, x25519(private, pk_x), ct_x, pk_x), ct_m + ct_x


def decapsulate(seed, enc):
    key, private, public = expand_seed(seed)
    ss_m, ct_x = mlkem.decapsulate(key, enc[:mlkem.CT_SIZE]), enc[mlkem.CT_SIZE:]
    return combine(ss_m, x25519(private, ct_x), ct_x, public[mlkem.EK_SIZE:])


def usable(public):
    """Whether a prekey's public key may be sealed to."""
    try:
        x25519(X25519PrivateKey.from_private_bytes(b"\x55" * 32), public[mlkem.EK_SIZE:])
    except Refusal:
        return False
    return mlkem.is_canonical(public[:mlkem.EK_SIZE])


def key_and_nonce(shared, info):
    """RFC 9180, KeySchedule in mode base; the nonce is that of sequence number 0."""

    def labelled_extract(label, ikm):
        return extract(b"", b"HPKE-v1" + SUITE_ID + label + ikm)

    def labelled_expand(prk, label, context, size):
        return raw_expand(prk, struct.pack(">H", size) + b"HPKE-v1" + SUITE_ID + label + context, size)

    context = b"\0" + labelled_extract(b"psk_id_hash", b"") + labelled_extract(b"info_hash", info)
    secret = extract(shared, b"HPKE-v1" + SUITE_ID + b"secret")
    return labelled_expand(secret, b"key", context, 32), labelled_expand(secret, b"base_nonce", context, 12)


def raw_expand(prk, info, size):
    return hmac.new(prk, info + b"\1", hashlib.sha256).digest()[:size]  # 32 bytes are the most that is asked for


def wrap_info(h0, org_id, prekey_id, public):
    return b"entente/1/wrap\0" + SUITE + h0 + org_id + prekey_id + sha256(public)


def seal_slot(public, prekey_id, info, content_key, randomness):
    shared, enc = encapsulate(public, randomness)
    key, nonce = key_and_nonce(shared, info)
    return prekey_id + enc + ChaCha20Poly1305(key).encrypt(nonce, content_key, b"")


def open_slot(seed, slot, info):
    shared = decapsulate(seed, slot[16:16 + ENC_SIZE])
    key, nonce = key_and_nonce(shared, info)
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, slot[16 + ENC_SIZE:], b"")
    except InvalidTag as wrong:
        raise Refusal("E_UNWRAP", "the slot does not open under its info") from wrong
