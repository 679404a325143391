#include <algorithm>

#include "services/entented/files.h"
#include "services/entented/key_change.h"

// What a node's documents say of its keys; a daemon may run.
namespace entente::node {
namespace {

std::string StateOf(const trust::IdentityHistory& history, const v1::PublicKey& key, absl::Time now) {
  const auto& revocation = history.keys().Find(key.key_id())->revocation;
  if (revocation) return revocation->reason() == v1::REVOCATION_REASON_COMPROMISED ? "stolen" : "superseded";
  if (now >= std::min(absl::FromUnixMicros(key.not_after_us()), history.newest().expires())) return "ended";
  return now < absl::FromUnixMicros(key.not_before_us()) ? "not yet valid" : "valid";
}

}  // namespace

absl::StatusOr<std::string> RenewCard(const std::string& folder) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const auto config = LoadConfig(NodePaths(folder).config);
  if (!config.ok()) return config.status();
  const NodePaths paths(folder, config->name);
  const auto history = ReadOwnHistory(paths);
  if (!history.ok()) return history.status();
  if (absl::Status written = WriteOwnCard(*config, *history, paths.card); !written.ok()) return written;
  return paths.card;
}

absl::StatusOr<KeyList> ListKeys(const std::string& folder, absl::Time now) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const auto history = ReadOwnHistory(NodePaths(folder));
  if (!history.ok()) return history.status();
  KeyList out{history->org(), history->newest().version(), history->newest().expires(), {}};
  const auto signs = SigningKeyOf(*history, now, [](const KeyId&) { return true; });
  for (auto version = history->versions().rbegin(); version != history->versions().rend(); ++version) {
    for (const v1::PublicKey& key : (*version)->keys()) {
      const auto same = [&](const ListedKey& listed) { return listed.key.key_id() == key.key_id(); };
      if (std::any_of(out.keys.begin(), out.keys.end(), same)) continue;
      ListedKey listed{key, StateOf(*history, key, now), std::nullopt};
      if (signs.ok() && signs->view() == key.key_id()) listed.state = "signs";
      if (const auto& revocation = history->keys().Find(key.key_id())->revocation) {
        listed.cutoff = absl::FromUnixMicros(revocation->cutoff_us());
      }
      out.keys.push_back(std::move(listed));
    }
  }
  return out;
}

}  // namespace entente::node
