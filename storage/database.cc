#include "storage/database.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "storage/database_options.h"
#include "storage/database_status.h"
#include "storage/engine_log.h"

namespace entente::storage {
namespace {

rocksdb::Slice ToSlice(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}
ByteView ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace

bool Database::Exists(const std::string& path) {
  struct stat entry {};
  return stat((path + "/CURRENT").c_str(), &entry) == 0;
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Create create, Purpose purpose) {
  const bool present = Exists(path);
  if (!present && create == Create::kNever) {
    return Reject(RejectReason::kNotFound, "no store at " + path + "; entente init makes one");
  }
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Reject(RejectReason::kStoreIo, "cannot make " + path + ": " + error.message());
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  rocksdb::DBOptions options = StoreOptions(purpose);
  options.info_log = MakeEngineLog(path);
  std::vector<std::string> before;
  rocksdb::Status listed;
  if (present) listed = rocksdb::DB::ListColumnFamilies(options, path, &before);
  std::unique_ptr<Database> out(new Database());
  out->path_ = path;
  out->purpose_ = purpose;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < kFamilies; ++i) {
    const Family family = static_cast<Family>(i);
    families.emplace_back(std::string(Name(family)), FamilyOptions(family));
    if (present && std::find(before.begin(), before.end(), Name(family)) == before.end()) out->made_.push_back(family);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, path, families, &handles, &db);
  if (!opened.ok()) return OpenFailure(opened, path);
  out->db_.reset(db);
  for (size_t i = 0; i < kFamilies; ++i) out->handles_[i] = handles[i];
  // Only now: the list is read without the lock, and another process that writes it may make it look damaged.
  if (!listed.ok()) return OpenFailure(listed, path);
  return out;
}

absl::Status Database::Destroy(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return absl::OkStatus();
  return Reject(RejectReason::kStoreIo, "cannot remove " + path + ": " + error.message());
}

Database::~Database() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : retired_) db_->DestroyColumnFamilyHandle(handle);
  for (const auto& handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  db_->Close();
}

absl::StatusOr<std::optional<Bytes>> Database::Get(Family family, ByteView key, const Frozen* at) const {
  rocksdb::ReadOptions options;
  if (at != nullptr) options.snapshot = at->snapshot_;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->Get(options, handle(family), ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return FromRocks(status, Name(family));
  return Bytes(ToView(value));
}

std::unique_ptr<Database::Frozen> Database::Freeze() const {
  return std::unique_ptr<Frozen>(new Frozen(db_.get(), db_->GetSnapshot()));
}
Database::Frozen::~Frozen() {
  db_->ReleaseSnapshot(snapshot_);
}

absl::Status Database::Write(Batch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  options.disableWAL = purpose_ == Purpose::kScratch;
  return FromRocks(db_->Write(options, batch.batch_.get()), "the write-ahead log");
}

uint64_t Database::UnflushedBytes() const {
  uint64_t bytes = 0;
  db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  return bytes;
}

absl::Status Database::VerifyTables(Family family, const std::function<absl::Status()>& goes_on) const {
  if (const rocksdb::Status held = db_->DisableFileDeletions(); !held.ok()) return FromRocks(held, Name(family));
  rocksdb::ColumnFamilyMetaData tables;
  db_->GetColumnFamilyMetaData(handle(family), &tables);
  rocksdb::Status status;
  absl::Status going;
  for (const rocksdb::LevelMetaData& level : tables.levels) {
    for (const rocksdb::SstFileMetaData& file : level.files) {
      if (going = goes_on(); !going.ok()) break;
      rocksdb::SstFileReader reader(rocksdb::Options(StoreOptions(Purpose::kScratch), UncachedOptions(family)));
      if (status.ok()) status = reader.Open(file.db_path + file.name);
      if (status.ok()) status = reader.VerifyChecksum();
    }
  }
  const rocksdb::Status resumed = db_->EnableFileDeletions(/*force=*/false);
  if (!going.ok()) return going;
  return FromRocks(status.ok() ? resumed : status, Name(family));
}

absl::Status Database::Replace(Family family) {
  rocksdb::ColumnFamilyHandle* old = handle(family);
  if (const rocksdb::Status dropped = db_->DropColumnFamily(old); !dropped.ok())
    return FromRocks(dropped, Name(family));
  rocksdb::ColumnFamilyHandle* fresh = nullptr;
  const rocksdb::Status made = db_->CreateColumnFamily(FamilyOptions(family), std::string(Name(family)), &fresh);
  if (!made.ok()) return FromRocks(made, Name(family));
  handles_[static_cast<size_t>(family)] = fresh;
  retired_.push_back(old);
  return absl::OkStatus();
}

struct Database::Cursor::Bounds {
  Bytes lower, upper;
  rocksdb::Slice lower_slice, upper_slice;
};

Database::Cursor::Cursor() = default;
Database::Cursor::Cursor(Cursor&&) noexcept = default;
Database::Cursor::~Cursor() = default;
void Database::Cursor::SeekToFirst() {
  iterator_->SeekToFirst();
}
void Database::Cursor::SeekToLast() {
  iterator_->SeekToLast();
}
void Database::Cursor::Seek(ByteView key) {
  iterator_->Seek(ToSlice(key));
}
void Database::Cursor::Next() {
  iterator_->Next();
}
void Database::Cursor::Prev() {
  iterator_->Prev();
}
bool Database::Cursor::Valid() const {
  return iterator_->Valid();
}
ByteView Database::Cursor::key() const {
  return ToView(iterator_->key());
}
ByteView Database::Cursor::value() const {
  return ToView(iterator_->value());
}
absl::Status Database::Cursor::status() const {
  return FromRocks(iterator_->status(), family_);
}

Database::Cursor Database::Iterate(Family family, ByteView lower, ByteView upper, const Frozen* at,
                                   bool long_scan) const {
  Cursor cursor;
  cursor.family_ = Name(family);
  cursor.bounds_ = std::make_unique<Cursor::Bounds>();
  Cursor::Bounds& bounds = *cursor.bounds_;
  bounds.lower = lower;
  bounds.upper = upper;
  bounds.lower_slice = ToSlice(bounds.lower);
  bounds.upper_slice = ToSlice(bounds.upper);
  rocksdb::ReadOptions options;
  if (at != nullptr) options.snapshot = at->snapshot_;
  options.fill_cache = !long_scan;
  if (!lower.empty()) options.iterate_lower_bound = &bounds.lower_slice;
  if (!upper.empty()) options.iterate_upper_bound = &bounds.upper_slice;
  cursor.iterator_.reset(db_->NewIterator(options, handle(family)));
  return cursor;
}

Database::Batch::Batch(const Database& database)
    : database_(database), batch_(std::make_unique<rocksdb::WriteBatch>()) {}
Database::Batch::~Batch() = default;
// Writing into a batch in memory cannot fail: it has no size limit and is never protected.
void Database::Batch::Put(Family family, ByteView key, ByteView value) {
  batch_->Put(database_.handle(family), ToSlice(key), ToSlice(value)).PermitUncheckedError();
}
void Database::Batch::Delete(Family family, ByteView key) {
  batch_->Delete(database_.handle(family), ToSlice(key)).PermitUncheckedError();
}
size_t Database::Batch::bytes() const {
  return batch_->GetDataSize();
}
void Database::Batch::Clear() {
  batch_->Clear();
}

}  // namespace entente::storage
