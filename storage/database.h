#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/gate.h"
#include "storage/rows.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Iterator;
class Slice;
class Snapshot;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace entente::storage {

class UnsignedGroups;

// How long Reopen keeps new readers waiting for those that read already, before it gives way.
inline constexpr std::chrono::milliseconds kShutPatience{250};

// One RocksDB folder with our families, its values as they stand on disk. Safe from any thread, except Replace and Reopen.
class Database {
 public:
  enum class Create { kNever, kIfMissing };
  enum class Purpose { kStore, kScratch };  // kScratch: a temporary store without write-ahead log

  // Refuses with kNotFound (no store there), kStoreLocked, kStoreCorrupt, kDiskFull, kStoreIo.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Create create, Purpose purpose);
  // Deletes the store at `path`, which nobody has open. Nothing there is fine.
  static absl::Status Destroy(const std::string& path);
  static bool Exists(const std::string& path);
  ~Database();
  // Closes the store and opens it again, as the next start of the node would; whoever reads meanwhile waits. Refuses with
  // kUnavailable, and nothing is changed, when somebody held a Cursor or a Frozen for all of kShutPatience. Where it cannot be
  // opened for writing (kDiskFull, kStoreIo) it is open for reading, which needs no space, and Write and Replace refuse with
  // the same. What the log alone holds from the first record behind `head` on is not there then: its sync may have failed.
  // After another refusal (those of Open) everything is refused until this succeeds.
  absl::Status Reopen(uint64_t head);

  class Frozen;  // what the store holds at one moment
  class Cursor;
  class Batch;

  absl::StatusOr<std::optional<Bytes>> Get(Family family, ByteView key, const Frozen* at = nullptr) const;
  // Rows from `lower` on up to, not including, `upper` (empty: to the end). A long scan does not fill the cache.
  Cursor Iterate(Family family, ByteView lower, ByteView upper, const Frozen* at = nullptr,
                 bool long_scan = false) const;
  std::unique_ptr<Frozen> Freeze() const;
  absl::Status Write(Batch& batch, bool sync);
  // What a flush of everything in memory would write, with what opening for writing would bring there.
  uint64_t UnflushedBytes() const;
  // Families that had to be made although the store was there: rows lost, or an interrupted rebuild.
  const std::vector<Family>& made_families() const { return made_; }
  // Reads every table of `family` from the disk, past all caches, against its checksums.
  absl::Status VerifyTables(Family family, const std::function<absl::Status()>& goes_on) const;
  // Empties `family` without reading it. Readers that are under way keep the old rows.
  absl::Status Replace(Family family);

 private:
  Database();
  absl::Status Lock();
  // With `leaves_out` for reading alone.
  absl::Status OpenEngine(UnsignedGroups* leaves_out);
  void Keep(const std::vector<rocksdb::ColumnFamilyHandle*>& handles);  // each under its family
  void CloseEngine();
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[static_cast<size_t>(family)]; }

  std::string path_;
  int lock_ = -1;  // the folder, locked for the life of this: RocksDB has its lock only while it is open for writing
  Purpose purpose_ = Purpose::kStore;
  mutable Gate gate_;  // whoever uses what is below visits; Reopen shuts it
  std::unique_ptr<UnsignedGroups> left_out_;  // while db_ is open for reading only; it points there
  std::unique_ptr<rocksdb::DB> db_;  // none after a Reopen that failed
  absl::Status writable_;  // or why db_ is open for reading only
  std::array<std::atomic<rocksdb::ColumnFamilyHandle*>, kFamilies> handles_{};
  std::vector<rocksdb::ColumnFamilyHandle*> retired_;
  std::vector<Family> made_;
};

class Database::Frozen {
 public:
  ~Frozen();

 private:
  friend class Database;
  Frozen(Gate::Visit visit, rocksdb::DB* db, const rocksdb::Snapshot* snapshot)
      : visit_(std::move(visit)), db_(db), snapshot_(snapshot) {}
  Gate::Visit visit_;
  rocksdb::DB* db_;
  const rocksdb::Snapshot* snapshot_;
};

// A position among the rows of one family. Not Valid at either end and after damage: ask status() then, always.
class Database::Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  ~Cursor();
  void SeekToFirst();
  void SeekToLast();
  void Seek(ByteView key);
  void Next();
  void Prev();
  bool Valid() const;
  ByteView key() const;
  ByteView value() const;
  absl::Status status() const;

 private:
  friend class Database;
  struct Bounds;
  explicit Cursor(Gate::Visit visit);
  Gate::Visit visit_;
  std::unique_ptr<Bounds> bounds_;  // the iterator points into it
  std::unique_ptr<rocksdb::Iterator> iterator_;
  std::string_view family_;
};

class Database::Batch {
 public:
  explicit Batch(const Database& database);
  ~Batch();
  void Put(Family family, ByteView key, ByteView value);
  void Delete(Family family, ByteView key);
  size_t bytes() const;
  void Clear();

 private:
  friend class Database;
  const Database& database_;
  std::unique_ptr<rocksdb::WriteBatch> batch_;
};

}  // namespace entente::storage
