#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "entente/v1/admin.pb.h"

namespace entente::cli {

inline constexpr uint32_t kWaitSeconds = 60;  // of `--wait` without a value

// `publish`'s options as they were typed: one for every release constraint.
struct PublishFlags {
  std::string tlp, pap, embargo_until, post_embargo_tlp, personal_data, retain_until, exercise, group, source_role, source;
  std::vector<std::string> to, rel_to, not_rel_to, sector_to, purpose;
  std::optional<uint32_t> hop_limit;
  bool orcon = false;
};

// As the daemon takes them. Refuses with kUsage, naming the option and its choices.
absl::StatusOr<v1::PublishOptions> TermsFrom(const PublishFlags& flags);

}  // namespace entente::cli
