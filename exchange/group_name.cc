#include "exchange/group_name.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "exchange/groups.h"
#include "model/text.h"

namespace entente::exchange {
namespace {

constexpr size_t kShortestGroupName = 8;  // digits of an id

bool IsOf(const GroupId& group, std::string_view name) {
  return name.size() >= kShortestGroupName && crypto::ToHex(group.view()).starts_with(name);
}

absl::Status Ambiguous() {
  return Reject(RejectReason::kUsage,
                "two groups are called so; give more digits of the id, as `entente group list` shows it");
}

}  // namespace

absl::StatusOr<GroupId> GroupNamed(const trust::GroupDirectory& groups, std::string_view name) {
  std::optional<GroupId> found;
  for (const GroupId& group : groups.All()) {
    const auto newest = groups.Newest(group);
    const bool by_name = newest != nullptr && newest->document().name() == name;
    if (!by_name && !IsOf(group, name)) continue;
    if (found) return Ambiguous();
    found = group;
  }
  if (found) return *found;
  return Reject(RejectReason::kNotFound, "no group here is called '" + model::Escaped(std::string(name), 80) +
                                             "'; `entente group list` shows them all");
}

// What only waits for signatures takes no name away from a group that counts.
absl::StatusOr<GroupId> Groups::Named(std::string_view name) const {
  const absl::StatusOr<GroupId> followed = GroupNamed(room_.groups, name);
  if (ReasonOf(followed.status()) != RejectReason::kNotFound) return followed;
  const auto is_of = [&](const v1::SignedMembership& waiting) {
    const auto read = trust::Membership::Read(waiting);
    return read.ok() && read->document().name() == name;
  };
  std::optional<GroupId> found;
  for (const GroupId& group : Proposed()) {
    const std::vector<v1::SignedMembership> waiting = Proposals(group);
    const bool by_name = room_.groups.Newest(group) == nullptr && std::any_of(waiting.begin(), waiting.end(), is_of);
    if (!by_name && !IsOf(group, name)) continue;
    if (found) return Ambiguous();
    found = group;
  }
  return found ? absl::StatusOr<GroupId>(*found) : followed.status();
}

}  // namespace entente::exchange
