#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "policy/rule.h"
#include "policy/rules.h"

// Private to policy/: from a file's text to rules, and what is refused on the way (docs/formats/rules.md).
namespace entente::policy {

// "FILE:LINE:COLUMN: NAME: what", with kConfig.
absl::Status RuleFault(std::string_view file, Place place, std::string_view name, std::string_view what);

// What is refused before anything is built: file-too-large, too-many-rules, and keys dotted so often that what is built
// of them would be deeper than a stack. Linear.
absl::Status ScanRuleText(std::string_view text, std::string_view file);

using ImportProfiles = std::map<std::string, model::Label, std::less<>>;  // by source
struct RuleFile {
  std::vector<Rule> rules;
  ImportProfiles imports;
};
// The rules and import profiles, each by itself as the page says.
absl::StatusOr<RuleFile> ReadRules(std::string_view text, std::string_view file, const KnownNames& known);

// What is wrong with rules beside each other: duplicate-id, opens, never, unreachable.
absl::Status CheckRules(const std::vector<Rule>& rules, std::string_view file);

}  // namespace entente::policy
