#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/backup.h"
#include "crypto/encoding.h"
#include "crypto/token_process.h"
#include "services/entented/files.h"
#include "services/entented/key_backup.h"
#include "services/entented/new_folder.h"
#include "services/entented/node.h"
#include "services/entented/token_keys.h"
#include "services/entented/unlock.h"

namespace entente::node {
namespace {

namespace fs = std::filesystem;

// What is written into the folder, in this order.
struct Restored {
  trust::IdentityHistory history;
  Config config;
  trust::Self self;
  crypto::SecretBytes storage;
  Secrets daily, root;
};

absl::Status Refuse(RejectReason reason, const std::string& why) {
  return Reject(reason, why + ". Nothing was restored");
}

bool Exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

// The newer of what the backup and the folder have.
absl::StatusOr<trust::IdentityHistory> FindHistory(const NodePaths& paths, const crypto::Backup& backup) {
  std::optional<trust::IdentityHistory> found;
  if (Exists(paths.identity)) {
    auto there = ReadOwnHistory(paths);
    if (!there.ok()) return there.status();
    found = *std::move(there);
  }
  if (const auto inside = backup.secrets.find("identity"); inside != backup.secrets.end()) {
    const auto raw = inside->second.ExposeSecret();
    auto read = ParseOwnHistory({reinterpret_cast<const char*>(raw.data()), raw.size()}, "the backup");
    if (!read.ok()) return read.status();
    if (found && found->org() != read->org())
      return Refuse(RejectReason::kIdentity, paths.identity + " is another organisation's");
    if (!found || found->newest().version() < read->newest().version()) found = *std::move(read);
  }
  if (!found) {
    return Refuse(RejectReason::kIdentity,
                  "the backup holds no identity documents, which had grown too large for it; put the file "
                  "`identity` of this organisation into the folder first");
  }
  if (found->org() == backup.org) return *std::move(found);
  return Refuse(RejectReason::kIdentity,
                "the identity in " + paths.folder + " is not of the organisation whose backup this is");
}

absl::StatusOr<Config> FindConfig(const NodePaths& paths, InitOptions options, const std::string& name) {
  options.name = name;
  auto config = Exists(paths.config) ? LoadConfig(paths.config) : SettingsOf(options);
  if (!config.ok() || config->name == name) return config;
  return Refuse(RejectReason::kConfig,
                paths.config + " names \"" + config->name + "\", but the identity is \"" + name + "\"");
}

// A backup holds no PIN: the one in `file` is that of each token with a statement key.
absl::Status AddPins(const std::string& file, Secrets& secrets) {
  const std::vector<NamedToken> tokens = TokenKeysOf(secrets);
  for (const NamedToken& token : tokens) {
    if (token.usage != v1::KEY_USAGE_STATEMENT || !token.reference.ok()) continue;
    if (file.empty())
      return Refuse(RejectReason::kUsage,
                    "a key of this backup is in a token; give the token's PIN with --token-pin-file");
    auto pin = crypto::ReadPassphrase(file);
    if (!pin.ok()) return pin.status();
    const auto view = crypto::LookAtToken(token.reference->uri, nullptr, crypto::kTokenPatience);
    if (!view.ok()) return view.status();
    secrets.insert_or_assign(kPinFamily + view->serial, *std::move(pin));
  }
  return absl::OkStatus();
}

// Who signs the first head. Of keys that have all ended since the backup was made any does: the node does not start
// before `key rotate`, whose key signs it anew.
absl::StatusOr<trust::Self> FindSelf(const Secrets& secrets, const trust::IdentityHistory& history, absl::Time now) {
  const auto has = [&](const KeyId& id) { return HoldsStatementKey(secrets, id); };
  const absl::StatusOr<KeyId> counts = SigningKeyOf(history, now, has);
  if (counts.ok()) return SelfWith(secrets, history, *counts);
  for (const v1::PublicKey& key : history.newest().keys()) {
    const KeyId id = *KeyId::From(key.key_id());
    if (key.usage() == v1::KEY_USAGE_STATEMENT && has(id)) return SelfWith(secrets, history, id);
  }
  return Refuse(RejectReason::kKeystore,
                "the backup holds no statement key of the newest identity document; take a newer one");
}

absl::StatusOr<Restored> Prepare(const NodePaths& paths, const RestoreOptions& options, crypto::Backup backup,
                                 absl::Time now) {
  auto history = FindHistory(paths, backup);
  if (!history.ok()) return history.status();
  auto config = FindConfig(paths, options.node, history->newest().name());
  if (!config.ok()) return config.status();
  if (absl::Status pins = AddPins(options.token_pin_file, backup.secrets); !pins.ok()) return pins;
  auto self = FindSelf(backup.secrets, *history, now);
  if (!self.ok()) return self.status();
  const auto storage = backup.secrets.find(kStorageSecret);
  if (storage == backup.secrets.end() || storage->second.size() != crypto::kKeySize) {
    return Refuse(RejectReason::kKeystore, "the backup holds no storage key");
  }
  Restored out{*std::move(history), *std::move(config), *std::move(self), storage->second.Clone(), {}, {}};
  for (auto& [name, secret] : backup.secrets) {
    if (name == "identity") continue;
    (IsRootSecret(name) ? out.root : out.daily).emplace(name, std::move(secret));
  }
  return out;
}

absl::Status OpenAndClose(const storage::JournalOptions& options, const Restored& restored, const Clock& clock) {
  const crypto::AtRest at_rest(restored.storage);
  const auto journal = storage::Journal::Open(options, at_rest, restored.self, clock);
  if (journal.ok()) (*journal)->Stop();
  return journal.status();
}

absl::Status CheckStore(const NodePaths& paths, const Restored& restored, const Clock& clock) {
  storage::JournalOptions options;
  options.path = paths.store;
  const absl::Status opens = OpenAndClose(options, restored, clock);
  if (opens.ok()) return opens;
  return Refuse(ReasonOf(opens),
                "the store in this folder does not open with these keys: " + std::string(opens.message()) +
                    "; move it and its head file away to begin a new one");
}

// Its heads count from now on: no earlier journal of this organisation has as many records as microseconds went by
// since 1970. Made beside its place, so that what a kill leaves is no store.
absl::Status NewStore(const NodePaths& paths, const Restored& restored, const Clock& clock, Undo& undo) {
  storage::JournalOptions options;
  options.path = paths.store + ".restored";
  options.create = true;
  options.head_offset = static_cast<uint64_t>(absl::ToUnixMicros(clock.Now()));
  const std::string head = options.path + ".head";
  std::error_code error;
  for (const std::string& left : {options.path, head}) fs::remove_all(left, error);
  undo.Made(options.path);
  undo.Made(head);
  if (absl::Status made = OpenAndClose(options, restored, clock); !made.ok()) return made;
  undo.Made(paths.store + ".head");  // over one whose store is gone
  undo.Made(paths.store);
  fs::rename(head, paths.store + ".head", error);
  if (!error) fs::rename(options.path, paths.store, error);
  if (error)
    return Refuse(RejectReason::kStoreIo, "the new store cannot be put into " + paths.folder + ": " + error.message());
  return SyncFolder(paths.folder);
}

absl::Status WriteKeys(const NodePaths& paths, Restored& restored, const crypto::SecretBytes& passphrase,
                       bool cheap_root, RestoreFacts& facts, Undo& undo) {
  facts.root_was_there = Exists(paths.root_keystore);
  if (!restored.root.empty() && !facts.root_was_there) {
    undo.Made(paths.root_keystore);
    const auto cost = cheap_root ? crypto::kDaemon : crypto::kSensitive;
    const auto root = crypto::Keystore::Create(paths.root_keystore, passphrase, cost, std::move(restored.root));
    if (!root.ok()) return root.status();
    facts.root = true;
  }
  undo.Made(paths.keystore);  // nobody's but ours: it was not there, and the folder is locked
  return crypto::Keystore::Create(paths.keystore, passphrase, crypto::kDaemon, std::move(restored.daily)).status();
}

// `undo` takes back what is made here; the last step is the one that makes a node of the folder.
absl::Status Fill(const NodePaths& paths, const RestoreOptions& options, Restored& restored, RestoreFacts& facts,
                  Undo& undo) {
  const SystemClock clock;
  auto passphrase = NodePassphrase(options.node.passphrase_file, paths, undo);
  if (!passphrase.ok()) return passphrase.status();
  facts.node.passphrase_path = passphrase->path;
  facts.node.passphrase_made = passphrase->made;
  facts.new_store = !Exists(paths.store);
  absl::Status store = facts.new_store ? NewStore(paths, restored, clock, undo) : CheckStore(paths, restored, clock);
  if (!store.ok()) return store;
  if (!Exists(paths.config)) {
    undo.Made(paths.config);
    if (absl::Status s = ReplaceFile(paths.config, WriteConfig(restored.config)); !s.ok()) return s;
  }
  if (!Exists(paths.identity)) undo.Made(paths.identity);
  if (absl::Status s = WriteOwnHistory(paths, restored.history); !s.ok()) return s;
  if (!Exists(paths.card)) undo.Made(paths.card);
  if (absl::Status s = WriteOwnCard(restored.config, restored.history, paths.card); !s.ok()) return s;
  return WriteKeys(paths, restored, passphrase->text, options.node.cheap_root, facts, undo);
}

}  // namespace

absl::StatusOr<RestoreFacts> RestoreKeys(const RestoreOptions& options) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const NodePaths folder(options.node.folder);
  if (Exists(folder.keystore)) {
    return Refuse(RejectReason::kConflict,
                  folder.folder + " holds keys; a restore never writes over any, name a new folder");
  }
  const auto passphrase = crypto::ReadPassphrase(options.backup_passphrase_file);
  if (!passphrase.ok()) return passphrase.status();
  auto backup = crypto::ReadBackup(options.file, *passphrase);
  if (!backup.ok()) return backup.status();
  Undo undo;
  if (absl::Status status = MakeFolder(folder.folder, undo); !status.ok()) return status;
  const FolderLock lock(folder.folder);
  if (!lock.held() || Exists(folder.keystore)) return FolderInUse(folder);
  if (chmod(folder.folder.c_str(), 0700) != 0)
    return Refuse(RejectReason::kStoreIo, "cannot make " + folder.folder + " private");

  RestoreFacts facts;
  facts.made = backup->made;
  const OrgId org = backup->org;
  auto restored = Prepare(folder, options, *std::move(backup), SystemClock().Now());
  if (!restored.ok()) return restored.status();
  facts.version = restored->history.newest().version();
  for (const Secrets* secrets : {&restored->daily, &restored->root}) {
    for (const auto& [name, secret] : *secrets) facts.names.push_back(name);
  }
  const NodePaths paths(options.node.folder, restored->config.name);
  if (absl::Status status = Fill(paths, options, *restored, facts, undo); !status.ok()) return status;
  undo.Keep();
  facts.node.name = restored->config.name;
  facts.node.org_id = crypto::ToHex(org.view());
  facts.node.fingerprint = crypto::ToFingerprint(org);
  facts.node.folder = paths.folder;
  facts.node.card_path = paths.card;
  facts.node.peer_address = restored->config.peer_address;
  facts.node.metrics_listen = restored->config.metrics_listen;
  return facts;
}

}  // namespace entente::node
