#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

#include "policy/rule_file.h"

// Private to policy/: what readers of a rule file's tables have in common.
namespace entente::policy {

using Words = std::vector<std::string>;

inline constexpr size_t kMaxComment = 512;

// Ends the reading at the first fault, wherever it is found; caught where reading began.
struct Fault {
  Place place;
  std::string_view name;
  std::string what;
};
Place PlaceOf(const toml::source_region& where);
[[noreturn]] void Fail(const toml::source_region& where, std::string_view name, std::string what);
[[noreturn]] void RefuseKey(const toml::key& key, const Words& known);
std::string TextOf(const toml::node& value, std::string_view key);

// The import profiles of a file, by source.
ImportProfiles ReadImports(const toml::node& list);

}  // namespace entente::policy
