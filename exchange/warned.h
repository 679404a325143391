#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "entente/v1/admin.pb.h"

namespace entente::exchange {

// Objects with values on warning lists that one chunk's answer names; all are counted.
inline constexpr int kMaxWarningsTold = 20;

// Counts the object of that place in the call, where one of its values is on `lists`, and names it as far as they are named.
inline void CountWarned(uint64_t index, std::string_view id, const std::vector<std::string>& lists,
                        v1::PublishProgress& progress) {
  if (lists.empty()) return;
  progress.set_warned(progress.warned() + 1);
  if (progress.warnings_size() >= kMaxWarningsTold) return;
  v1::WarnedObject& warned = *progress.add_warnings();
  warned.set_index(index);
  warned.set_id(std::string(id));
  warned.mutable_lists()->Add(lists.begin(), lists.end());
}

}  // namespace entente::exchange
