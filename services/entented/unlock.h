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

struct Unlocked {
  std::unique_ptr<crypto::Keystore> keystore;
  std::unique_ptr<trust::Self> self;
  std::unique_ptr<crypto::AtRest> at_rest;
};

// Opens DIR/keystore with the passphrase in `passphrase_file` (empty: DIR/passphrase) and joins it with DIR/identity.
// Gives the memory that hashing the passphrase took back to the system. Refuses with kKeystore (also when a secret is
// missing or belongs to another identity), kIdentity, kTime when the statement key has ended.
absl::StatusOr<Unlocked> Unlock(const NodePaths& paths, const std::string& passphrase_file, absl::Time now);

}  // namespace entente::node
