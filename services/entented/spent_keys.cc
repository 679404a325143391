#include "services/entented/spent_keys.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "crypto/crypto.h"
#include "services/entented/own_groups.h"
#include "services/entented/own_identity.h"
#include "services/entented/token_keys.h"
#include "services/entented/unlock.h"

namespace entente::node {
namespace {

// Of a secret that is a seed; nothing for every other.
std::optional<v1::KeyUsage> UsageOf(const std::string& name) {
  if (name.starts_with(kTokenFamily)) return std::nullopt;
  if (IsRootSecret(name)) return v1::KEY_USAGE_ROOT;
  if (name.starts_with(kAdminFamily)) return v1::KEY_USAGE_GROUP_ADMIN;
  const bool statement = name == kStatementSecret || name.starts_with(std::string(kStatementSecret) + "/");
  return statement ? std::optional(v1::KEY_USAGE_STATEMENT) : std::nullopt;
}

bool IsListed(const trust::Identity& newest, const KeyId& id) {
  return std::any_of(newest.keys().begin(), newest.keys().end(),
                     [&](const v1::PublicKey& one) { return one.key_id() == id.view(); });
}

}  // namespace

absl::Status RemoveSpentKeys(const trust::IdentityHistory& history, crypto::Keystore& keystore) {
  std::vector<std::string> spent;
  for (const NamedToken& token : TokenKeysOf(keystore.secrets())) {
    const bool asked = token.usage == v1::KEY_USAGE_STATEMENT && token.reference.ok();
    if (asked && !IsListed(history.newest(), token.reference->key_id)) spent.push_back(kTokenFamily + token.name);
  }
  for (const auto& [name, seed] : keystore.secrets()) {
    const std::optional<v1::KeyUsage> usage = UsageOf(name);
    if (!usage) continue;
    const auto key = crypto::SigningKey::FromSeed(seed);
    const KeyId id = key.ok() ? trust::MakeKeyId(*usage, key->public_key()) : KeyId();
    const bool never_listed = history.keys().Find(id.view()) == nullptr;
    if (IsListed(history.newest(), id) || (*usage == v1::KEY_USAGE_ROOT && never_listed)) continue;
    spent.push_back(name);
  }
  if (spent.empty()) return absl::OkStatus();
  for (const std::string& name : spent) keystore.Remove(name);
  return keystore.Save();
}

}  // namespace entente::node
