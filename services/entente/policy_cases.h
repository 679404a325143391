#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "entente/v1/admin.pb.h"
#include "services/entente/commands.h"
#include "services/entente/publish_terms.h"

namespace entente::cli {

inline constexpr size_t kMaxCases = 10'000, kMaxCasesBytes = 8u << 20;

// One of an operator's own cases (docs/formats/policy-cases.md): if `object` were published like this, `peer` would get
// it, or would not.
struct PolicyCase {
  std::string id, peer, object, expect, reason, rule;
  PublishFlags terms;
  std::string place;  // "FILE:LINE:COLUMN"
};

// `file` is what messages call it. Refuses with kConfig: "FILE:LINE:COLUMN: what, and what to do"; nothing is
// half-read.
absl::StatusOr<std::vector<PolicyCase>> ReadCases(std::string_view text, std::string_view file);

// Runs every case of `file` on the node, under `rules` where given, and prints how each went. kFailed when one fails.
Exit RunCases(const Invocation& invocation, const std::string& file, const std::optional<v1::RulesText>& rules);

}  // namespace entente::cli
