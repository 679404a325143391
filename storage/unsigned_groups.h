#pragma once

#include <map>
#include <string>

#include "rocksdb/wal_filter.h"

namespace entente::storage {

// Leaves out, where a write-ahead log is replayed, the first group with a record behind `head` and all that follows. For one
// opening, by one thread.
class UnsignedGroups final : public rocksdb::WalFilter {
 public:
  explicit UnsignedGroups(uint64_t head) : head_(head) {}
  uint64_t left_out_bytes() const { return left_out_bytes_; }

  void ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& logs,
                                const std::map<std::string, uint32_t>& families) override;
  WalProcessingOption LogRecordFound(unsigned long long log, const std::string& name, const rocksdb::WriteBatch& group,
                                     rocksdb::WriteBatch* replaced, bool* is_replaced) override;
  const char* Name() const override { return "entente.UnsignedGroups"; }

 private:
  const uint64_t head_;
  uint32_t journal_ = 0;
  uint64_t left_out_bytes_ = 0;
};

}  // namespace entente::storage
