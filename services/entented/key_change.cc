#include "services/entented/key_change.h"

#include <algorithm>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/encoding.h"
#include "crypto/token_process.h"
#include "services/entented/files.h"
#include "services/entented/node.h"
#include "services/entented/own_groups.h"
#include "services/entented/spent_keys.h"
#include "services/entented/token_keys.h"
#include "services/entented/unlock.h"
#include "trust/key_maker.h"

namespace entente::node {
namespace {

constexpr size_t kShortestKeyName = 8;

// A stopped node with its keystores open.
struct OpenKeys {
  Config config;
  std::unique_ptr<FolderLock> lock;
  trust::IdentityHistory history;
  crypto::Keystore keystore, root_keystore;
  std::vector<crypto::SigningKey> roots;  // of the newest version
};

absl::StatusOr<std::vector<crypto::SigningKey>> RootKeys(const crypto::Keystore& keystore,
                                                         const trust::Identity& newest) {
  std::vector<crypto::SigningKey> roots;
  for (const auto& [name, seed] : keystore.secrets()) {
    if (!IsRootSecret(name) || name.starts_with(kTokenFamily)) continue;
    auto key = crypto::SigningKey::FromSeed(seed);
    if (!key.ok()) return key.status();
    const KeyId id = trust::MakeKeyId(v1::KEY_USAGE_ROOT, key->public_key());
    const auto& listed = newest.document().root_keys();
    if (std::any_of(listed.begin(), listed.end(), [&](const auto& root) { return root.key_id() == id.view(); })) {
      roots.push_back(*std::move(key));
    }
  }
  if (!roots.empty()) return roots;
  return Reject(RejectReason::kKeystore,
                "the root keystore holds no root key of this node; name the right one with --root");
}

absl::StatusOr<OpenKeys> Open(const KeyChangeOptions& options) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const NodePaths paths(options.folder);
  auto config = LoadConfig(paths.config);
  if (!config.ok()) return config.status();
  auto lock = std::make_unique<FolderLock>(paths.folder);
  if (!lock->held()) return FolderInUse(paths);
  auto history = ReadOwnHistory(paths);
  if (!history.ok()) return history.status();
  auto keystore = OpenKeystore(paths, paths.keystore, options.passphrase_file);
  if (!keystore.ok()) return keystore.status();
  auto root =
      OpenKeystore(paths, options.root_keystore.empty() ? paths.root_keystore : options.root_keystore,
                   options.root_passphrase_file.empty() ? options.passphrase_file : options.root_passphrase_file);
  if (!root.ok()) return root.status();
  auto roots = RootKeys(*root, history->newest());
  if (!roots.ok()) return roots.status();
  // What a change that was killed, or could not finish, left behind goes with the next one.
  if (absl::Status cleaned = RemoveSpentKeys(*history, *root); !cleaned.ok()) return cleaned;
  return OpenKeys{*std::move(config), std::move(lock), *std::move(history), *std::move(keystore),
                  *std::move(root), *std::move(roots)};
}

// The key that comes, if one does, and what the keystore holds of it.
struct FreshKey {
  std::shared_ptr<const crypto::Signer> signer;
  Secrets secrets;
};

std::string SecretNameOf(v1::KeyUsage usage, const KeyId& id) {
  if (usage == v1::KEY_USAGE_ROOT) return std::string(kRootSecret) + "/" + crypto::ToHex(id.view());
  return usage == v1::KEY_USAGE_STATEMENT ? StatementSecretName(id) : AdminSecretName(id);
}

FreshKey MakeSeed(v1::KeyUsage usage = v1::KEY_USAGE_STATEMENT) {
  auto key = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::Generate());
  FreshKey fresh{key, {}};
  fresh.secrets.emplace(SecretNameOf(usage, trust::MakeKeyId(usage, key->public_key())), key->seed().Clone());
  return fresh;
}

