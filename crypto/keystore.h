#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

namespace entente::test {
class HashedOnce;
}

namespace entente::crypto {

// Argon2id costs. kDaemon for a node's own keys, kSensitive for root keys. A file whose header is under the floor
// (t3, 64 MiB) or over the cap (t10, 4 GiB) is refused before anything is hashed.
struct KeystoreCost {
  uint32_t passes;
  uint64_t memory_bytes;
};
inline constexpr KeystoreCost kDaemon{3, 64ull << 20}, kSensitive{4, 1024ull << 20};
inline constexpr size_t kMaxKeystoreBytes = 1 << 20, kMaxPassphraseBytes = 4096;

// Named secrets in one file sealed under a passphrase (docs/formats/keystore.md). The derived key stays in guarded
// memory so that the file can be rewritten; Argon2's working memory is returned at once. One writer at a time.
class Keystore {
 public:
  // Writes a new file (mode 0600, atomically: temporary file, fsync, rename, fsync of the folder).
  // Refuses with kKeystore when `path` exists.
  static absl::StatusOr<Keystore> Create(const std::string& path, const SecretBytes& passphrase, KeystoreCost cost,
                                         std::map<std::string, SecretBytes> secrets);
  // Refuses with kKeystore: wrong passphrase, damage, cost outside floor and cap, file readable by group or others.
  static absl::StatusOr<Keystore> Open(const std::string& path, const SecretBytes& passphrase);

  // Null when there is none of that name. Valid until the next Put or Remove.
  const SecretBytes* Find(const std::string& name) const;
  const std::map<std::string, SecretBytes>& secrets() const { return secrets_; }
  // In memory only, until Save.
  void Put(const std::string& name, SecretBytes secret);
  void Remove(const std::string& name);
  // Rewrites the file atomically with a fresh nonce. On failure the old file stays.
  absl::Status Save();
  // What shares this keystore with others holds it around each of its uses; nothing here takes it.
  std::mutex& mutex() const { return *mutex_; }

 private:
  friend class test::HashedOnce;
  Keystore() = default;
  std::string path_;
  KeystoreCost cost_{};
  Bytes salt_;
  SecretBytes key_;
  std::map<std::string, SecretBytes> secrets_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // not a member itself: a keystore moves
};

// Reads a passphrase file (mode 0600 or stricter, one line; a trailing newline is dropped) into guarded memory.
absl::StatusOr<SecretBytes> ReadPassphrase(const std::string& path);

}  // namespace entente::crypto
