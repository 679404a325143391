#include <sodium.h>

#include <utility>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"

namespace entente::crypto {

static_assert(crypto_sign_ed25519_BYTES == kSignatureSize);
static_assert(crypto_sign_ed25519_PUBLICKEYBYTES == kPublicKeySize);
static_assert(crypto_sign_ed25519_SEEDBYTES == kKeySize);

Bytes SignMessage(const SecretBytes& secret, ByteView message) {
  Bytes signature(kSignatureSize, '\0');
  crypto_sign_ed25519_detached(Octets(signature), nullptr, Octets(message), message.size(),
                               secret.ExposeSecret().data());
  return signature;
}

bool VerifyMessage(ByteView public_key, ByteView message, ByteView signature) {
  if (public_key.size() != kPublicKeySize || signature.size() != kSignatureSize) return false;
  return crypto_sign_ed25519_verify_detached(Octets(signature), Octets(message), message.size(), Octets(public_key)) ==
         0;
}

SigningKey SigningKey::Generate() {
  return *FromSeed(SecretBytes::Random(kKeySize));
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(const SecretBytes& seed) {
  if (seed.size() != kKeySize) {
    return Reject(RejectReason::kKeystore,
                  "a signing key's seed must have 32 bytes; restore the keystore from a backup");
  }
  SigningKey key;
  key.seed_ = seed.Clone();
  key.secret_ = SecretBytes(crypto_sign_ed25519_SECRETKEYBYTES);
  key.public_key_.resize(kPublicKeySize);
  crypto_sign_ed25519_seed_keypair(Octets(key.public_key_), key.secret_.MutableSecret().data(),
                                   seed.ExposeSecret().data());
  return key;
}

absl::StatusOr<Bytes> SigningKey::Sign(ByteView payload_type, ByteView body) const {
  return SignMessage(secret_, Pae(payload_type, body));
}

SecretBytes HedgedBytes(ByteView label, const SecretBytes& random, const SecretBytes& secret, ByteView context) {
  Digest digest = LabeledHash(label, {AsView(random.ExposeSecret()), AsView(secret.ExposeSecret()), context});
  SecretBytes out = SecretBytes::CopyOf(digest.view());
  WipeMemory(digest.data(), Digest::kSize);
  return out;
}

absl::StatusOr<SecretBytes> SigningKey::Hedged(ByteView label, ByteView context) const {
  return HedgedBytes(label, SecretBytes::Random(kKeySize), seed_, context);
}

bool Verify(ByteView public_key, ByteView payload_type, ByteView body, ByteView signature) {
  return VerifyMessage(public_key, Pae(payload_type, body), signature);
}

bool IsValidPoint(ByteView public_key) {
  return public_key.size() == kPublicKeySize && crypto_core_ed25519_is_valid_point(Octets(public_key)) == 1;
}

}  // namespace entente::crypto
