#include "storage/database_status.h"

#include <cerrno>
#include <cstring>

namespace entente::storage {
namespace {

constexpr std::string_view kRestore = "; restore this folder from a backup, or move it away and let peers send again";

bool IsDamage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsPathNotFound() || status.IsInvalidArgument() || status.IsNotSupported() ||
         status.IsIncomplete();
}

// RocksDB has a code of its own for ENOSPC only; of EDQUOT it keeps the words.
bool IsFull(const rocksdb::Status& status) {
  return status.IsNoSpace() || (status.IsIOError() && status.ToString().ends_with(std::strerror(EDQUOT)));
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  const std::string detail = std::string(what) + ": " + status.ToString();
  if (IsDamage(status)) {
    return Reject(RejectReason::kStoreCorrupt, "the store is damaged in " + detail + "; run entente fsck");
  }
  if (IsFull(status)) return Reject(RejectReason::kDiskFull, "no space left for " + detail + "; free some");
  return Reject(RejectReason::kStoreIo, "the store cannot be read or written, " + detail +
                                            "; check the disk and the kernel log, then start again");
}

absl::Status Locked(const std::string& path) {
  return Reject(RejectReason::kStoreLocked,
                "another process has the store at " + path + " open; stop it first, one node runs on a folder");
}

absl::Status OpenFailure(const rocksdb::Status& status, const std::string& path, const std::string& dropped) {
  // Both of RocksDB's refusals name the lock file: a lock of another process, and one held by this process already.
  if (status.IsIOError() && status.ToString().find(path + "/LOCK") != std::string::npos &&
      status.ToString().find("open a file for lock") == std::string::npos) {
    return Locked(path);
  }
  if (IsDamage(status)) {
    return Reject(RejectReason::kStoreCorrupt,
                  "the store at " + path + " is damaged: " + status.ToString() +
                      (dropped.empty() ? "" : " in " + dropped) + std::string(kRestore));
  }
  return FromRocks(status, path);
}

}  // namespace entente::storage
