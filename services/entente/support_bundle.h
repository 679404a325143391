#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace entente::cli {

// What `entente doctor --bundle` is told beyond the folder: the findings as JSON, and the program's version line.
struct BundleFacts {
  std::string findings_json, version;
};

// Writes `file` (tar, mode 0600, never over an existing one) for whoever helps the operator of the node in `folder`:
// versions, checks, configuration, status, metrics, a summary of fsck, limits of the process and the newest lines of the log,
// with a number in place of each host (Redaction). Never a key, a passphrase, an object's content, id or name. What cannot be had (the daemon
// is down) is named in README.txt. Answers the members' names. Refuses with kConflict, kStoreIo.
absl::StatusOr<std::vector<std::string>> WriteSupportBundle(const std::string& folder, const std::string& file,
                                                            const BundleFacts& facts);

}  // namespace entente::cli
