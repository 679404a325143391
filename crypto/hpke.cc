#include <sodium.h>
#include <sodium/crypto_kem_xwing.h>

#include <array>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"

// RFC 9180 with names as there. X-Wing is called by name, since libsodium's generic crypto_kem_* may become another
// KEM.
namespace entente::crypto {
namespace {

static_assert(crypto_kem_xwing_PUBLICKEYBYTES == kKemPublicKeySize);
static_assert(crypto_kem_xwing_CIPHERTEXTBYTES == kKemCiphertextSize);
static_assert(crypto_kem_xwing_SECRETKEYBYTES == kKeySize && crypto_kem_xwing_SEEDBYTES == kKeySize);
static_assert(crypto_kem_xwing_SHAREDSECRETBYTES == kKeySize);
static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == kTagSize);

// "HPKE" | KEM 0x647A X-Wing | KDF 0x0001 HKDF-SHA256 | AEAD 0x0003 ChaCha20-Poly1305
constexpr ByteView kSuiteId{"HPKE\x64\x7a\x00\x01\x00\x03", 10};
constexpr ByteView kVersion = "HPKE-v1";
constexpr ByteView kModeBase{"\x00", 1};
constexpr size_t kNonceSize = crypto_aead_chacha20poly1305_ietf_NPUBBYTES;

using SharedSecret = Wiped<kKeySize>;

Wiped<kKeySize> LabeledExtract(ByteView salt, ByteView label, ByteView input) {
  return HkdfExtract(salt, {kVersion, kSuiteId, label, input});
}

template <size_t N>
Wiped<N> LabeledExpand(ByteView prk, ByteView label, ByteView info) {
  static_assert(N <= kHkdfMaxOutput);
  Bytes labeled;
  AppendBigEndian<uint16_t>(labeled, N);
  labeled.append(kVersion).append(kSuiteId).append(label).append(info);
  Wiped<N> out;
  HkdfExpand(prk, labeled, out.span());
  return out;
}

// A key and nonce for one message: sequence number 0 leaves the base nonce as it is, and nothing else is ever sealed
// under this key, because every call encapsulates afresh.
struct SingleShot {
  Wiped<kKeySize> key;
  Wiped<kNonceSize> nonce;
};

SingleShot KeySchedule(const SharedSecret& shared_secret, ByteView info) {
  Bytes context(kModeBase);
  context.append(LabeledExtract({}, "psk_id_hash", {}).view());
  context.append(LabeledExtract({}, "info_hash", info).view());
  const Wiped<kKeySize> secret = LabeledExtract(shared_secret.view(), "secret", {});
  return {LabeledExpand<kKeySize>(secret.view(), "key", context),
          LabeledExpand<kNonceSize>(secret.view(), "base_nonce", context)};
}

// Fresh randomness, made to differ from message to message and key to key by what the caller knows, so that a broken or
// repeating generator alone does not repeat an encapsulation.
Wiped<kEncapsulationSeedSize> HedgedSeed(ByteView public_key, ByteView info, ByteView hedge) {
  Wiped<kEncapsulationSeedSize> random, seed;
  randombytes_buf(random.data(), kEncapsulationSeedSize);
  const Wiped<kKeySize> prk = HkdfExtract(ExpandInfo("entente/1/hedge"), {random.view(), hedge});
  const Bytes target = Sha256(public_key).str() + Sha256(info).str();
  HkdfExpand(prk.view(), ExpandInfo("entente/1/encap", target), seed.span());
  return seed;
}

}  // namespace

KemKeyPair GenerateKemKeyPair() {
  KemKeyPair pair{Bytes(kKemPublicKeySize, '\0'), SecretBytes::Random(kKeySize)};
  Wiped<kKeySize> secret;  // libsodium copies the seed here: they are the same bytes
  crypto_kem_xwing_seed_keypair(Octets(pair.public_key), secret.data(), pair.seed.ExposeSecret().data());
  return pair;
}

bool IsValidKemKey(ByteView public_key) {
  if (public_key.size() != kKemPublicKeySize) return false;
  // Encapsulation makes all checks; what it produces is thrown away, so its randomness may be a constant.
  constexpr std::array<unsigned char, kEncapsulationSeedSize> kProbe{};
  std::array<unsigned char, kKemCiphertextSize> enc;
  SharedSecret shared_secret;
  return crypto_kem_xwing_enc_deterministic(enc.data(), shared_secret.data(), Octets(public_key), kProbe.data()) == 0;
}

absl::StatusOr<HpkeSealed> HpkeSealFromSeed(ByteView public_key, ByteView info, ByteView aad, ByteView plaintext,
                                            ByteView encapsulation_seed) {
  HpkeSealed sealed{Bytes(kKemCiphertextSize, '\0'), Bytes(plaintext.size() + kTagSize, '\0')};
  SharedSecret shared_secret;
  if (public_key.size() != kKemPublicKeySize ||
      crypto_kem_xwing_enc_deterministic(Octets(sealed.enc), shared_secret.data(), Octets(public_key),
                                         Octets(encapsulation_seed)) != 0) {
    return Reject(RejectReason::kPrekey, "the recipient's prekey is not a valid X-Wing key; ask for a new one");
  }
  const SingleShot once = KeySchedule(shared_secret, info);
  crypto_aead_chacha20poly1305_ietf_encrypt(Octets(sealed.ct), nullptr, Octets(plaintext), plaintext.size(),
                                            Octets(aad), aad.size(), nullptr, once.nonce.data(), once.key.data());
  return sealed;
}

absl::StatusOr<HpkeSealed> HpkeSeal(ByteView public_key, ByteView info, ByteView aad, ByteView plaintext,
                                    ByteView hedge) {
  return HpkeSealFromSeed(public_key, info, aad, plaintext, HedgedSeed(public_key, info, hedge).view());
}

absl::StatusOr<SecretBytes> HpkeOpen(const SecretBytes& seed, ByteView enc, ByteView info, ByteView aad, ByteView ct) {
  SharedSecret shared_secret;
  if (seed.size() != kKeySize || enc.size() != kKemCiphertextSize ||
      crypto_kem_xwing_dec(shared_secret.data(), Octets(enc), seed.ExposeSecret().data()) != 0) {
    return Reject(RejectReason::kKem, "decapsulation refused: the slot's encapsulation is malformed");
  }
  const SingleShot once = KeySchedule(shared_secret, info);
  SecretBytes plaintext(ct.size() < kTagSize ? 0 : ct.size() - kTagSize);
  // A wrong ML-KEM ciphertext decapsulates to a random secret, so most damage shows only here.
  if (ct.size() < kTagSize || crypto_aead_chacha20poly1305_ietf_decrypt(
                                  plaintext.MutableSecret().data(), nullptr, nullptr, Octets(ct), ct.size(),
                                  Octets(aad), aad.size(), once.nonce.data(), once.key.data()) != 0) {
    return Reject(RejectReason::kUnwrap,
                  "the slot does not open: sealed to another key, for another envelope, or damaged");
  }
  return plaintext;
}

}  // namespace entente::crypto
