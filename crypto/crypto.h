#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"
#include "crypto/signer.h"

// The one suite: Ed25519, HPKE Base with X-Wing / HKDF-SHA256 / ChaCha20-Poly1305, XChaCha20-Poly1305 chunks with a key
// commitment, SHA-256. No registry, no negotiation. All functions are safe from any thread after Initialise(). Gives the
// primitives' own properties, which each part names; says nothing about whose a key is: trust/ does.
namespace entente::crypto {

inline constexpr uint16_t kSuite = 1;
inline constexpr size_t kSignatureSize = 64, kPublicKeySize = 32, kKemPublicKeySize = 1216, kKemCiphertextSize = 1120;
inline constexpr size_t kKeySize = 32, kTagSize = 16, kWrappedKeySize = kKeySize + kTagSize;

// Must succeed once before anything else here. Checks libsodium's version (exactly the linked 1.0.22 or newer of the
// same major) and known answers for every primitive. Refuses with kSelfTest; the program must then not start.
absl::Status Initialise();

// --- Digests (SHA-256 by OpenSSL, which uses the CPU's instructions) ---
Digest Sha256(ByteView bytes);
// SHA-256 over label | 00 | suite u16 | part | part ...; `label` is ASCII ("entente/1/org"). Fixed-width parts stand as
// they are; the caller prefixes variable ones with AppendBigEndian(u32 length). Gives: no two lists of fixed-width parts
// under two labels have one digest. Not given: secrecy of a part that can be guessed.
Digest LabeledHash(ByteView label, std::initializer_list<ByteView> parts);
// DSSE pre-authentication encoding (secure-systems-lab/dsse, protocol.md): "DSSEv1 len type len body". Gives: no
// two pairs of type and body have one encoding, so that a signature counts for its type alone. Does not read the body.
Bytes Pae(ByteView payload_type, ByteView body);
// RFC 6962 tree hash over `leaves` (each hashed with 0x00 in front). The empty tree is SHA-256 of nothing. Gives: a root
// fixes every leaf and its place. Does not hide a leaf that can be guessed: salts are the caller's.
Digest TreeHash(const std::vector<ByteView>& leaves);
// RFC 6962 audit path of leaf `index`, lowest level first. REQUIRES index < leaves.size().
std::vector<Digest> AuditPath(const std::vector<ByteView>& leaves, size_t index);
// The same for many leaves of one tree, which is hashed once. In the order of `indexes`.
std::vector<std::vector<Digest>> AuditPaths(const std::vector<ByteView>& leaves, const std::vector<size_t>& indexes);
// The hashes of an inclusion or a consistency proof: a tree of 2^63 leaves needs no more. Longer ones are refused unhashed.
inline constexpr size_t kMaxProof = 63;
// The root that `path` leads to, or nothing when the path has the wrong length for (index, size). Gives: under a root that
// is trusted, the leaf stood at `index` of `size`. Does not say that `size` is the newest, nor who signed the root.
std::optional<Digest> RootFromPath(ByteView leaf, uint64_t index, uint64_t size, const std::vector<Digest>& path);
// RFC 6962 consistency proof from the first `old_size` leaves to all. REQUIRES 0 < old_size <= leaves.size().
std::vector<Digest> ConsistencyProof(const std::vector<ByteView>& leaves, size_t old_size);
// Whether `proof` shows that a tree of `size` leaves and `root` begins with the one of `old_size` leaves and `old_root`
// (RFC 9162, 2.1.4.2; equal sizes need equal roots and no hashes). Says nothing about either root where nobody signed it.
// False from size 0 to another: that needs no proof, and none can be wrong.
bool IsConsistent(uint64_t old_size, const Digest& old_root, uint64_t size, const Digest& root,
                  const std::vector<Digest>& proof);

// From the kernel's generator. Gives no protection where that one is bad: what must survive it is hedged (Hedged, HpkeSeal).
void RandomBytes(uint8_t* out, size_t size);
template <typename Id>
Id RandomId() {
  Id id;
  RandomBytes(id.data(), Id::kSize);
  return id;
}

// --- Ed25519 (RFC 8032, pure; libsodium's strict, cofactorless verification) ---
// A key in this process's guarded memory. Gives: who has not the seed makes no signature of a type and body that it did
// not sign. Not given: that nobody else has the seed, when it signed, or anything after a quantum computer.
class SigningKey final : public Signer {
 public:
  static SigningKey Generate();
  // `seed` of 32 bytes; refuses other sizes with kKeystore.
  static absl::StatusOr<SigningKey> FromSeed(const SecretBytes& seed);
  const Bytes& public_key() const override { return public_key_; }
  const SecretBytes& seed() const { return seed_; }
  // Neither refuses.
  absl::StatusOr<Bytes> Sign(ByteView payload_type, ByteView body) const override;
  absl::StatusOr<SecretBytes> Hedged(ByteView label, ByteView context) const override;

