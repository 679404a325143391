#pragma once

#include "rocksdb/options.h"
#include "storage/database.h"

// Included by storage's .cc files only.
namespace entente::storage {

// A whole node stays under 300 MiB under load: these bound what the engine takes of it.
inline constexpr size_t kMemtableBytes = 40u << 20, kBlockCacheBytes = 16u << 20;
// How much of the write-ahead log a restart reads at most, about.
inline constexpr uint64_t kMaxLogBytes = 32ull << 20;
inline constexpr uint64_t kBlobBytes = 64 * 1024;
inline constexpr int kMinOpenFiles = 32, kMaxOpenFiles = 256;

rocksdb::DBOptions StoreOptions(Database::Purpose purpose);
rocksdb::ColumnFamilyOptions FamilyOptions(Family family);
// The same, reading around the block cache.
rocksdb::ColumnFamilyOptions UncachedOptions(Family family);
// A quarter of the file descriptors this process may have, within the two bounds above.
int OpenFileBudget();

}  // namespace entente::storage
