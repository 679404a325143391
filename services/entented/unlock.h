#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/at_rest.h"
#include "crypto/keystore.h"
#include "services/entented/config.h"
#include "trust/identity.h"

namespace entente::node {

// Names in the daemon's keystore; prekeys stand beside them under "prekey/".
inline constexpr char kStatementSecret[] = "statement", kStorageSecret[] = "storage", kRootSecret[] = "root";

// One that belongs into the root keystore.
bool IsRootSecret(std::string_view name);

struct Unlocked {
  std::unique_ptr<crypto::Keystore> keystore;
  std::unique_ptr<trust::Self> self;
  std::unique_ptr<crypto::AtRest> at_rest;
};

// Opens the keystore in `file` with the passphrase in `passphrase_file` (empty: DIR/passphrase). Gives the memory that
// hashing the passphrase took back to the system. Refuses with kKeystore.
absl::StatusOr<crypto::Keystore> OpenKeystore(const NodePaths& paths, const std::string& file, const std::string& passphrase_file);
// Opens DIR/keystore and joins it with DIR/identity. Refuses with kKeystore (also when a secret is missing or belongs to
// another identity), kIdentity, kFreeze when the newest document has expired, kTime and kRevoked when no statement key counts.
absl::StatusOr<Unlocked> Unlock(const NodePaths& paths, const std::string& passphrase_file, absl::Time now);

}  // namespace entente::node
