#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace entente::cli {

// Replaces addresses and host names in texts that leave the node: each by "redacted-N", the same one wherever it stands.
// What says nothing about a network stays: 127.0.0.0/8, 0.0.0.0, ::, ::1 and localhost. One thread.
class Redaction {
 public:
  // The host of `address`, host:port, is replaced from now on wherever it stands as a word, in any case. No host:port: nothing.
  void Know(const std::string& address);
  // Replaces known hosts, every IPv4 and IPv6 address, and what is in front of a port and has a dot as host names do.
  std::string Of(std::string_view text);

 private:
  std::string NameOf(std::string_view host);
  std::string WithoutKnown(std::string_view text);
  size_t KnownAt(std::string_view text) const;

  absl::flat_hash_map<std::string, size_t> numbers_;  // of hosts in lower case
  absl::flat_hash_set<std::string> known_;  // those of them to look for as words
};

}  // namespace entente::cli
