#include "services/entente/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/reject.h"
#include "services/entente/output.h"
#include "services/entented/files.h"

namespace entente::cli {
namespace {

absl::Status Refused(const std::string& path, int error) {
  const std::string why = error == EEXIST ? "there is a file of that name; give another, or remove it" : std::strerror(error);
  return Reject(RejectReason::kUsage, "'" + Shown(path) + "' cannot be written: " + why);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path) {
  if (path == "-") return std::unique_ptr<OutputFile>(new OutputFile(-1, path));
  struct stat there {};
  if (lstat(path.c_str(), &there) == 0) return Refused(path, EEXIST);
  const std::string part = path + ".part";
  unlink(part.c_str());
  const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Refused(path, errno);
  return std::unique_ptr<OutputFile>(new OutputFile(fd, path));
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(part_.c_str());
}

bool OutputFile::Write(std::string_view bytes) {
  if (fd_ < 0) return PrintBytes(bytes);
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed();
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

absl::Status OutputFile::Keep() {
  if (fd_ < 0 || !why_.ok()) return why_;
  if (fsync(fd_) != 0) Failed();
  if (why_.ok() && link(part_.c_str(), path_.c_str()) != 0) why_ = Refused(path_, errno);
  if (why_.ok()) why_ = node::SyncFolder(std::filesystem::absolute(path_).parent_path().string());
  return why_;
}

bool OutputFile::Failed() {
  why_ = Reject(errno == ENOSPC || errno == EDQUOT ? RejectReason::kDiskFull : RejectReason::kStoreIo,
                "'" + Shown(path_) + "' cannot be written: " + std::strerror(errno));
  return false;
}

}  // namespace entente::cli
