#pragma once

#include <string>
#include <string_view>

#include "services/entente/publish_file.h"
#include "services/entente/verify_documents.h"
#include "services/entente/verify_keys.h"
#include "services/entente/verify_report.h"
#include "services/entente/verify_tally.h"

// Files of envelopes and documents (docs/formats/files.md, Export file).
namespace entente::cli {

inline constexpr std::string_view kExportMagic = "ENTX";
inline constexpr size_t kMaxDocumentFiles = 16;  // named with --documents

// What stands at a file's beginning; nothing where it is shorter.
std::string MagicOf(InputFile& file);
// Each entry for itself, told as counts; holds one entry at a time, but documents of groups. `groups` has the same
// keys.
Report CheckExportFile(InputFile& file, const Cards& cards, NodeKeys* keys, GivenGroups& groups, absl::Time at);

// What the documents of a file that --documents names came to: an export file, or an armoured membership document.
// Envelopes in it are passed over. Refuses with kUsage a file that cannot be read or is neither; what is wrong inside
// is counted in `tally`.
absl::Status TakeDocumentFile(const std::string& path, const Cards& cards, NodeKeys* keys, GivenGroups& groups,
                              absl::Time at, Tally& tally);

}  // namespace entente::cli
