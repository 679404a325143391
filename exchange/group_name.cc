#include "exchange/group_name.h"

#include <optional>
#include <string>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "model/text.h"

namespace entente::exchange {
namespace {

constexpr size_t kShortestGroupName = 8;  // digits of an id

}  // namespace

absl::StatusOr<GroupId> GroupNamed(const trust::GroupDirectory& groups, std::string_view name) {
  std::optional<GroupId> found;
  for (const GroupId& group : groups.All()) {
    const auto newest = groups.Newest(group);
    const bool by_name = newest != nullptr && newest->document().name() == name;
    const bool by_id = name.size() >= kShortestGroupName && crypto::ToHex(group.view()).starts_with(name);
    if (!by_name && !by_id) continue;
    if (found)
      return Reject(RejectReason::kUsage,
                    "two groups are called so; give more digits of the id, as `entente group list` shows it");
    found = group;
  }
  if (found) return *found;
  return Reject(RejectReason::kNotFound, "no group here is called '" + model::Escaped(std::string(name), 80) +
                                             "'; `entente group list` shows them all");
}

}  // namespace entente::exchange
