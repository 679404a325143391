#include "services/entented/key_backup.h"

#include <algorithm>
#include <map>

#include "absl/time/clock.h"
#include "base/reject.h"
#include "crypto/backup.h"
#include "crypto/encoding.h"
#include "services/entented/own_identity.h"
#include "services/entented/unlock.h"

namespace entente::node {
namespace {

constexpr char kIdentitySecret[] = "identity";
constexpr size_t kMaxIdentityInBackup = 65'535;

void Take(const crypto::Keystore& from, bool root, Secrets& into) {
  for (const auto& [name, secret] : from.secrets()) {
    if (crypto::BelongsInBackup(name) && IsRootSecret(name) == root) into.insert_or_assign(name, secret.Clone());
  }
}

// Without a key that the newest document lists, nobody could sign for what is restored.
absl::Status CheckKeys(const crypto::Keystore& keystore, const trust::IdentityHistory& history) {
  const auto& keys = history.newest().keys();
  const bool any = std::any_of(keys.begin(), keys.end(), [&](const v1::PublicKey& key) {
    return HoldsStatementKey(keystore.secrets(), *KeyId::From(key.key_id()));
  });
  if (any && keystore.Find(kStorageSecret) != nullptr) return absl::OkStatus();
  return Reject(RejectReason::kKeystore,
                "the keystore holds no statement key of this node's identity, or no storage key; it is another node's");
}

}  // namespace

absl::StatusOr<BackupFacts> BackUpKeys(const BackupOptions& options) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const NodePaths paths(options.folder);
  // In front of the keystore: a rotation in between leaves a keystore that has more, never less.
  const auto history = ReadOwnHistory(paths);
  if (!history.ok()) return history.status();
  const auto own = crypto::ReadPassphrase(options.backup_passphrase_file);
  if (!own.ok()) return own.status();
  const auto keystore = OpenKeystore(paths, paths.keystore, options.passphrase_file);
  if (!keystore.ok()) return keystore.status();
  if (absl::Status held = CheckKeys(*keystore, *history); !held.ok()) return held;
  crypto::Backup backup{absl::FromUnixMicros(absl::ToUnixMicros(absl::Now())), history->org(), {}};
  Take(*keystore, false, backup.secrets);
  if (options.root) {
    const auto root =
        OpenKeystore(paths, options.root_keystore.empty() ? paths.root_keystore : options.root_keystore,
                     options.root_passphrase_file.empty() ? options.passphrase_file : options.root_passphrase_file);
    if (!root.ok()) return root.status();
    Take(*root, true, backup.secrets);
  }
  BackupFacts facts{crypto::ToHex(history->org().view()), history->newest().version(), {}, false};
  for (const auto& [name, secret] : backup.secrets) facts.names.push_back(name);
  const Bytes chain = trust::ChainOf(*history).SerializeAsString();
  facts.identity = chain.size() <= kMaxIdentityInBackup;
  if (facts.identity) backup.secrets.emplace(kIdentitySecret, crypto::SecretBytes::CopyOf(chain));
  absl::Status written =
      crypto::WriteBackup(options.file, *own, backup, options.cheap ? crypto::kDaemon : crypto::kBackupCost);
  if (!written.ok()) return written;
  return facts;
}

}  // namespace entente::node
