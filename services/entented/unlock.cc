#include "services/entented/unlock.h"

#include <malloc.h>
#include <unistd.h>

#include "base/reject.h"
#include "services/entented/files.h"

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

absl::StatusOr<trust::Identity> ReadIdentity(const NodePaths& paths, absl::Time now) {
  const auto bytes = ReadWholeFile(paths.identity, trust::kMaxIdentityBytes);
  if (!bytes.ok()) return bytes.status();
  v1::SignedIdentity wire;
  if (!wire.ParseFromString(*bytes)) {
    return Reject(RejectReason::kIdentity, paths.identity + " is no identity document; restore it from a backup");
  }
  return trust::Identity::Check(wire, now);
}

absl::StatusOr<const crypto::SecretBytes*> Secret(const crypto::Keystore& keystore, const std::string& name) {
  const crypto::SecretBytes* secret = keystore.Find(name);
  if (secret == nullptr || secret->size() != crypto::kKeySize) {
    return Reject(RejectReason::kKeystore,
                  "the keystore has no usable '" + name + "' secret; restore it from a backup");
  }
  return secret;
}

absl::StatusOr<trust::Self> JoinIdentity(const crypto::Keystore& keystore, trust::Identity identity, absl::Time now) {
  const auto seed = Secret(keystore, kStatementSecret);
  if (!seed.ok()) return seed.status();
  auto key = crypto::SigningKey::FromSeed(**seed);
  if (!key.ok()) return key.status();
  const KeyId id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key());
  const auto known = identity.KeyFor(id, v1::KEY_USAGE_STATEMENT, now);
  if (!known.ok()) {
    if (ReasonOf(known.status()) == RejectReason::kTime) return known.status();
    return Reject(RejectReason::kKeystore, "the keystore belongs to another identity than the one in this folder");
  }
  return trust::Self{std::move(identity), id, std::make_shared<const crypto::SigningKey>(*std::move(key))};
}

}  // namespace

absl::StatusOr<Unlocked> Unlock(const NodePaths& paths, const std::string& passphrase_file, absl::Time now) {
  auto identity = ReadIdentity(paths, now);
  if (!identity.ok()) return identity.status();
  const auto passphrase = Passphrase(paths, passphrase_file);
  if (!passphrase.ok()) return passphrase.status();
  auto keystore = crypto::Keystore::Open(paths.keystore, *passphrase);
  malloc_trim(0);
  if (!keystore.ok()) return keystore.status();
  auto self = JoinIdentity(*keystore, *std::move(identity), now);
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
