#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace entente::policy {

class RuleIndex;
struct Facts;
struct Engine;

inline constexpr size_t kMaxRulesBytes = 2u << 20;
inline constexpr size_t kMaxRules = 4096;

// What rules may name. Null in a list's place: any name is taken.
struct KnownNames {
  const std::vector<std::string>* parties = nullptr;
  const std::vector<std::string>* groups = nullptr;  // ids in hexadecimal
  const std::vector<std::string>* warning_lists = nullptr;
};

// An operator's rules, compiled (docs/formats/rules.md). By default there are none and the matrix is the whole. Cheap
// to copy; reading is thread-safe.
class Rules {
 public:
  Rules() = default;
  // `file` is what messages call it. Refuses with kConfig: "FILE:LINE:COLUMN: NAME: what, and what to do".
  static absl::StatusOr<Rules> Parse(std::string_view text, std::string_view file, const KnownNames& known = {});
  size_t size() const;

 private:
  friend struct Engine;
  std::shared_ptr<const RuleIndex> index_;
};

}  // namespace entente::policy
