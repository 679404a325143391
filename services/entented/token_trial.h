#pragma once

#include <string>
#include <vector>

#include "services/entented/token_keys.h"

// What `entente key hsm test` does. Nothing is changed, and no token is asked twice with a PIN that it refused.
namespace entente::node {

struct TokenTrial {
  std::string name;  // "statement/...", as behind "hsm/"; empty for a key that is not enrolled
  std::string uri;
  KeyId key_id;
  crypto::TokenView view;
  absl::Status outcome;  // OK: one token, one key pair on edwards25519, the enrolled key, a signature that verifies,
                         // random bytes
};
// Every key that the keystore of the node in `folder` has in a token, with the PINs in it, or the one in `pin_file`
// where that is given; a daemon may run. Refuses with kKeystore; with kNotFound where there is no such key. REQUIRES
// one thread.
absl::StatusOr<std::vector<TokenTrial>> TryTokenKeys(const std::string& folder, const std::string& passphrase_file,
                                                     const std::string& pin_file);
// A key in a token that need not be enrolled, as a statement key; no node is needed. Refuses with kKeystore a bad PIN
// file.
absl::StatusOr<TokenTrial> TryToken(const std::string& uri, const std::string& pin_file);

}  // namespace entente::node