 private:
  SigningKey() = default;
  SecretBytes seed_, secret_;
  Bytes public_key_;
};
// False for any malformed input. Gives: the key's holder signed this body as this type. Does not check the key's point
// (IsValidPoint does, once, at enrolment), whose the key is, or whether it counts still.
bool Verify(ByteView public_key, ByteView payload_type, ByteView body, ByteView signature);
// True when `public_key` is canonical, of the main subgroup and not of small order.
bool IsValidPoint(ByteView public_key);

// --- HPKE (RFC 9180 Base mode, single shot) with X-Wing (KEM 0x647A), HKDF-SHA256 and ChaCha20-Poly1305 ---
// Confidential to the holder of the seed. Says nothing about who sealed it: the envelope's seal signature does.
struct KemKeyPair {
  Bytes public_key;   // 1216
  SecretBytes seed;   // 32; the private key is this seed, never an expanded key
};
KemKeyPair GenerateKemKeyPair();
// True when `public_key` can be encapsulated to: length, canonical ML-KEM part, X25519 part not of low order.
bool IsValidKemKey(ByteView public_key);
struct HpkeSealed {
  Bytes enc;  // 1120
  Bytes ct;   // plaintext + 16
};
// `hedge` is mixed with fresh randomness into the encapsulation seed (after RFC 8937). Refuses a bad key with kPrekey.
absl::StatusOr<HpkeSealed> HpkeSeal(ByteView public_key, ByteView info, ByteView aad, ByteView plaintext,
                                    ByteView hedge);
// Refuses with kKem when decapsulation refuses, with kUnwrap when the ciphertext does not authenticate.
absl::StatusOr<SecretBytes> HpkeOpen(const SecretBytes& seed, ByteView enc, ByteView info, ByteView aad, ByteView ct);

// --- Payload: 64 KiB chunks of XChaCha20-Poly1305, nonce = N | counter u32 | last u8, aad = h_core | KC ---
// PRK = HKDF-Extract(salt = h_core, ikm = CEK); K, N, KC by HKDF-Expand with the labels of docs/formats/payload.md. Gives:
// who has not the content key reads nothing and changes, drops or moves no chunk unseen; one commitment fits one key.
// Does not say who sealed it, nor that it is new; under one content key there is one payload, which the caller sees to.
inline constexpr size_t kChunkSize = 64 * 1024;
struct PayloadKeys {
  SecretBytes key;    // 32
  Bytes nonce;        // 19
  Digest commitment;  // KC, public: two content keys with one KC need a SHA-256 collision
};
PayloadKeys DerivePayloadKeys(const SecretBytes& content_key, const Digest& h_core);
size_t SealedPayloadSize(size_t plaintext);
// Refuses with kLimit beyond 2^32-1 chunks.
absl::StatusOr<Bytes> SealPayload(const PayloadKeys& keys, const Digest& h_core, ByteView plaintext);
// All or nothing: no plaintext on kAead, kTruncated (the last chunk is missing) or kTrailing (bytes after it).
absl::StatusOr<Bytes> OpenPayload(const PayloadKeys& keys, const Digest& h_core, ByteView sealed);

// Padme (PURBs): the size that `size` is padded to; at most 12 % more. Gives: a reader of lengths learns their magnitude.
// Does not hide that, nor how many payloads there are.
size_t PaddedSize(size_t size);

}  // namespace entente::crypto
