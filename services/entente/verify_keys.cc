#include "services/entente/verify_keys.h"

#include <utility>

#include "services/entented/own_identity.h"
#include "services/entented/unlock.h"

namespace entente::cli {
namespace {

model::Party PartyOf(const trust::Identity& identity) {
  model::Party party;
  party.org = identity.org();
  party.name = identity.name();
  return party;
}

}  // namespace

NodeKeys::NodeKeys(std::unique_ptr<crypto::Keystore> keystore, const trust::Self& self, trust::IdentityHistory history)
    : keystore_(std::move(keystore)),
      parties_(PartyOf(history.newest()), std::make_shared<const trust::IdentityHistory>(history)),
      prekeys_(self, *keystore_) {}

absl::StatusOr<std::unique_ptr<NodeKeys>> NodeKeys::Open(const std::string& folder, const std::string& passphrase_file,
                                                         const Cards& cards, absl::Time at) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const node::NodePaths paths(folder);
  auto history = node::ReadOwnHistory(paths);
  if (!history.ok()) return history.status();
  auto unlocked = node::Unlock(paths, passphrase_file, at);
  if (!unlocked.ok()) return unlocked.status();
  std::unique_ptr<NodeKeys> keys(new NodeKeys(std::move(unlocked->keystore), *unlocked->self, *std::move(history)));
  for (const auto& [org, party] : cards.all()) {
    if (org == keys->org()) continue;
    if (absl::Status status = keys->parties_.Accept(*party); !status.ok()) return status;
  }
  return keys;
}

}  // namespace entente::cli
