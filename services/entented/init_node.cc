#include "services/entented/init_node.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/encoding.h"
#include "model/party.h"
#include "model/text.h"
#include "services/entented/config.h"
#include "services/entented/files.h"
#include "services/entented/free_port.h"
#include "services/entented/new_folder.h"
#include "services/entented/unlock.h"
#include "storage/journal.h"
#include "trust/card.h"
#include "trust/key_maker.h"

namespace entente::node {
namespace {

namespace fs = std::filesystem;

struct Keys {
  crypto::SigningKey root = crypto::SigningKey::Generate(), statement = crypto::SigningKey::Generate();
  crypto::SecretBytes storage = crypto::SecretBytes::Random(crypto::kKeySize);
};

// A folder that was there may hold a passphrase that the operator placed, and nothing else: it becomes private to the
// node.
absl::Status TakeOver(const NodePaths& paths) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(paths.folder, error)) {
    if (entry.path().filename() != fs::path(paths.passphrase).filename()) {
      return Reject(RejectReason::kConflict, paths.folder + " is not empty (" +
                                                 model::Escaped(entry.path().filename().string()) +
                                                 " is in it); choose another folder. Nothing was changed");
    }
  }
  if (!error && chmod(paths.folder.c_str(), 0700) == 0) return absl::OkStatus();
  return Reject(RejectReason::kStoreIo, paths.folder + ": cannot make this folder private");
}

absl::Status WriteKeystores(const NodePaths& paths, const Keys& keys, const crypto::SecretBytes& passphrase,
                            bool cheap_root, Undo& undo) {
  std::map<std::string, crypto::SecretBytes> daily, root;
  daily.emplace(kStatementSecret, keys.statement.seed().Clone());
  daily.emplace(kStorageSecret, keys.storage.Clone());
  root.emplace(kRootSecret, keys.root.seed().Clone());
  undo.Made(paths.keystore);
  const auto first = crypto::Keystore::Create(paths.keystore, passphrase, crypto::kDaemon, std::move(daily));
  if (!first.ok()) return first.status();
  undo.Made(paths.root_keystore);
  return crypto::Keystore::Create(paths.root_keystore, passphrase, cheap_root ? crypto::kDaemon : crypto::kSensitive,
                                  std::move(root))
      .status();
}

absl::StatusOr<trust::Self> WriteIdentity(const NodePaths& paths, const Config& config, const Keys& keys,
                                          absl::Time now, Undo& undo) {
  const auto wire = trust::MakeIdentity(config.name, keys.root, keys.statement, now);
  if (!wire.ok()) return wire.status();
  auto identity = trust::Identity::Check(*wire, now);
  if (!identity.ok()) return identity.status();
  if (absl::Status status = WriteNew(paths.identity, wire->SerializeAsString(), undo); !status.ok()) return status;
  v1::Card card;
  card.set_version(1);
  *card.mutable_identity() = *wire;
  card.set_address(config.peer_address);
  if (absl::Status status = WriteNew(paths.card, trust::ArmourCard(card), undo); !status.ok()) return status;
  const KeyId id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, keys.statement.public_key());
  auto signer = crypto::SigningKey::FromSeed(keys.statement.seed());
  if (!signer.ok()) return signer.status();
  return trust::Self{*std::move(identity), id, std::make_shared<const crypto::SigningKey>(*std::move(signer))};
}

absl::Status MakeStore(const NodePaths& paths, const Keys& keys, const trust::Self& self, const Clock& clock,
                       Undo& undo) {
  const crypto::AtRest at_rest(keys.storage);
  storage::JournalOptions options;
  options.path = paths.store;
  options.create = true;
  undo.Made(paths.store);
  undo.Made(paths.store + ".head");
  const auto journal = storage::Journal::Open(options, at_rest, self, clock);
  if (!journal.ok()) return journal.status();
  (*journal)->Stop();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> SettingsOf(const InitOptions& options) {
  Config config;
  auto name = model::ParsePartyName(options.name);
  if (!name.ok()) return name.status();
  auto nation = model::ParseNation(options.nation);
  if (!nation.ok()) return nation.status();
  const auto kind = model::ParsePartyKind(options.kind);
  if (!kind.ok()) return kind.status();
  config.name = *std::move(name);
  config.nation = *std::move(nation);
  config.kind = std::string(model::Name(*kind));
  config.peer_listen.clear();
  config.metrics_listen.clear();
  for (const auto& [from, to] : {std::pair{&options.peer_listen, &config.peer_listen},
                                 std::pair{&options.metrics_listen, &config.metrics_listen}}) {
    if (from->empty()) continue;
    auto chosen = ChoosePort(*from, config.peer_listen);
    if (!chosen.ok()) return chosen.status();
    *to = *std::move(chosen);
  }
  config.peer_address = options.peer_address.empty() ? config.peer_listen : options.peer_address;
  if (config.peer_address.empty()) return config;
  const auto dialled = ParseHostPort(config.peer_address);
  if (!dialled.ok()) return dialled.status();
  if (dialled->first == "0.0.0.0" || dialled->first == "::" || dialled->second == 0) {
    return Reject(RejectReason::kUsage,
                  "others cannot dial " + config.peer_address + "; give the address that they shall dial");
  }
  return config;
}

absl::StatusOr<InitFacts> InitNode(const InitOptions& options) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const auto config = SettingsOf(options);
  if (!config.ok()) return config.status();
  if (options.folder.empty()) return Reject(RejectReason::kUsage, "name the folder of the node");
  const NodePaths paths(options.folder, config->name);

  Undo undo;
  InitFacts facts;
  const SystemClock clock;
  if (absl::Status status = MakeFolder(paths.folder, undo); !status.ok()) return status;
  const FolderLock lock(paths.folder);
  if (!lock.held()) return Reject(RejectReason::kConflict, "another init works in " + paths.folder);
  if (absl::Status status = TakeOver(paths); !status.ok()) return status;
  const auto passphrase = NodePassphrase(options.passphrase_file, paths, undo);
  if (!passphrase.ok()) return passphrase.status();
  facts.passphrase_path = passphrase->path;
  facts.passphrase_made = passphrase->made;
  const Keys keys;
  if (absl::Status status = WriteKeystores(paths, keys, passphrase->text, options.cheap_root, undo); !status.ok())
    return status;
  const auto self = WriteIdentity(paths, *config, keys, clock.Now(), undo);
  if (!self.ok()) return self.status();
  if (absl::Status status = MakeStore(paths, keys, *self, clock, undo); !status.ok()) return status;
  // Last: a folder without a configuration is no node.
  if (absl::Status status = WriteNew(paths.config, WriteConfig(*config), undo); !status.ok()) return status;
  if (absl::Status status = SyncFolder(paths.folder); !status.ok()) return status;
  undo.Keep();

  facts.name = config->name;
  facts.org_id = crypto::ToHex(self->org().view());
  facts.fingerprint = crypto::ToFingerprint(self->org());
  facts.folder = paths.folder;
  facts.card_path = paths.card;
  facts.peer_address = config->peer_address;
  facts.metrics_listen = config->metrics_listen;
  return facts;
}

}  // namespace entente::node
