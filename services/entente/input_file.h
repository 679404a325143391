#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace entente::cli {

// A whole file that a person named, `what` being its kind in a sentence ("card"). Refuses with kUsage (cannot be read, empty) and
// kLimit (over `limit` bytes; no more is read).
absl::StatusOr<std::string> ReadInputFile(const std::string& path, std::string_view what, size_t limit);
// Refuses with kUsage what would be waited for: a pipe, a socket, a device. A folder and what is not there are left to
// whoever reads it.
absl::Status CheckNoPipe(const std::string& path);

}  // namespace entente::cli