absl::StatusOr<FreshKey> KeyInToken(const KeyChangeOptions& options) {
  const auto pin = crypto::ReadPassphrase(options.token_pin_file);
  if (!pin.ok()) return pin.status();
  const auto view = crypto::LookAtToken(options.token_uri, &*pin, crypto::kTokenPatience);
  if (!view.ok()) return view.status();
  const KeyId id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, view->public_key);
  const crypto::TokenReference reference{id, view->public_key, options.token_uri};
  const auto value = crypto::EncodeTokenReference(reference);
  if (!value.ok()) return value.status();
  auto signer = OpenTokenKey({}, reference, v1::KEY_USAGE_STATEMENT, &*pin, /*enrols=*/true);
  if (!signer.ok()) return signer.status();
  FreshKey fresh{*std::move(signer), {}};
  fresh.secrets.emplace(kTokenFamily + StatementSecretName(id), crypto::SecretBytes::CopyOf(*value));
  fresh.secrets.emplace(kPinFamily + view->serial, pin->Clone());
  return fresh;
}

// The order is what makes it safe to be killed: the key first, which alone changes nothing; then the documents, all at
// once; then what follows from them.
absl::StatusOr<KeyChangeFacts> PutIntoForce(const KeyChangeOptions& options, OpenKeys& open,
                                            const trust::IdentityChange& change, const FreshKey* fresh,
                                            absl::Time now) {
  std::vector<const crypto::SigningKey*> roots;
  for (const crypto::SigningKey& root : open.roots) roots.push_back(&root);
  const auto next = trust::MakeNext(open.history, change, roots, now);
  if (!next.ok()) return next.status();
  if (absl::Status status = open.history.Extend(*next, now); !status.ok()) return status;
  if (fresh != nullptr) {
    for (const auto& [name, secret] : fresh->secrets) {
      (IsRootSecret(name) ? open.root_keystore : open.keystore).Put(name, secret.Clone());
    }
    const bool root = IsRootSecret(fresh->secrets.begin()->first);
    if (absl::Status saved = (root ? open.root_keystore : open.keystore).Save(); !saved.ok()) return saved;
  }
  const auto self = SelfOf(open.keystore.secrets(), open.history, now);
  if (!self.ok()) return self.status();
  const NodePaths paths(options.folder, open.config.name);
  if (absl::Status written = WriteOwnHistory(paths, open.history); !written.ok()) return written;
  absl::Status after = RemoveSpentKeys(open.history, open.keystore);
  if (after.ok()) after = RemoveSpentKeys(open.history, open.root_keystore);
  if (after.ok()) after = WriteOwnCard(open.config, open.history, paths.card);
  const uint64_t version = open.history.newest().version();
  if (after.ok()) return KeyChangeFacts{version, self->key_id, fresh != nullptr, paths.card};
  return Reject(ReasonOf(after), "version " + std::to_string(version) + " is in force, but " +
                                     std::string(after.message()) + "; then write the card with `entente key card`");
}

// The one key that any version lists whose id begins so.
absl::StatusOr<v1::PublicKey> FindKey(const trust::IdentityHistory& history, std::string_view name) {
  std::optional<v1::PublicKey> found;
  for (const auto& version : history.versions()) {
    for (const v1::PublicKey& key : version->keys()) {
      if (name.size() < kShortestKeyName || !crypto::ToHex(key.key_id()).starts_with(name)) continue;
      if (found && found->key_id() != key.key_id()) {
        return Reject(RejectReason::kUsage,
                      "two keys begin so; give more digits, as `entente key list --json` has them");
      }
      found = key;
    }
  }
  if (found) return *std::move(found);
  return Reject(RejectReason::kNotFound,
                "no key of this node begins so; give 8 digits at least, as `entente key list` shows them");
}

absl::StatusOr<v1::Revocation> StolenAt(const trust::IdentityHistory& history, std::string_view name, absl::Time since,
                                        absl::Time now) {
  const auto key = FindKey(history, name);
  if (!key.ok()) return key.status();
  if (key->usage() != v1::KEY_USAGE_STATEMENT && key->usage() != v1::KEY_USAGE_GROUP_ADMIN) {
    return Reject(RejectReason::kUsage,
                  "that is no statement key and no group admin key; this command revokes those alone");
  }
  if (since > now) return Reject(RejectReason::kUsage, "a key is stolen at a time that has been; correct --since");
  absl::Time cutoff = std::min(since, absl::FromUnixMicros(key->not_after_us()));
  if (const auto& before = history.keys().Find(key->key_id())->revocation) {
    if (before->reason() == v1::REVOCATION_REASON_COMPROMISED) {
      return Reject(RejectReason::kUsage, "that key is revoked as stolen already");
    }
    cutoff = std::min(cutoff, absl::FromUnixMicros(before->cutoff_us()));
  }
  return trust::Compromise(*KeyId::From(key->key_id()), cutoff);
}

}  // namespace

