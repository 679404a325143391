#pragma once

#include <optional>

#include "absl/functional/function_ref.h"
#include "exchange/groups.h"

namespace entente::exchange {

// What `peer` has not acknowledged, as an export file (docs/formats/files.md): what waits in its queue, what it refused
// and what an embargo held until now, as of the call. Policy is asked anew for each statement, as for a session; what
// it no longer permits is left out and counted. Nothing changes here: no cursor moves, and a session delivers the same
// later. Without a `prekey` the file has documents alone. `sink` gets the file in pieces, empty ones too, and answers false to end it early (kUnavailable). Refuses with
// kUnknownParty, what envelope::Seal refuses, kLimit beyond kMaxExportEntries, and store errors; the file is then not
// whole.
using FileSink = absl::FunctionRef<bool(ByteView)>;
absl::StatusOr<v1::ExportReport> ExportTo(const Room& room, const Groups& groups, const OrgId& peer,
                                          const std::optional<trust::Prekey>& prekey, FileSink sink);

}  // namespace entente::exchange
