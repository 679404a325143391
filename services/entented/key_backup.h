#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/entented/init_node.h"

// The backup of an organisation's keys, and the node that is made from one (docs/formats/files.md, "Backup of keys").
namespace entente::node {

struct BackupOptions {
  std::string folder, file;
  std::string backup_passphrase_file;  // its own; required
  std::string passphrase_file;         // of the node; empty: DIR/passphrase
  bool root = false;                   // the root keys as well
  std::string root_keystore;           // empty: DIR/root.keystore
  std::string root_passphrase_file;    // empty: the node's
  bool cheap = false;                  // 64 MiB instead of 1 GiB: demonstrations and tests only
};
struct BackupFacts {
  std::string org_id;  // in hex
  uint64_t version = 0;
  std::vector<std::string> names;  // of what is inside
  bool identity = false;           // too large to be inside otherwise
};
// Writes `file`, which must not exist. A daemon may run. Calls crypto::Initialise itself. Refuses with kKeystore (also
// where the keystore holds no key of the newest document), kIdentity, kLimit, kStoreIo.
absl::StatusOr<BackupFacts> BackUpKeys(const BackupOptions& options);

struct RestoreOptions {
  InitOptions node;  // its name is the identity's; where the folder has a configuration, that one holds
  std::string file, backup_passphrase_file;
  std::string token_pin_file;  // of the tokens that the backup refers to: it holds no PIN; empty where there are none
};
struct RestoreFacts {
  InitFacts node;
  absl::Time made;  // when the backup was
  uint64_t version = 0;
  std::vector<std::string> names;  // of the keys that came back
  bool root = false;               // root keys are in DIR/root.keystore now
  bool root_was_there = false;     // it stayed as it was
  bool new_store = false;          // a journal began anew
};
// Makes a node in a new folder or in one without `keystore`: keys, identity and card from the backup; configuration and
// store where the folder has none. The keystore comes last: killed before it, or refused, no node is there and the
// command can be given again. A store that is there must open with the keys; a new one begins behind all that peers may
// remember (docs/formats/journal.md). Calls crypto::Initialise itself. Refuses with kConflict (keys are there),
// kKeystore, kIdentity (another organisation's; no documents), kConfig, kUsage, kStoreLocked, and as a store that does
// not open.
absl::StatusOr<RestoreFacts> RestoreKeys(const RestoreOptions& options);

}  // namespace entente::node
