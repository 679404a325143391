#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/keystore.h"
#include "crypto/secret.h"

// Private to crypto/: the bytes of a keystore (docs/formats/keystore.md) and of a backup (files.md), apart from files
// and, but for DeriveFileKey, from Argon2id.
namespace entente::crypto {

inline constexpr size_t kSaltSize = 16;
inline constexpr KeystoreCost kCostFloor{3, 64ull << 20}, kCostCap{10, 4096ull << 20};

using Secrets = std::map<std::string, SecretBytes>;

// One grammar under two magics. The magic is under the commitment and the AEAD: neither file opens as the other.
enum class KeyFile { kKeystore, kBackup };

// What is needed to derive the file's key. Refuses with kKeystore what is not of `kind` and version 1 or has a cost
// outside floor and cap.
struct KeystoreHeader {
  KeystoreCost cost;
  Bytes salt;
  KeyFile kind = KeyFile::kKeystore;
};
absl::StatusOr<KeystoreHeader> ReadKeystoreHeader(ByteView file, KeyFile kind = KeyFile::kKeystore);
absl::Status CheckCost(KeystoreCost cost);
// A random salt. Refuses with kKeystore a cost outside floor and cap.
absl::StatusOr<KeystoreHeader> MakeKeystoreHeader(KeystoreCost cost, KeyFile kind);
// The dear step. Refuses with kKeystore, unhashed, a cost outside floor and cap and a passphrase that has not 1 to
// kMaxPassphraseBytes; also where the memory cannot be had.
absl::StatusOr<SecretBytes> DeriveFileKey(const SecretBytes& passphrase, const KeystoreHeader& header);

// Seals under a fresh nonce. Refuses with kLimit a name outside 1..255 bytes, a secret over 65,535 bytes and a file
// over kMaxKeystoreBytes.
absl::StatusOr<Bytes> SealKeystore(const KeystoreHeader& header, const SecretBytes& key, const Secrets& secrets);
// Refuses with kKeystore another key, any damage, and secrets that are not strictly ordered by name.
absl::StatusOr<Secrets> OpenKeystore(ByteView file, const SecretBytes& key, KeyFile kind = KeyFile::kKeystore);

}  // namespace entente::crypto
