#include "services/entente/verify_tally.h"

#include "base/reject.h"

namespace entente::cli {

void Tally::Count(const std::string& kind, const absl::Status& outcome) {
  if (!outcome.ok() && first_.ok()) first_ = outcome;
  const std::string reason = outcome.ok() ? "" : std::string(Describe(ReasonOf(outcome)).name);
  ++counts_[{kind, outcome.ok() ? kHolds : kFails, reason}];
}

void Tally::Tell(Report& report) const {
  for (const auto& [what, count] : counts_) {
    const auto& [kind, result, why] = what;
    const std::string separator = why.empty() ? "" : result == kNotChecked ? ": " : " ";
    report.rows.push_back({prefix_ + kind, result, std::to_string(count) + separator + why});
  }
  if (report.status.ok()) report.status = first_;
}

}  // namespace entente::cli
