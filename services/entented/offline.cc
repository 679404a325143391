#include <sys/stat.h>
#include <unistd.h>

#include "base/reject.h"
#include "services/admin/admin_server.h"
#include "services/entented/node.h"
#include "services/entented/unlock.h"

namespace entente::node {
namespace {

constexpr absl::Duration kAskPid = absl::Milliseconds(500);

// The name is signed into the identity; a configuration that says another one is of another node, or a slip.
absl::Status CheckName(const NodePaths& paths, const Config& config, const trust::Self& self) {
  if (config.name == self.identity.name()) return absl::OkStatus();
  const std::string& signed_name = self.identity.name();
  return Reject(RejectReason::kConfig, paths.config + ": 'name' is \"" + config.name +
                                           "\", but this node's identity is \"" + signed_name +
                                           "\"; write name = \"" + signed_name + "\"");
}

}  // namespace

absl::Status FolderInUse(const NodePaths& paths) {
  const int64_t pid = admin::PidBehind(paths.admin_socket, kAskPid);
  const std::string who = pid > 0 ? "the daemon with pid " + std::to_string(pid) : "another process";
  return Reject(RejectReason::kStoreLocked, who + " holds the store in " + paths.folder + "; stop it first");
}

absl::StatusOr<std::unique_ptr<OfflineNode>> OpenOffline(const std::string& folder,
                                                         const std::string& passphrase_file, bool repair) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const NodePaths paths(folder);
  if (access(paths.config.c_str(), F_OK) != 0) {
    return Reject(RejectReason::kConfig,
                  "no node in " + paths.folder + " (no entente.toml there); `entente init` makes one");
  }
  auto config = LoadConfig(paths.config);
  if (!config.ok()) return config.status();
  auto node = std::make_unique<OfflineNode>();
  // Before anything is read: `entente key` may be writing it.
  node->lock = std::make_unique<FolderLock>(paths.folder);
  if (!node->lock->held()) return FolderInUse(paths);
  node->config = *std::move(config);
  auto unlocked = Unlock(paths, passphrase_file, node->clock.Now());
  if (!unlocked.ok()) return unlocked.status();
  node->keystore = std::move(unlocked->keystore);
  node->self = std::move(unlocked->self);
  node->at_rest = std::move(unlocked->at_rest);

  if (absl::Status status = CheckName(paths, node->config, *node->self); !status.ok()) return status;

  storage::JournalOptions options;
  options.path = paths.store;
  options.repair = repair;
  auto journal = storage::Journal::Open(options, *node->at_rest, *node->self, node->clock);
  if (!journal.ok()) {
    if (ReasonOf(journal.status()) == RejectReason::kStoreLocked) return FolderInUse(paths);
    return journal.status();
  }
  node->journal = *std::move(journal);
  return node;
}

}  // namespace entente::node
