#include "services/entented/unlock.h"

#include <malloc.h>
#include <unistd.h>

#include "base/reject.h"
#include "services/entented/own_identity.h"

namespace entente::node {
namespace {

absl::StatusOr<crypto::SecretBytes> Passphrase(const NodePaths& paths, const std::string& file) {
  if (!file.empty()) return crypto::ReadPassphrase(file);
  if (access(paths.passphrase.c_str(), F_OK) != 0) {
    return Reject(RejectReason::kKeystore,
                  "no passphrase: " + paths.passphrase + " does not exist; name one with --passphrase-file");
  }
  return crypto::ReadPassphrase(paths.passphrase);
}

absl::StatusOr<const crypto::SecretBytes*> Secret(const crypto::Keystore& keystore, const std::string& name) {
  const crypto::SecretBytes* secret = keystore.Find(name);
  if (secret == nullptr || secret->size() != crypto::kKeySize) {
    return Reject(RejectReason::kKeystore,
                  "the keystore has no usable '" + name + "' secret; restore it from a backup");
  }
  return secret;
}

}  // namespace

bool IsRootSecret(std::string_view name) {
  return name == kRootSecret || name.starts_with("root/") || name.starts_with("hsm/root");
}

absl::StatusOr<crypto::Keystore> OpenKeystore(const NodePaths& paths, const std::string& file,
                                              const std::string& passphrase_file) {
  const auto passphrase = Passphrase(paths, passphrase_file);
  if (!passphrase.ok()) return passphrase.status();
  auto keystore = crypto::Keystore::Open(file, *passphrase);
  malloc_trim(0);
  return keystore;
}

absl::StatusOr<Unlocked> Unlock(const NodePaths& paths, const std::string& passphrase_file, absl::Time now) {
  const auto history = ReadOwnHistory(paths);
  if (!history.ok()) return history.status();
  if (now >= history->newest().expires()) {
    return Reject(RejectReason::kFreeze,
                  "this node's identity document has expired; make the next version with `entente key rotate`");
  }
  auto keystore = OpenKeystore(paths, paths.keystore, passphrase_file);
  if (!keystore.ok()) return keystore.status();
  auto self = SelfOf(keystore->secrets(), *history, now);
  if (!self.ok()) return self.status();
  const auto storage = Secret(*keystore, kStorageSecret);
  if (!storage.ok()) return storage.status();
  Unlocked unlocked;
  unlocked.at_rest = std::make_unique<crypto::AtRest>(**storage);
  unlocked.self = std::make_unique<trust::Self>(*std::move(self));
  unlocked.keystore = std::make_unique<crypto::Keystore>(*std::move(keystore));
  return unlocked;
}

}  // namespace entente::node
