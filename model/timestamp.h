#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"

namespace entente::model {

// A STIX timestamp (RFC 3339, UTC, "Z") as nanoseconds since 1970. Sub-second digits: none to nine; more, or a date that
// does not exist, refuses with kStix. Leap second :60 refuses.
absl::StatusOr<int64_t> ParseTimestamp(std::string_view text);
std::string FormatTimestamp(absl::Time time);  // "2026-01-02T03:04:05.678Z"

}  // namespace entente::model
