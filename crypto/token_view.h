#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "crypto/secret.h"

// What stands in a token, before a key of it is enrolled or a PIN chosen.
namespace entente::crypto {

struct TokenView {
  std::string label, manufacturer, model, serial;  // as the module gives them, without the spaces behind; hostile text
  Bytes public_key;                                // 32, where a PIN was given
};
// Finds the one token of a PKCS#11 URI and, with a PIN (else null), the one key pair in it. In a process of its own,
// which is ended after `patience`. Refuses with kKeystore a URI or PIN as Pkcs11Key::Open does, with kHsm all else.
// REQUIRES that this process has one thread.
absl::StatusOr<TokenView> LookAtToken(const std::string& uri, const SecretBytes* pin, absl::Duration patience);

}  // namespace entente::crypto
