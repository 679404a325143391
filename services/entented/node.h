#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/at_rest.h"
#include "crypto/keystore.h"
#include "services/entented/config.h"
#include "services/entented/files.h"
#include "storage/journal.h"
#include "trust/identity.h"

namespace entente::node {

// A node's folder, unlocked and opened without any network: what `entente fsck` works on while no daemon runs. Holds
// the store's lock. The journal refers to the members above it.
struct OfflineNode {
  std::unique_ptr<FolderLock> lock;
  Config config;
  SystemClock clock;
  std::unique_ptr<crypto::Keystore> keystore;
  std::unique_ptr<trust::Self> self;
  std::unique_ptr<crypto::AtRest> at_rest;
  std::unique_ptr<storage::Journal> journal;
};
// kStoreLocked: says who has the folder, where the holder answers.
absl::Status FolderInUse(const NodePaths& paths);
// `passphrase_file` empty: DIR/passphrase. Calls crypto::Initialise itself. Refuses with kStoreLocked while a daemon
// runs (and names its pid when it answers), kConfig, kKeystore, kIdentity, kStoreCorrupt, kStoreShort, kStoreIo.
// With `repair` the store opens also when its views are damaged, for fsck alone: it takes no commits before a rebuild.
absl::StatusOr<std::unique_ptr<OfflineNode>> OpenOffline(const std::string& folder, const std::string& passphrase_file,
                                                         bool repair = false);

// The whole daemon: everything wired bottom-up, started once and stopped once.
class Node {
 public:
  // Opens keys and store; nothing listens yet. Same refusals as OpenOffline.
  static absl::StatusOr<std::unique_ptr<Node>> Open(const std::string& folder, const std::string& passphrase_file);
  ~Node();  // stops
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Opens the admin socket, the peer port and the metrics port. On refusal the node must be destroyed.
  absl::Status Start();
  // Blocks until SIGTERM or SIGINT (OK), or until the node must not serve any more (kRolledBack). REQUIRES that these
  // signals are blocked in all threads, as RunDaemon does.
  absl::Status Run();
  // Says Bye, finishes what was promised, syncs. Under two seconds. Idempotent.
  void Stop();

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The program's life: hardens the process (no core dump, umask 077), opens, starts, runs and stops a
// node. A refusal is one line on stderr. Returns the exit status: 0 after a signal, 1 otherwise.
int RunDaemon(const std::string& folder, const std::string& passphrase_file);

// What `--version` prints: name, version.
std::string VersionLine();

}  // namespace entente::node
