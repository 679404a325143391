#pragma once

#include <memory>
#include <string>

#include "rocksdb/env.h"

// Included by storage's .cc files only.
namespace entente::storage {

// Two of these, LOG and LOG.old, are kept.
inline constexpr size_t kEngineLogBytes = 1 << 20;

// The engine's own log: which files it made and why. Bounded; a line that cannot be written is dropped, because
// RocksDB's own logger, as Debian builds it, aborts the process when the disk that it logs to is full.
std::shared_ptr<rocksdb::Logger> MakeEngineLog(const std::string& folder);

}  // namespace entente::storage
