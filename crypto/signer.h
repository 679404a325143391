#pragma once

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

namespace entente::crypto {

// An Ed25519 key that signs, wherever it lives: a seed in the keystore (SigningKey) or a token (Pkcs11Key). Safe from
// any thread. A seed always answers; a token may refuse with kHsm.
class Signer {
 public:
  virtual ~Signer() = default;

  virtual const Bytes& public_key() const = 0;  // 32
  // Over PAE(type, body) only: never over raw bytes.
  virtual absl::StatusOr<Bytes> Sign(ByteView payload_type, ByteView body) const = 0;
  // LH(label, 32 fresh random bytes | secret 32 | context): random even where the machine's generator repeats itself,
  // to all who do not hold the secret, which is the key's seed or 32 bytes of the token's own generator.
  virtual absl::StatusOr<SecretBytes> Hedged(ByteView label, ByteView context) const = 0;

 protected:
  Signer() = default;
  Signer(const Signer&) = default;
  Signer(Signer&&) = default;
  Signer& operator=(const Signer&) = default;
  Signer& operator=(Signer&&) = default;
};

}  // namespace entente::crypto
