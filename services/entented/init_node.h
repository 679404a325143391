#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/entented/config.h"

namespace entente::node {

struct InitOptions {
  std::string folder, name, nation;
  std::string kind = "cert";
  std::string peer_listen = "127.0.0.1:7443";     // "host:0" picks a free port; empty: dial out only
  std::string peer_address;                       // what the card tells others; default: peer_listen
  std::string metrics_listen = "127.0.0.1:9464";  // "host:0" picks a free port; empty: off
  std::string passphrase_file;                    // empty: DIR/passphrase, made at random when absent
  bool cheap_root = false;  // root keystore at the daemon's cost instead of 1 GiB: demonstrations and tests only
};
// The configuration that they make. Refuses with kUsage, and as what parses names does.
absl::StatusOr<Config> SettingsOf(const InitOptions& options);
struct InitFacts {
  std::string name, org_id;  // org_id in hex
  std::string fingerprint;   // as people compare it
  std::string folder, card_path, peer_address, metrics_listen, passphrase_path;
  bool passphrase_made = false;
};

// Makes a node: folder (0700), passphrase file where none is given, root and statement keys in two keystores, storage
// key, identity document, configuration, card `<name>.card` and an empty store with its signed head. Calls
// crypto::Initialise itself. Refuses with kConflict when the folder exists and holds anything but a
// passphrase file, and with kUsage for bad options. On any failure everything that it made is removed again; what was
// there before is never touched.
absl::StatusOr<InitFacts> InitNode(const InitOptions& options);

}  // namespace entente::node
