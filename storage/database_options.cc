#include "storage/database_options.h"

#include <sys/resource.h>

#include <algorithm>

#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"

namespace entente::storage {
namespace {

constexpr uint32_t kTableFormat = 5;
constexpr double kBloomBitsPerKey = 10;

// One cache for all families and for scratch stores, so that fsck beside normal use adds nothing.
const std::shared_ptr<rocksdb::Cache>& BlockCache() {
  static const auto* cache = new std::shared_ptr<rocksdb::Cache>(
      rocksdb::NewLRUCache(kBlockCacheBytes, /*num_shard_bits=*/2, /*strict_capacity_limit=*/false));
  return *cache;
}

// Families asked mostly for keys that they do not hold.
bool AsksForAbsentKeys(Family family) {
  return family == Family::kVersions || family == Family::kStatements || family == Family::kReplay ||
         family == Family::kQuarantine || family == Family::kMarkings || family == Family::kStreams;
}

}  // namespace

int OpenFileBudget() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMaxOpenFiles;
  return static_cast<int>(std::clamp<rlim_t>(limit.rlim_cur / 4, kMinOpenFiles, kMaxOpenFiles));
}

rocksdb::DBOptions StoreOptions(Database::Purpose purpose) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;  // Open decides before whether a store may be made
  options.create_missing_column_families = true;
  // The default mode opens "OK" after losing acknowledged records in the middle of the log; this one refuses, and still
  // forgives the half-written last group of a crash. Lost logs are found by the signed head.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = purpose == Database::Purpose::kStore;
  options.paranoid_checks = true;
  options.max_open_files = OpenFileBudget();
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 << 20;
  options.db_write_buffer_size = kMemtableBytes;
  options.max_total_wal_size = kMaxLogBytes;
  options.max_manifest_file_size = 4 << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions UncachedOptions(Family family) {
  rocksdb::ColumnFamilyOptions options = FamilyOptions(family);
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  table.format_version = kTableFormat;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Family family) {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kNoCompression;  // sealed bytes and keyed hashes do not compress
  options.level_compaction_dynamic_level_bytes = true;
  options.arena_block_size = 128 * 1024;
  options.write_buffer_size = family == Family::kJournal ? 16u << 20 : 4u << 20;
  if (family == Family::kJournal) {
    options.enable_blob_files = true;
    options.min_blob_size = kBlobBytes;
  }
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = BlockCache();
  // Index and filter in the small cache, in 4 KiB partitions: a store of millions does not push itself out.
  table.cache_index_and_filter_blocks = true;
  table.index_type = rocksdb::BlockBasedTableOptions::IndexType::kTwoLevelIndexSearch;
  table.format_version = kTableFormat;
  if (AsksForAbsentKeys(family)) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
    table.partition_filters = true;
    options.memtable_prefix_bloom_size_ratio = 0.02;
    options.memtable_whole_key_filtering = true;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace entente::storage
