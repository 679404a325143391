#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace entente::node {

// Writes a new file of mode 0600 and syncs it. Refuses with kConflict when `path` exists, with kStoreIo otherwise.
absl::Status WriteNewFile(const std::string& path, ByteView bytes);
// The same over a file that may exist, all or nothing: a temporary file beside it, fsync, rename, fsync of the folder.
absl::Status ReplaceFile(const std::string& path, ByteView bytes);
// At most `limit` bytes, or kStoreIo; a longer file is refused, not cut.
absl::StatusOr<Bytes> ReadWholeFile(const std::string& path, size_t limit);
// Makes the names in `folder` durable.
absl::Status SyncFolder(const std::string& folder);

// Keeps two programs that write the files of one node apart, for as long as it lives; the end of a process ends it too.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();
  bool held() const { return held_; }

 private:
  int fd_;
  bool held_;
};

}  // namespace entente::node