absl::StatusOr<KeyChangeFacts> RotateKey(const KeyChangeOptions& options) {
  auto open = Open(options);
  if (!open.ok()) return open.status();
  const absl::Time now = SystemClock().Now();
  const auto fresh = options.token_uri.empty() ? absl::StatusOr<FreshKey>(MakeSeed()) : KeyInToken(options);
  if (!fresh.ok()) return fresh.status();
  return PutIntoForce(options, *open, trust::Rotation(open->history, *fresh->signer, now), &*fresh, now);
}

absl::StatusOr<KeyChangeFacts> RotateAdminKey(const KeyChangeOptions& options) {
  auto open = Open(options);
  if (!open.ok()) return open.status();
  const absl::Time now = SystemClock().Now();
  const FreshKey fresh = MakeSeed(v1::KEY_USAGE_GROUP_ADMIN);
  trust::IdentityChange change;
  change.add.push_back({v1::KEY_USAGE_GROUP_ADMIN, fresh.signer.get()});
  for (const v1::PublicKey& key : open->history.newest().keys()) {
    const bool revoked = open->history.keys().Find(key.key_id())->revocation.has_value();
    if (key.usage() != v1::KEY_USAGE_GROUP_ADMIN || revoked) continue;
    const absl::Time cutoff = std::min(now + trust::kKeyOverlap, absl::FromUnixMicros(key.not_after_us()));
    change.revoke.push_back(trust::Supersede(*KeyId::From(key.key_id()), cutoff));
  }
  return PutIntoForce(options, *open, change, &fresh, now);
}

absl::StatusOr<KeyChangeFacts> RotateRootKey(const KeyChangeOptions& options) {
  auto open = Open(options);
  if (!open.ok()) return open.status();
  const absl::Time now = SystemClock().Now();
  const FreshKey fresh = MakeSeed(v1::KEY_USAGE_ROOT);
  trust::IdentityChange change;
  change.add.push_back({v1::KEY_USAGE_ROOT, fresh.signer.get()});
  // A root key signs nothing but documents, and the one that it leaves with is its last: there is no overlap.
  for (const crypto::SigningKey& root : open->roots) {
    change.revoke.push_back(trust::Supersede(trust::MakeKeyId(v1::KEY_USAGE_ROOT, root.public_key()), now));
  }
  return PutIntoForce(options, *open, change, &fresh, now);
}

absl::StatusOr<KeyChangeFacts> AnnounceOffline(const KeyChangeOptions& options, v1::Label ceiling) {
  auto open = Open(options);
  if (!open.ok()) return open.status();
  const v1::IdentityDocument& document = open->history.newest().document();
  const v1::Label said = document.has_offline() ? document.offline().ceiling() : v1::LABEL_UNSPECIFIED;
  if (said == ceiling) return Reject(RejectReason::kUsage, "the identity document says so already; nothing was changed");
  trust::IdentityChange change;
  change.offline = ceiling;
  return PutIntoForce(options, *open, change, nullptr, SystemClock().Now());
}

absl::StatusOr<KeyChangeFacts> RevokeKey(const KeyChangeOptions& options, std::string_view key, absl::Time since) {
  auto open = Open(options);
  if (!open.ok()) return open.status();
  const absl::Time now = SystemClock().Now();
  const auto stolen = StolenAt(open->history, key, since, now);
  if (!stolen.ok()) return stolen.status();
  trust::IdentityChange change;
  change.revoke.push_back(*stolen);
  const auto stays = [&](const KeyId& id) {
    return id.view() != stolen->key_id() && !open->history.keys().Find(id.view())->revocation.has_value() &&
           HoldsStatementKey(open->keystore.secrets(), id);
  };
  const FreshKey fresh = MakeSeed();
  const bool last = !SigningKeyOf(open->history, now, stays).ok();
  if (last) change.add.push_back({v1::KEY_USAGE_STATEMENT, fresh.signer.get()});
  return PutIntoForce(options, *open, change, last ? &fresh : nullptr, now);
}

}  // namespace entente::node
