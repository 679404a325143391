#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace entente::node {

// `listen` as host:port; a port of 0 becomes one that is free on that host now and differs from `taken`. It is taken
// from below the kernel's ephemeral range where possible: a port inside could be lent to some outgoing connection while
// the node is down. Other ports stay as they are. Refuses with kUsage when the host is no numeric address of this
// machine.
absl::StatusOr<std::string> ChoosePort(const std::string& listen, const std::string& taken);

}  // namespace entente::node
