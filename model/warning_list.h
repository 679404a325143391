#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/address_set.h"

namespace entente::model {

inline constexpr size_t kMaxWarningEntries = 500'000, kMaxWarningEntryBytes = 1024, kMaxWarningNameBytes = 256;

// One list of values that are no news (docs/formats/warning-list.md). Immutable; reading is thread-safe.
class WarningList {
 public:
  enum class Type { kString, kHostname, kCidr };

  // `file` is what messages call it. Refuses with kConfig, whole.
  static absl::StatusOr<WarningList> Parse(ByteView json, std::string_view file);

  const std::string& name() const { return name_; }
  uint64_t version() const { return version_; }
  Type type() const { return type_; }
  size_t size() const { return size_; }  // distinct entries may be fewer
  // `value` as SearchValues gives it.
  bool Holds(std::string_view value) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  WarningList() = default;
  std::string AddEntry(std::string_view text);

  std::string name_;
  uint64_t version_ = 0;
  Type type_ = Type::kString;
  size_t size_ = 0;
  std::unordered_set<std::string, Hash, std::equal_to<>> words_;  // of strings and host names
  AddressSet networks_;
};

// The names of the lists that one of `values` is on, ascending, each once.
std::vector<std::string> WarningsOf(const std::vector<WarningList>& lists, const std::vector<std::string>& values);

}  // namespace entente::model
