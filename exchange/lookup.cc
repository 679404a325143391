#include "exchange/lookup.h"

#include <tuple>

#include "model/timestamp.h"

namespace entente::exchange {

absl::StatusOr<Found> FindObject(const storage::Reader& journal, std::string_view id, std::string_view version) {
  std::optional<int64_t> wanted;
  if (!version.empty()) {
    const absl::StatusOr<int64_t> parsed = model::ParseTimestamp(version);
    if (!parsed.ok()) {
      return Reject(RejectReason::kUsage,
                    "--version takes the object's `modified` time, for example 2026-01-02T03:04:05.678Z");
    }
    wanted = *parsed;
  }
  auto accepted = wanted ? journal.FindVersion(id, *wanted) : journal.NewestVersion(id);
  if (!accepted.ok()) return accepted.status();
  const absl::StatusOr<std::vector<storage::QuarantineEntry>> held = journal.FindQuarantine(id);
  if (!held.ok()) return held.status();
  Found found{*std::move(accepted), std::nullopt};
  for (const storage::QuarantineEntry& entry : *held) {
    if (wanted && entry.version_ns != *wanted) continue;
    if (!found.held || std::tie(entry.version_ns, entry.seq) > std::tie(found.held->version_ns, found.held->seq)) {
      found.held = entry;
    }
  }
  if (found.accepted || found.held) return found;
  return Reject(RejectReason::kNotFound,
                version.empty() ? "no such object is stored here; entente search finds objects by value"
                                : "no such version is stored here; entente get without --version shows the newest");
}

}  // namespace entente::exchange
