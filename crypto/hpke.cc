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

constexpr ByteView kVersion = "HPKE-v1";
constexpr ByteView kModeBase{"\x00", 1};
static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == kHpkeNonceSize);

using SharedSecret = Wiped<kKeySize>;

Wiped<kKeySize> LabeledExtract(ByteView suite, ByteView salt, ByteView label, ByteView input) {
  return HkdfExtract(salt, {kVersion, suite, label, input});
}

template <size_t N>
Wiped<N> LabeledExpand(ByteView suite, ByteView prk, ByteView label, ByteView info) {
  static_assert(N <= kHkdfMaxOutput);
  Bytes labeled;
  AppendBigEndian<uint16_t>(labeled, N);
  labeled.append(kVersion).append(suite).append(label).append(info);
  Wiped<N> out;
  HkdfExpand(prk, labeled, out.span());
  return out;
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

HpkeKeys HpkeKeySchedule(ByteView suite, ByteView shared_secret, ByteView info) {
  Bytes context(kModeBase);
  context.append(LabeledExtract(suite, {}, "psk_id_hash", {}).view());
  context.append(LabeledExtract(suite, {}, "info_hash", info).view());
  const Wiped<kKeySize> secret = LabeledExtract(suite, shared_secret, "secret", {});
  return {LabeledExpand<kKeySize>(suite, secret.view(), "key", context),
          LabeledExpand<kHpkeNonceSize>(suite, secret.view(), "base_nonce", context)};
}

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
  const HpkeKeys once = HpkeKeySchedule(kXWingSuite, shared_secret.view(), info);
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
  const HpkeKeys once = HpkeKeySchedule(kXWingSuite, shared_secret.view(), info);
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
