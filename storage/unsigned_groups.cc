#include "storage/unsigned_groups.h"

#include <algorithm>

#include "rocksdb/write_batch.h"
#include "storage/layout.h"

namespace entente::storage {
namespace {

class NewestRecord final : public rocksdb::WriteBatch::Handler {
 public:
  explicit NewestRecord(uint32_t journal) : journal_(journal) {}
  uint64_t sequence() const { return sequence_; }
  rocksdb::Status PutCF(uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice&) override {
    if (family == journal_ && key.size() == kSeqSize) sequence_ = std::max(sequence_, SeqAtEnd({key.data(), key.size()}));
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice&) override { return rocksdb::Status::OK(); }
  rocksdb::Status MarkNoop(bool) override { return rocksdb::Status::OK(); }

 private:
  const uint32_t journal_;
  uint64_t sequence_ = 0;
};

}  // namespace

void UnsignedGroups::ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>&,
                                              const std::map<std::string, uint32_t>& families) {
  journal_ = families.at(std::string(entente::storage::Name(Family::kJournal)));
}

rocksdb::WalFilter::WalProcessingOption UnsignedGroups::LogRecordFound(unsigned long long, const std::string&,
                                                                       const rocksdb::WriteBatch& group,
                                                                       rocksdb::WriteBatch*, bool*) {
  NewestRecord newest(journal_);
  if (!group.Iterate(&newest).ok()) return WalProcessingOption::kCorruptedRecord;
  if (left_out_bytes_ == 0 && newest.sequence() <= head_) return WalProcessingOption::kContinueProcessing;
  left_out_bytes_ += group.GetDataSize();
  return WalProcessingOption::kIgnoreCurrentRecord;
}

}  // namespace entente::storage
