#include "services/entented/own_groups.h"

#include "crypto/encoding.h"
#include "services/entented/log.h"

namespace entente::node {

std::string AdminSecretName(const KeyId& id) { return kAdminFamily + crypto::ToHex(id.view()); }

absl::StatusOr<std::shared_ptr<const crypto::Signer>> AdminKeyOf(const crypto::Keystore& keystore, const trust::IdentityHistory& history,
                                                                 absl::Time now) {
  const crypto::SecretBytes* best = nullptr;
  int64_t latest = 0;
  for (const v1::PublicKey& key : history.newest().keys()) {
    const KeyId id = *KeyId::From(key.key_id());
    const crypto::SecretBytes* secret = keystore.Find(AdminSecretName(id));
    if (key.usage() != v1::KEY_USAGE_GROUP_ADMIN || secret == nullptr) continue;
    const auto counts = history.KeyFor({id, trust::kMembershipType, now, std::nullopt, std::nullopt, std::nullopt});
    if (!counts.ok() || (best != nullptr && key.not_before_us() < latest)) continue;
    best = secret;
    latest = key.not_before_us();
  }
  if (best == nullptr) return std::shared_ptr<const crypto::Signer>();
  auto key = crypto::SigningKey::FromSeed(*best);
  if (!key.ok()) return key.status();
  return std::make_shared<const crypto::SigningKey>(*std::move(key));
}

absl::StatusOr<std::unique_ptr<exchange::Groups>> OpenGroups(const exchange::Room& room, const crypto::Keystore& keystore) {
  auto admin_key = AdminKeyOf(keystore, trust::HistoryOf(room.self), room.clock.Now());
  if (!admin_key.ok()) return admin_key.status();
  auto groups = std::make_unique<exchange::Groups>(room, *std::move(admin_key));
  const auto loaded = groups->Load();
  if (!loaded.ok()) return loaded.status();
  if (!loaded->ok()) LogRefusal(LogLevel::kWarn, "something of a group on file is left out", *loaded);
  return groups;
}

}  // namespace entente::node
