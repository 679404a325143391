#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/warning_list.h"

namespace entente::node {

inline constexpr size_t kMaxWarningLists = 64, kMaxWarningListBytes = 32u << 20;

// Every regular file in `folder` whose name ends in .json, in the order of their names (docs/formats/warning-list.md).
// No folder: none. Refuses with kConfig, which names the file: too many, too large, not a list, or two of one name.
absl::StatusOr<std::vector<model::WarningList>> LoadWarningLists(const std::string& folder);

}  // namespace entente::node
