#!/usr/bin/python3
"""Makes tests/vectors/two_keys.txt: one ciphertext that authenticates under two content keys.

ChaCha20-Poly1305 commits to no key: Poly1305 is a polynomial, so two free blocks solve for one tag under two keys. What an envelope
has against it is the key commitment in front of the chunks (docs/formats/payload.md).

  golden_two_keys.py           writes the file
  golden_two_keys.py --check   exit 1 where it would differ
"""

import struct

import oracle  # noqa: F401  it knows where docs/formats/examples is
import vectors
from building_blocks import hchacha20, payload_keys, sha256, u32
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from envelope import open_chunk

FILE = "two_keys.txt"
HEAD = ["Source: this project; made from docs/formats by tests/oracle/golden_two_keys.py, a second implementation", "Licence: Apache-2.0",
        "One chunk that authenticates under both content keys, with the commitment of the first in its associated data."]
P, CLAMP, BLOCKS = 2**130 - 5, 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, 8
FREE = (5, 6)  # the blocks of the ciphertext that are solved for


def one_time_key(key, nonce):
    cipher = Cipher(algorithms.ChaCha20(hchacha20(key, nonce[:16]), bytes(8) + nonce[16:]), mode=None).encryptor()
    block = cipher.update(bytes(32))
    return int.from_bytes(block[:16], "little") & CLAMP, int.from_bytes(block[16:], "little")


def blocks_of(ad, ciphertext):
    """What Poly1305 is evaluated over (RFC 8439, 2.8), each block with its bit on top."""
    padded = lambda part: part + bytes(-len(part) % 16)
    text = padded(ad) + padded(ciphertext) + struct.pack("<QQ", len(ad), len(ciphertext))
    return [int.from_bytes(text[i:i + 16], "little") + 2**128 for i in range(0, len(text), 16)]


def solve(ad, ciphertext, one_time_keys, tag):
    """The free blocks for which both keys give `tag`, or None where these are no blocks."""
    blocks = blocks_of(ad, ciphertext)
    places = [len(ad) // 16 + free for free in FREE]
    rows = []
    for r, s in one_time_keys:
        powers = [pow(r, len(blocks) - i, P) for i in range(len(blocks))]
        fixed = sum(block * power for i, (block, power) in enumerate(zip(blocks, powers)) if i not in places)
        rows.append((powers[places[0]], powers[places[1]], ((tag - s) % 2**128 - fixed) % P))
    (a, b, e), (c, d, f) = rows
    inverse = pow(a * d - b * c, -1, P)
    found = [(e * d - b * f) * inverse % P - 2**128, (a * f - e * c) * inverse % P - 2**128]
    return found if all(0 <= block < 2**128 for block in found) else None


def make():
    content_keys = [sha256(b"a content key"), sha256(b"another content key")]
    h_core = sha256(b"a header")
    derived = [payload_keys(content_key, h_core) for content_key in content_keys]
    ad = h_core + derived[0][2]
    last = u32(0) + b"\1"
    one_time_keys = [one_time_key(key, nonce + last) for key, nonce, _ in derived]
    for attempt in range(10_000):
        text = b"".join(sha256(b"block" + u32(attempt) + u32(i))[:16] for i in range(BLOCKS))
        tag = int.from_bytes(sha256(b"tag" + u32(attempt))[:16], "little")
        found = solve(ad, text, one_time_keys, tag)
        if found:
            break
    parts = [text[i:i + 16] for i in range(0, len(text), 16)]
    for free, block in zip(FREE, found):
        parts[free] = block.to_bytes(16, "little")
    sealed = b"".join(parts) + tag.to_bytes(16, "little")
    opened = [open_chunk(key, nonce + last, ad, sealed) for key, nonce, _ in derived]
    assert None not in opened and opened[0] != opened[1]
    return {"h_core": h_core, "first_content_key": content_keys[0], "second_content_key": content_keys[1], "commitment": derived[0][2],
            "sealed": sealed, "first_plaintext": opened[0], "second_plaintext": opened[1]}


if __name__ == "__main__":
    vectors.write_or_check(FILE, vectors.text_of(HEAD, [make()]))
