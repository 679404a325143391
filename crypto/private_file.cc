#include "crypto/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/reject.h"
#include "crypto/octets.h"

namespace entente::crypto {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status Failed(const std::string& path, const std::string& act) {
  const int error = errno;
  return Reject(RejectReason::kKeystore, "cannot " + act + " " + path + ": " + std::strerror(error));
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// The number of bytes read, at most `size`; -1 on failure.
ssize_t ReadUpTo(int fd, uint8_t* out, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = read(fd, out + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

bool WriteAll(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return fsync(fd) == 0;
}

absl::Status WriteTemporary(const std::string& path, ByteView bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return Failed(path, "create");
  if (!WriteAll(file.get(), bytes)) return Failed(path, "write");
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || fsync(fd.get()) != 0) return Failed(folder, "sync the folder");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SecretBytes> ReadPrivateFile(const std::string& path, size_t limit) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return Failed(path, "open");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Reject(RejectReason::kKeystore, path + " is open to its group or to others; run `chmod 600` on it");
  }
  SecretBytes buffer(limit + 1);  // one more, to see that there is more; a pipe has no size to ask for
  const ssize_t size = ReadUpTo(file.get(), buffer.MutableSecret().data(), buffer.size());
  if (size < 0) return Failed(path, "read");
  if (static_cast<size_t>(size) > limit) {
    return Reject(RejectReason::kKeystore,
                  path + " is larger than " + std::to_string(limit) + " bytes; check the path");
  }
  return SecretBytes::CopyOf(AsView(buffer.ExposeSecret()).substr(0, static_cast<size_t>(size)));
}

absl::Status WritePrivateFile(const std::string& path, ByteView bytes, Existing existing) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());  // left by a crash: there is one writer at a time
  absl::Status status = WriteTemporary(temporary, bytes);
  if (status.ok()) {
    const unsigned flags = existing == Existing::kRefuse ? RENAME_NOREPLACE : 0;
    if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) == 0) return SyncFolder(FolderOf(path));
    status = Failed(path, "move the new file to");
  }
  unlink(temporary.c_str());
  return status;
}

}  // namespace entente::crypto
