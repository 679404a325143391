#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/reject.h"
#include "services/entented/config.h"
#include "services/entented/files.h"

namespace entente::node {
namespace {

std::string WithoutSlash(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder.empty() ? "." : folder;
}

absl::Status Failed(const std::string& what, const std::string& path) {
  const RejectReason reason = errno == EEXIST                      ? RejectReason::kConflict
                              : errno == ENOSPC || errno == EDQUOT ? RejectReason::kDiskFull
                                                                   : RejectReason::kStoreIo;
  return Reject(reason, path + ": cannot " + what + ": " + std::strerror(errno));
}

// Closes on scope exit; close errors do not matter where fsync came first.
struct OpenFile {
  int fd;
  ~OpenFile() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

NodePaths::NodePaths(const std::string& path, const std::string& name)
    : folder(WithoutSlash(path)),
      config(folder + "/entente.toml"),
      keystore(folder + "/keystore"),
      root_keystore(folder + "/root.keystore"),
      identity(folder + "/identity"),
      card(name.empty() ? "" : folder + "/" + name + ".card"),
      store(folder + "/store"),
      admin_socket(folder + "/admin.sock"),
      passphrase(folder + "/passphrase"),
      log(folder + "/entented.log"),
      warning_lists(folder + "/warning-lists"),
      seats(folder + "/seats.toml") {}

absl::Status WriteNewFile(const std::string& path, ByteView bytes) {
  const OpenFile file{open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (file.fd < 0) return Failed("create it", path);
  while (!bytes.empty()) {
    const ssize_t written = write(file.fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write it", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file.fd) != 0) return Failed("sync it", path);
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, ByteView bytes) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());  // of a program that was killed
  if (absl::Status status = WriteNewFile(fresh, bytes); !status.ok()) {
    unlink(fresh.c_str());
    return status;
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return Failed("replace it", path);
  return SyncFolder(std::filesystem::path(path).parent_path().string());
}

absl::StatusOr<Bytes> ReadWholeFile(const std::string& path, size_t limit) {
  const OpenFile file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return Failed("read it", path);
  Bytes bytes(limit + 1, '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = read(file.fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read it", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > limit) return Reject(RejectReason::kLimit, path + ": larger than " + std::to_string(limit) + " bytes");
  bytes.resize(size);
  return bytes;
}

absl::Status SyncFolder(const std::string& folder) {
  const OpenFile file{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (file.fd < 0 || fsync(file.fd) != 0) return Failed("sync it", folder);
  return absl::OkStatus();
}

FolderLock::FolderLock(const std::string& folder) : fd_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  held_ = fd_ >= 0 && flock(fd_, LOCK_EX | LOCK_NB) == 0;
}
FolderLock::~FolderLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace entente::node
