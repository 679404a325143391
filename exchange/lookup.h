#pragma once

#include <optional>
#include <string_view>

#include "exchange/exchange.h"

namespace entente::exchange {

// What an operator means by an id and, perhaps, a version. Private to exchange.
struct Found {
  std::optional<storage::VersionEntry> accepted;
  std::optional<storage::QuarantineEntry> held;  // the newest that is held back, or of that version
  // Of the two the one with the newer version; an accepted one before a held one of the same version.
  bool speaks_for_held() const { return held && (!accepted || held->version_ns > accepted->version_ns); }
};

// `version` is the object's `modified` time; empty: the newest accepted and the newest held one. kUsage when it is no
// time; kNotFound when there is neither.
absl::StatusOr<Found> FindObject(const storage::Reader& journal, std::string_view id, std::string_view version);

}  // namespace entente::exchange
