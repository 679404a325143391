#pragma once

#include <initializer_list>
#include <optional>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/crypto.h"
#include "crypto/keystore.h"
#include "crypto/octets.h"
#include "crypto/secret.h"

// Private to crypto/ and its tests: the bare algorithms, without domain separation and without a protocol's rules.
// Published test vectors are about these; everybody else calls crypto.h.
namespace entente::crypto {

inline constexpr size_t kEncapsulationSeedSize = 64, kXChaChaNonceSize = 24, kHkdfMaxOutput = 255 * 32;

// Empty where OpenSSL cannot serve SHA-256 at all; Sha256() ends the program then, since no caller could go on.
std::optional<Digest> TrySha256(ByteView bytes);

// HMAC-SHA256 (RFC 2104). The key is kept as its two padded blocks in guarded memory, so that no library context holds
// it in the ordinary heap between calls. REQUIRES key.size() <= 64.
SecretBytes HmacPads(ByteView key);
Digest Hmac(const SecretBytes& pads, std::initializer_list<ByteView> parts);

// HKDF-SHA256 (RFC 5869). The input keying material is the parts one after the other.
Wiped<kKeySize> HkdfExtract(ByteView salt, std::initializer_list<ByteView> input);
// False (and nothing written) when `out` is longer than 255 digests or `prk` is not 32 bytes.
bool HkdfExpand(ByteView prk, ByteView info, std::span<uint8_t> out);
// label | 00 | suite u16 | context: the info of every Expand of this protocol.
Bytes ExpandInfo(ByteView label, ByteView context = {});

// XChaCha20-Poly1305. `out` has plaintext.size() + kTagSize bytes, or sealed.size() - kTagSize; it may not overlap the
// input. REQUIRES a 32-byte key and a 24-byte nonce.
void XChaChaSeal(ByteView key, ByteView nonce, ByteView ad, ByteView plaintext, uint8_t* out);
// False when `sealed` does not authenticate or is shorter than a tag. With a null `out` only the tag is checked.
[[nodiscard]] bool XChaChaOpen(ByteView key, ByteView nonce, ByteView ad, ByteView sealed, uint8_t* out);

// Ed25519 over the message itself. `secret` is libsodium's 64 bytes: seed, then public key.
Bytes SignMessage(const SecretBytes& secret, ByteView message);
bool VerifyMessage(ByteView public_key, ByteView message, ByteView signature);

// LH(label, random | secret | context): what Signer::Hedged gives for fresh random bytes.
SecretBytes HedgedBytes(ByteView label, const SecretBytes& random, const SecretBytes& secret, ByteView context);

// Argon2id 1.3 with one lane, as libsodium has it. False when the working memory cannot be had. REQUIRES a 16-byte
// salt.
// Counts its calls, so that a test can see what was refused unhashed.
[[nodiscard]] bool Argon2id(ByteView passphrase, ByteView salt, KeystoreCost cost, SecretBytes& out);
uint64_t Argon2idRuns();

// The key schedule of HPKE in Base mode. Sequence number 0, the only one here, leaves the base nonce as it is; nothing
// else is ever sealed under the key, because every call encapsulates afresh.
inline constexpr size_t kHpkeNonceSize = 12;
// "HPKE" | KEM 0x647A X-Wing | KDF 0x0001 HKDF-SHA256 | AEAD 0x0003 ChaCha20-Poly1305
inline constexpr ByteView kXWingSuite{"HPKE\x64\x7a\x00\x01\x00\x03", 10};
struct HpkeKeys {
  Wiped<kKeySize> key;
  Wiped<kHpkeNonceSize> nonce;
};
HpkeKeys HpkeKeySchedule(ByteView suite, ByteView shared_secret, ByteView info);

// HpkeSeal with the 64 bytes that encapsulation draws on given by the caller.
absl::StatusOr<HpkeSealed> HpkeSealFromSeed(ByteView public_key, ByteView info, ByteView aad, ByteView plaintext,
                                            ByteView encapsulation_seed);

// RootFromPath for a leaf whose RFC 6962 leaf hash is known.
std::optional<Digest> RootFromLeafHash(const Digest& leaf_hash, uint64_t index, uint64_t size,
                                       const std::vector<Digest>& path);

}  // namespace entente::crypto
