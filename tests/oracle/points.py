"""Ed25519 with the strictness of docs/formats/payload.md. OpenSSL computes the equation; which points may stand in it is decided here."""

import functools

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1, 1, 0)


def decode(data):
    """The point in extended coordinates, or None where the 32 bytes are not the canonical encoding of one."""
    sign, y = data[31] >> 7, int.from_bytes(data, "little") & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or x == 0 and sign:
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    out = NEUTRAL
    while scalar:
        out = add(out, point) if scalar & 1 else out
        point, scalar = add(point, point), scalar >> 1
    return out


def is_neutral(point):
    return point[0] == 0 and point[1] == point[2]


@functools.lru_cache(maxsize=1024)
def usable(public):
    """Whether a key may be enrolled: canonical, of the main subgroup, and not its neutral element."""
    point = decode(public) if len(public) == 32 else None
    return point is not None and not is_neutral(point) and is_neutral(times(ORDER, point))


def of_small_order(data):
    point = decode(data)
    return point is None or is_neutral(times(8, point))


def verify(public, message, signature):
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ORDER:
        return False
    if len(public) != 32 or of_small_order(public) or of_small_order(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
