#include <sodium.h>

#include "crypto/primitives.h"

namespace entente::crypto {

static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == kKeySize);
static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == kXChaChaNonceSize);
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == kTagSize);

void XChaChaSeal(ByteView key, ByteView nonce, ByteView ad, ByteView plaintext, uint8_t* out) {
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out, out + plaintext.size(), nullptr, Octets(plaintext),
                                                      plaintext.size(), Octets(ad), ad.size(), nullptr, Octets(nonce),
                                                      Octets(key));
}

bool XChaChaOpen(ByteView key, ByteView nonce, ByteView ad, ByteView sealed, uint8_t* out) {
  if (sealed.size() < kTagSize) return false;
  const ByteView ciphertext = sealed.substr(0, sealed.size() - kTagSize), tag = sealed.substr(ciphertext.size());
  return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, nullptr, Octets(ciphertext), ciphertext.size(),
                                                             Octets(tag), Octets(ad), ad.size(), Octets(nonce),
                                                             Octets(key)) == 0;
}

}  // namespace entente::crypto
