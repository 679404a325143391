#pragma once

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

namespace entente::crypto {

// Seals what the store keeps and hashes what its indexes are keyed by, both under subkeys of one 32-byte storage key.
// A reader of the disk sees sizes and how often equal index keys repeat; nothing else. Safe from any thread.
class AtRest {
 public:
  // REQUIRES storage_key.size() == 32.
  explicit AtRest(const SecretBytes& storage_key);

  // nonce 24 | XChaCha20-Poly1305. `ad` binds the value to its place (family and key), so records cannot be swapped.
  Bytes Seal(ByteView plaintext, ByteView ad) const;
  // Refuses with kStoreCorrupt.
  absl::StatusOr<Bytes> Open(ByteView sealed, ByteView ad) const;
  // First 16 bytes of HMAC-SHA256(index key, label | 00 | value): equal values of one label collide, others do not.
  Bytes IndexKey(ByteView label, ByteView value) const;

  static constexpr size_t kOverhead = 40;
  static constexpr size_t kIndexKeySize = 16;

 private:
  SecretBytes seal_key_, index_key_;
};

}  // namespace entente::crypto
