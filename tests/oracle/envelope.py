"""Steps 1 to 14 of docs/formats/envelope.md: from the bytes to a plaintext that nobody trusts yet."""

import hmac
import struct
import types

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import epochs
import hpke
from building_blocks import hchacha20, labelled_hash, padme, payload_keys, tree, u32
from identity import HOUR, SKEW
from refusal import Refusal, demand

CORE, SLOT, COMMITMENT, TAG, CHUNK = 83, 16 + 1120 + 48, 32, 16, 65536
MAX_ENVELOPE, MAX_SLOTS, MAX_HOURS = 64 << 20, 1000, 336
DIRECT, GROUP = 1, 2


def read_header(wire, floor=1):
    """The fields of hdr_core, steps 1 to 4. `floor`: the lowest suite that the reader's own identity document allows."""
    demand(len(wire) <= MAX_ENVELOPE, "E_LIMIT", "an envelope's size")
    demand(len(wire) >= CORE and wire[:4] == b"ENT1", "E_HEADER", "no header")
    suite, mode, flags, env_id, created, expires, tag, salt, n_slots, size_class = struct.unpack(">HBB16sII16s32sHB", wire[4:CORE])
    demand(suite == 1 and suite >= floor, "E_SUITE", f"suite {suite} where {floor} is the lowest")
    direct = mode == DIRECT and 1 <= n_slots <= MAX_SLOTS
    demand(flags == 0 and (direct or mode == GROUP and n_slots == 0), "E_HEADER", "mode, flags or slots")
    demand(len(wire) >= CORE + n_slots * SLOT + COMMITMENT + TAG, "E_HEADER", "shorter than its header says")
    return types.SimpleNamespace(mode=mode, env_id=env_id, created=created, expires=expires, tag=tag, salt=salt, n_slots=n_slots,
                                 size_class=size_class)


def check_hours(header, now):
    demand(header.created * HOUR <= now + SKEW, "E_TIME", "from the future")
    demand(now < header.expires * HOUR, "E_TIME", "it has expired")
    demand(header.created < header.expires <= header.created + MAX_HOURS, "E_TIME", "its life")


def split(wire, header):
    """(hdr_core, slots, KC, chunks)"""
    behind = CORE + header.n_slots * SLOT
    slots = [wire[at:at + SLOT] for at in range(CORE, behind, SLOT)]
    return wire[:CORE], slots, wire[behind:behind + COMMITMENT], wire[behind + COMMITMENT:]


def open_chunk(key, nonce, ad, sealed):
    try:
        return ChaCha20Poly1305(hchacha20(key, nonce[:16])).decrypt(b"\0\0\0\0" + nonce[16:], sealed, ad)
    except InvalidTag:
        return None


def open_chunks(key, nonce, ad, chunks):
    """All parts, or the reason of payload.md."""
    full, out, index = CHUNK + TAG, [], 0
    while True:
        demand(len(chunks) >= TAG, "E_TRUNCATED", "no last chunk")
        this, rest = chunks[:full], chunks[full:]
        part = open_chunk(key, nonce + u32(index) + bytes([not rest]), ad, this)
        if part is None:
            refuse_chunk(key, nonce + u32(index), ad, this, rest)
        demand(rest or part or index == 0, "E_TRAILING", "an empty chunk behind another")
        out.append(part)
        if not rest:
            return b"".join(out)
        chunks, index = rest, index + 1


def refuse_chunk(key, nonce, ad, this, rest):
    """Says why a chunk does not authenticate in its place."""
    if rest:
        demand(open_chunk(key, nonce + b"\1", ad, this) is None, "E_TRAILING", "bytes behind the last chunk")
    else:
        demand(open_chunk(key, nonce + b"\0", ad, this) is None, "E_TRUNCATED", "the last chunk is missing")
        for behind in range(1, min(16, len(this) - TAG) + 1):
            demand(open_chunk(key, nonce + b"\1", ad, this[:-behind]) is None, "E_TRAILING", "bytes behind the last chunk")
    raise Refusal("E_AEAD", "a chunk does not authenticate")


def unpad(plaintext, size_class):
    demand(len(plaintext).bit_length() - 1 == size_class, "E_HEADER", "its size class")
    demand(len(plaintext) >= 4, "E_TRUNCATED", "no length")
    length = int.from_bytes(plaintext[:4], "big")
    demand(4 + length <= len(plaintext), "E_TRUNCATED", "its length")
    demand(len(plaintext) == padme(4 + length) and not any(plaintext[4 + length:]), "E_TRAILING", "its padding")
    return plaintext[4:4 + length]


def key_of_slot(slots, h0, receiver, seeds):
    slot = next((slot for slot in slots if slot[:16] in seeds), None)
    demand(slot is not None, "E_NOSLOT", "no slot names a prekey that this node holds")
    seed = seeds[slot[:16]]
    return hpke.open_slot(seed, slot, hpke.wrap_info(h0, receiver, slot[:16], hpke.expand_seed(seed)[2]))


def open_envelope(wire, receiver, seeds, now, seen=lambda env_id: False, groups=(), floor=1):
    """`seeds`: prekey_id -> seed of 32 bytes, any other prekey counts as unknown; `groups`: epochs.Member of each group that is followed;
    `floor`: as in read_header."""
    header = read_header(wire, floor)
    check_hours(header, now)
    demand(not seen(header.env_id), "E_REPLAY", "accepted before")
    core, slots, commitment, chunks = split(wire, header)
    h0, epoch = labelled_hash("entente/1/h0", core), None
    h_core = labelled_hash("entente/1/core", h0, tree(slots) if slots else bytes(32))
    if header.mode == DIRECT:
        content_key = key_of_slot(slots, h0, receiver, seeds)
    else:
        secret, epoch = epochs.use_of(groups, header.tag, header.created, now)
        content_key = epochs.content_key(secret, epoch.group_id, epoch.epoch, header.salt)
    key, nonce, expected = payload_keys(content_key, h_core)
    demand(hmac.compare_digest(expected, commitment), "E_COMMIT", "the key commitment")
    plaintext = open_chunks(key, nonce, h_core + commitment, chunks)
    return types.SimpleNamespace(env_id=header.env_id, mode=header.mode, expires_hour=header.expires, epoch=epoch, h_core=h_core,
                                 commitment=commitment, payload=unpad(plaintext, header.size_class))
