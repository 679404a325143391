#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "trust/group_directory.h"

namespace entente::exchange {

// A group by its name, or by the first 8 or more hex digits of its id. Refuses with kNotFound, and with kUsage where it
// is not clear which.
absl::StatusOr<GroupId> GroupNamed(const trust::GroupDirectory& groups, std::string_view name);

}  // namespace entente::exchange
