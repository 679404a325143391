#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace entente::cli {

// The body of http://`address``target`, whatever its status, from a node's own metrics port: HTTP/1.0, at most `limit`
// bytes, within five seconds. `address` is host:port with a numeric host. Refuses with kUnavailable, kLimit.
absl::StatusOr<std::string> HttpGet(const std::string& address, const std::string& target, size_t limit);

// Whether something answers a TCP connection at `address`, host:port, within five seconds; the name is looked up first,
// for as long as the system's resolver takes. Refuses with kUsage (no host:port), kPeerDown (which step failed).
absl::Status Dial(const std::string& address);

}  // namespace entente::cli
