"""ML-KEM-768 as FIPS 203 writes it, names and algorithm numbers included. Plain, and not in constant time: it is an oracle
for tests with public keys and public seeds, and nothing else may use it."""

import hashlib

Q, N, K, DU, DV = 3329, 256, 3, 10, 4
EK_SIZE, CT_SIZE, SEED_SIZE = 384 * K + 32, 32 * (DU * K + DV), 64


def reversed7(i):
    return int(f"{i:07b}"[::-1], 2)


ZETAS = [pow(17, reversed7(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * reversed7(i) + 1, Q) for i in range(128)]


def g(data):
    digest = hashlib.sha3_512(data).digest()
    return digest[:32], digest[32:]


def h(data):
    return hashlib.sha3_256(data).digest()


def j(data):
    return hashlib.shake_256(data).digest(32)


def byte_encode(d, values):  # algorithm 5
    return sum(value << d * i for i, value in enumerate(values)).to_bytes(32 * d, "little")


def byte_decode(d, data):  # algorithm 6; for d = 12 the values are reduced
    bits, mask = int.from_bytes(data, "little"), (1 << d) - 1
    return [(bits >> d * i & mask) % (Q if d == 12 else 1 << d) for i in range(N)]


def compress(d, values):
    return [((x << d + 1) + Q) // (2 * Q) % (1 << d) for x in values]


def decompress(d, values):
    return [(2 * y * Q + (1 << d)) >> d + 1 for y in values]


def sample_ntt(seed):  # algorithm 7
    out, size = [], 840
    while True:
        stream = hashlib.shake_128(seed).digest(size)
        out = []
        for at in range(0, size, 3):
            a, b, c = stream[at:at + 3]
            out += [d for d in (a + 256 * (b % 16), b // 16 + 16 * c) if d < Q]
        if len(out) >= N:
            return out[:N]
        size *= 2


def sample_cbd(seed, counter):  # algorithm 8 with eta 2 over PRF(seed, counter)
    bits = int.from_bytes(hashlib.shake_256(seed + bytes([counter])).digest(64 * 2), "little")
    return [((bits >> 4 * i & 1) + (bits >> 4 * i + 1 & 1) - (bits >> 4 * i + 2 & 1) - (bits >> 4 * i + 3 & 1)) % Q
            for i in range(N)]


def ntt(values):  # algorithm 9
    f, i, size = list(values), 1, 128
    while size >= 2:
        for start in range(0, N, 2 * size):
            zeta, i = ZETAS[i], i + 1
            for at in range(start, start + size):
                t = zeta * f[at + size] % Q
                f[at + size], f[at] = (f[at] - t) % Q, (f[at] + t) % Q
        size //= 2
    return f


def inverse_ntt(values):  # algorithm 10
    f, i, size = list(values), 127, 2
    while size <= 128:
        for start in range(0, N, 2 * size):
            zeta, i = ZETAS[i], i - 1
            for at in range(start, start + size):
                t = f[at]
                f[at], f[at + size] = (t + f[at + size]) % Q, zeta * (f[at + size] - t) % Q
        size *= 2
    return [x * 3303 % Q for x in f]


def multiply(f, g_):  # algorithm 11
    out = []
    for i, gamma in enumerate(GAMMAS):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g_[2 * i], g_[2 * i + 1]
        out += [(a0 * b0 + a1 * b1 * gamma) % Q, (a0 * b1 + a1 * b0) % Q]
    return out


def add(*polynomials):
    return [sum(column) % Q for column in zip(*polynomials)]


def dot(row, column):
    return add(*(multiply(a, b) for a, b in zip(row, column)))


def matrix(rho):
    return [[sample_ntt(rho + bytes([column, row])) for column in range(K)] for row in range(K)]


def keypair(seed):
    """(ek, dk) of a seed of 64 bytes, d then z (algorithms 13 and 16)."""
    d, z = seed[:32], seed[32:]
    rho, sigma = g(d + bytes([K]))
    a = matrix(rho)
    s = [ntt(sample_cbd(sigma, i)) for i in range(K)]
    e = [ntt(sample_cbd(sigma, K + i)) for i in range(K)]
    t = [add(dot(a[i], s), e[i]) for i in range(K)]
    ek = b"".join(byte_encode(12, x) for x in t) + rho
    dk = b"".join(byte_encode(12, x) for x in s)
    return ek, (dk, ek, h(ek), z)


def is_canonical(ek):
    """The modulus check of section 7.2."""
    return len(ek) == EK_SIZE and all(byte_encode(12, byte_decode(12, part)) == part for part in parts(ek[:-32], 384))


def parts(data, size):
    return [data[at:at + size] for at in range(0, len(data), size)]


def encrypt(ek, message, randomness):  # algorithm 14
    t, a = [byte_decode(12, part) for part in parts(ek[:-32], 384)], matrix(ek[-32:])
    y = [ntt(sample_cbd(randomness, i)) for i in range(K)]
    u = [add(inverse_ntt(dot([a[row][i] for row in range(K)], y)), sample_cbd(randomness, K + i)) for i in range(K)]
    v = add(inverse_ntt(dot(t, y)), sample_cbd(randomness, 2 * K), decompress(1, byte_decode(1, message)))
    return b"".join(byte_encode(DU, compress(DU, x)) for x in u) + byte_encode(DV, compress(DV, v))


def decrypt(dk, ciphertext):  # algorithm 15
    u = [ntt(decompress(DU, byte_decode(DU, part))) for part in parts(ciphertext[:32 * DU * K], 32 * DU)]
    v = decompress(DV, byte_decode(DV, ciphertext[32 * DU * K:]))
    inner = inverse_ntt(dot([byte_decode(12, part) for part in parts(dk, 384)], u))
    return byte_encode(1, compress(1, [(a - b) % Q for a, b in zip(v, inner)]))


def encapsulate(ek, message):
    """(shared secret, ciphertext) from 32 given bytes of randomness (algorithm 17)."""
    shared, randomness = g(message + h(ek))
    return shared, encrypt(ek, message, randomness)


def decapsulate(key, ciphertext):  # algorithm 18: a ciphertext that was not made by encapsulation gives another secret
    dk, ek, hash_of_ek, z = key
    message = decrypt(dk, ciphertext)
    shared, randomness = g(message + hash_of_ek)
    return shared if encrypt(ek, message, randomness) == ciphertext else j(z + ciphertext)
