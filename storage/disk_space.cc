#include "storage/disk_space.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/reject.h"

namespace entente::storage {

absl::Status DiskSpace::Check(uint64_t needed) const {
  struct statvfs disk {};
  if (statvfs(path_.c_str(), &disk) != 0) {
    return Reject(RejectReason::kStoreIo, "cannot see how much space " + path_ + " has: " + std::strerror(errno));
  }
  const uint64_t size = disk.f_blocks * disk.f_frsize, free = disk.f_bavail * disk.f_frsize;
  const uint64_t share = static_cast<uint64_t>(static_cast<double>(size) * floor_fraction_);
  const uint64_t floor = std::min(floor_bytes_, share);
  if (free >= needed && free - needed >= floor) return absl::OkStatus();
  constexpr uint64_t kMiB = 1 << 20;
  return Reject(RejectReason::kDiskFull, "only " + std::to_string(free / kMiB) + " MiB are free where " + path_ +
                                             " lies, intake stops at " + std::to_string((floor + needed) / kMiB) +
                                             " MiB; free some space, intake goes on by itself");
}

absl::Status DiskSpace::Prove(uint64_t needed) const {
  const auto failed = [this](int error) {
    return Reject(error == ENOSPC || error == EDQUOT ? RejectReason::kDiskFull : RejectReason::kStoreIo,
                  "no file can be made where " + path_ + " lies: " + std::strerror(error));
  };
  const int fd = open(path_.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return errno == EOPNOTSUPP || errno == EISDIR ? absl::OkStatus() : failed(errno);
  const int error = fallocate(fd, 0, 0, static_cast<off_t>(needed)) == 0 ? 0 : errno;
  close(fd);
  return error == 0 || error == EOPNOTSUPP ? absl::OkStatus() : failed(error);
}

}  // namespace entente::storage
