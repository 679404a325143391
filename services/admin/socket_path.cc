#include "services/admin/socket_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/reject.h"

namespace entente::admin {

absl::StatusOr<SocketPath> SocketPath::Open(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Reject(RejectReason::kStoreIo, folder + ": cannot open this folder: " + std::strerror(errno));
  return SocketPath(fd, slash == std::string::npos ? path : path.substr(slash + 1));
}

SocketPath::SocketPath(SocketPath&& other) noexcept
    : folder_(std::exchange(other.folder_, -1)), name_(std::move(other.name_)) {}

SocketPath::~SocketPath() {
  if (folder_ >= 0) close(folder_);
}

std::string SocketPath::address() const {
  return "unix:" + file();
}

std::string SocketPath::file() const {
  return "/proc/self/fd/" + std::to_string(folder_) + "/" + name_;
}

void SocketPath::Unlink() const {
  unlinkat(folder_, name_.c_str(), 0);
}

absl::Status SocketPath::Restrict(std::optional<gid_t> group) const {
  if (fchmodat(folder_, name_.c_str(), 0600, 0) != 0) {
    return Reject(RejectReason::kStoreIo, name_ + ": cannot restrict this socket to its owner: " + std::strerror(errno));
  }
  if (!group) return absl::OkStatus();
  if (fchownat(folder_, name_.c_str(), static_cast<uid_t>(-1), *group, AT_SYMLINK_NOFOLLOW) == 0 &&
      fchmodat(folder_, name_.c_str(), 0660, 0) == 0) {
    return absl::OkStatus();
  }
  return Reject(RejectReason::kStoreIo, name_ + ": cannot give this socket to the group of seats.toml: " +
                                            std::strerror(errno) + "; the daemon's user must be a member of it");
}

}  // namespace entente::admin
