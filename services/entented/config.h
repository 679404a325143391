#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace entente::node {

// DIR/entente.toml, once parsed. Every key has a default but `name` and `nation`; docs/configuration.md lists them.
struct Config {
  std::string name;  // party name of this organisation
  std::string nation;
  std::string kind = "cert";
  std::string peer_listen = "127.0.0.1:7443";     // empty: dial out only
  std::string peer_address;                       // what the card tells others; default: peer_listen
  std::string metrics_listen = "127.0.0.1:9464";  // empty: off
  uint64_t max_connections = 256, max_connections_per_address = 32;
  uint64_t memory_limit_mib = 0;  // beside that of the control group; 0: none
  uint64_t peer_frames = 20'000, peer_mib = 256, peer_cpu_percent = 50;  // per second, of each peer
  std::string log_level = "info";
};

// The keys of the file, for documentation and its test: its name, its default as TOML, its meaning.
struct ConfigKey {
  std::string_view name, standard, meaning;
};
std::span<const ConfigKey> ConfigKeys();

// Files of a node's folder. The card is named after the party: empty unless `name` is given.
struct NodePaths {
  explicit NodePaths(const std::string& folder, const std::string& name = "");
  std::string folder, config, keystore, root_keystore, identity, card, store, admin_socket, passphrase, log, warning_lists, seats;
};

// Refuses with kConfig: "FILE:line:column: what; did you mean 'x'?" for unknown keys, wrong types, bad values, missing
// name, duplicate keys. Nothing is half-applied.
absl::StatusOr<Config> LoadConfig(const std::string& path);
// "host:port", host not empty ("[::1]" for IPv6), port 0 to 65535. Refuses with kUsage.
absl::StatusOr<std::pair<std::string, uint16_t>> ParseHostPort(std::string_view text);
std::string WriteConfig(const Config& config);  // the TOML text `entente init` writes, with a comment per key

}  // namespace entente::node
