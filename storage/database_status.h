#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/reject.h"
#include "rocksdb/status.h"

// Included by storage's .cc files only. RocksDB's own texts name files, offsets and checksums, never row contents.
namespace entente::storage {

// OK, kStoreCorrupt, kDiskFull or kStoreIo. `what` names the part of the store in words.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view what);
// Whoever else has the store at `path` open keeps it.
absl::Status Locked(const std::string& path);
// Why opening the store at `path` failed: also kStoreLocked. `dropped` is what EngineLog heard of a damaged log; RocksDB's
// status does not name it.
absl::Status OpenFailure(const rocksdb::Status& status, const std::string& path, const std::string& dropped);

}  // namespace entente::storage
