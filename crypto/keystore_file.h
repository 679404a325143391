#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/keystore.h"
#include "crypto/secret.h"

// Private to crypto/: the bytes of a keystore (docs/formats/keystore.md), apart from files and from Argon2id.
namespace entente::crypto {

inline constexpr size_t kSaltSize = 16;
inline constexpr KeystoreCost kCostFloor{3, 64ull << 20}, kCostCap{10, 4096ull << 20};

using Secrets = std::map<std::string, SecretBytes>;

// What is needed to derive the file's key. Refuses with kKeystore what is not a keystore of version 1 or has a cost
// outside floor and cap.
struct KeystoreHeader {
  KeystoreCost cost;
  Bytes salt;
};
absl::StatusOr<KeystoreHeader> ReadKeystoreHeader(ByteView file);
absl::Status CheckCost(KeystoreCost cost);

// Seals under a fresh nonce. Refuses with kLimit a name outside 1..255 bytes, a secret over 65,535 bytes and a file
// over kMaxKeystoreBytes.
absl::StatusOr<Bytes> SealKeystore(const KeystoreHeader& header, const SecretBytes& key, const Secrets& secrets);
// Refuses with kKeystore another key, any damage, and secrets that are not strictly ordered by name.
absl::StatusOr<Secrets> OpenKeystore(ByteView file, const SecretBytes& key);

}  // namespace entente::crypto
