#include "storage/database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "storage/database_options.h"
#include "storage/database_status.h"
#include "storage/engine_log.h"
#include "storage/unsigned_groups.h"

namespace entente::storage {
namespace {

rocksdb::Slice ToSlice(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}
ByteView ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

absl::Status Closed() {
  return Reject(RejectReason::kStoreIo, "the store could not be opened again after a write had failed; start this node again");
}

}  // namespace

bool Database::Exists(const std::string& path) {
  struct stat entry {};
  return stat((path + "/CURRENT").c_str(), &entry) == 0;
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Create create, Purpose purpose) {
  if (create == Create::kNever && !Exists(path)) {
    return Reject(RejectReason::kNotFound, "no store at " + path + "; entente init makes one");
  }
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Reject(RejectReason::kStoreIo, "cannot make " + path + ": " + error.message());
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  std::unique_ptr<Database> out(new Database());
  out->path_ = path;
  out->purpose_ = purpose;
  if (absl::Status locked = out->Lock(); !locked.ok()) return locked;
  if (absl::Status opened = out->OpenEngine(nullptr); !opened.ok()) return opened;
  return out;
}

absl::Status Database::Lock() {
  lock_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0 && flock(lock_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  if (errno == EWOULDBLOCK) return Locked(path_);
  return Reject(RejectReason::kStoreIo, "cannot lock " + path_ + ": " + std::strerror(errno));
}

absl::Status Database::OpenEngine(UnsignedGroups* leaves_out) {
  const bool present = Exists(path_);
  rocksdb::DBOptions options = StoreOptions(purpose_);
  const auto log = std::make_shared<EngineLog>(path_);
  options.info_log = log;
  options.wal_filter = leaves_out;
  std::vector<std::string> before;
  rocksdb::Status listed;
  if (present) listed = rocksdb::DB::ListColumnFamilies(options, path_, &before);
  std::vector<rocksdb::ColumnFamilyDescriptor> families, missing;
  made_.clear();
  for (size_t i = 0; i < kFamilies; ++i) {
    const Family family = static_cast<Family>(i);
    const bool there = std::find(before.begin(), before.end(), Name(family)) != before.end();
    if (present && !there) made_.push_back(family);
    // Made at once below: made one by one as Open does, each writes the options of all.
    const bool later = leaves_out == nullptr && !there && Name(family) != rocksdb::kDefaultColumnFamilyName;
    (later ? missing : families).emplace_back(std::string(Name(family)), FamilyOptions(family));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles, added;
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened = leaves_out == nullptr
                               ? rocksdb::DB::Open(options, path_, families, &handles, &db)
                               : rocksdb::DB::OpenForReadOnly(options, path_, families, &handles, &db);
  if (!opened.ok()) return OpenFailure(opened, path_, log->Dropped());
  db_.reset(db);
  if (!missing.empty()) opened = db_->CreateColumnFamilies(missing, &added);
  Keep(handles);
  Keep(added);
  if (!opened.ok()) {
    CloseEngine();
    return OpenFailure(opened, path_, log->Dropped());
  }
  // Only now: the list is read without the lock, and another process that writes it may make it look damaged.
  if (!listed.ok()) {
    CloseEngine();
    return OpenFailure(listed, path_, "");
  }
  return absl::OkStatus();
}

void Database::Keep(const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    for (size_t i = 0; i < kFamilies; ++i) {
      if (handle->GetName() == Name(static_cast<Family>(i))) handles_[i] = handle;
    }
  }
}

void Database::CloseEngine() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : retired_) db_->DestroyColumnFamilyHandle(handle);
  retired_.clear();
  for (auto& handle : handles_) db_->DestroyColumnFamilyHandle(handle.exchange(nullptr));
  db_->Close();
  db_.reset();
}

absl::Status Database::Reopen(uint64_t head) {
  if (!gate_.TryShut(kShutPatience)) return Reject(RejectReason::kUnavailable, "somebody reads the store; try again");
  CloseEngine();
  left_out_.reset();
  // Never a new store in place of one that is gone.
  writable_ = Exists(path_) ? OpenEngine(nullptr)
                            : Reject(RejectReason::kStoreCorrupt, "the store at " + path_ + " is gone");
  const RejectReason reason = ReasonOf(writable_);
  const bool readable = reason == RejectReason::kDiskFull || reason == RejectReason::kStoreIo;
  if (readable) {
    left_out_ = std::make_unique<UnsignedGroups>(head);
    OpenEngine(left_out_.get()).IgnoreError();  // the caller is told the first refusal
  }
  gate_.Open();
  return writable_;
}

absl::Status Database::Destroy(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return absl::OkStatus();
  return Reject(RejectReason::kStoreIo, "cannot remove " + path + ": " + error.message());
}

Database::Database() = default;
Database::~Database() {
  CloseEngine();
  if (lock_ >= 0) close(lock_);
}

absl::StatusOr<std::optional<Bytes>> Database::Get(Family family, ByteView key, const Frozen* at) const {
  const Gate::Visit visit(gate_);
  if (db_ == nullptr) return Closed();
  rocksdb::ReadOptions options;
  if (at != nullptr) options.snapshot = at->snapshot_;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->Get(options, handle(family), ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return FromRocks(status, Name(family));
  return Bytes(ToView(value));
}

std::unique_ptr<Database::Frozen> Database::Freeze() const {
  Gate::Visit visit(gate_);
  const rocksdb::Snapshot* snapshot = db_ == nullptr ? nullptr : db_->GetSnapshot();
  return std::unique_ptr<Frozen>(new Frozen(std::move(visit), db_.get(), snapshot));
}
Database::Frozen::~Frozen() {
  if (snapshot_ != nullptr) db_->ReleaseSnapshot(snapshot_);
}

absl::Status Database::Write(Batch& batch, bool sync) {
  const Gate::Visit visit(gate_);
  if (db_ == nullptr) return Closed();
  if (!writable_.ok()) return writable_;
  rocksdb::WriteOptions options;
  options.sync = sync;
  options.disableWAL = purpose_ == Purpose::kScratch;
  return FromRocks(db_->Write(options, batch.batch_.get()), "the write-ahead log");
}

uint64_t Database::UnflushedBytes() const {
  const Gate::Visit visit(gate_);
  uint64_t bytes = 0;
  if (db_ != nullptr) db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  if (left_out_ != nullptr) bytes += left_out_->left_out_bytes();
  return bytes;
}

absl::Status Database::VerifyTables(Family family, const std::function<absl::Status()>& goes_on) const {
  const Gate::Visit visit(gate_);
  if (db_ == nullptr) return Closed();
  // What is open for reading deletes none, and cannot be told not to.
  rocksdb::Status held;
  if (writable_.ok()) held = db_->DisableFileDeletions();
  if (!held.ok()) return FromRocks(held, Name(family));
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
  rocksdb::Status resumed;
  if (writable_.ok()) resumed = db_->EnableFileDeletions(/*force=*/false);
  if (!going.ok()) return going;
  return FromRocks(status.ok() ? resumed : status, Name(family));
}

absl::Status Database::Replace(Family family) {
  const Gate::Visit visit(gate_);
  if (db_ == nullptr) return Closed();
  if (!writable_.ok()) return writable_;
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
