// The C library's names for what the write path calls, in front of the C library. The real calls are made with syscall(2),
// so nothing here depends on the order in which libraries are found.
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "tests/fault/plan.h"

namespace {

using namespace entente::fault;  // NOLINT: the whole of this file speaks of it

thread_local bool writes_log = false;

struct Path {
  char text[PATH_MAX];
  explicit Path(int fd) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = syscall(SYS_readlink, link, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
  }
};

template <typename Make>
long Do(const Verdict& verdict, Make make) {
  if (verdict.error != 0) {
    errno = verdict.error;
    return -1;
  }
  const long result = make();
  if (verdict.kill_after) Die();
  return result;
}

long WriteTo(const char* name, int fd, size_t bytes, auto make) {
  const Verdict verdict = Meet(kWrite, name, Path(fd).text, bytes);
  return Do(verdict, [&] { return make(verdict.half ? bytes / 2 : bytes); });
}

long SyncOf(const char* name, int fd, auto make) {
  const Path path(fd);
  if (!writes_log && std::string_view(path.text).ends_with(".log") && Counts(path.text)) writes_log = true;
  return Do(Meet(kSync, name, path.text, 0), make);
}

int OpenAt(int folder, const char* path, int flags, mode_t mode) {
  const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  const Verdict verdict = makes ? Meet(kCreate, "open", path, 0) : Verdict{};
  return static_cast<int>(Do(verdict, [&] { return syscall(SYS_openat, folder, path, flags, mode); }));
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t bytes) {
  return WriteTo("write", fd, bytes, [&](size_t part) { return syscall(SYS_write, fd, data, part); });
}
ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at) {
  return WriteTo("pwrite", fd, bytes, [&](size_t part) { return syscall(SYS_pwrite64, fd, data, part, at); });
}
ssize_t pwrite64(int fd, const void* data, size_t bytes, off64_t at) {
  return WriteTo("pwrite", fd, bytes, [&](size_t part) { return syscall(SYS_pwrite64, fd, data, part, at); });
}
ssize_t writev(int fd, const iovec* pieces, int count) {
  // Never split: nothing that counts writes in pieces.
  return Do(Meet(kWrite, "writev", Path(fd).text, 1), [&] { return syscall(SYS_writev, fd, pieces, count); });
}
int fsync(int fd) {
  return static_cast<int>(SyncOf("fsync", fd, [&] { return syscall(SYS_fsync, fd); }));
}
int fdatasync(int fd) {
  return static_cast<int>(SyncOf("fdatasync", fd, [&] { return syscall(SYS_fdatasync, fd); }));
}
int sync_file_range(int fd, off64_t at, off64_t bytes, unsigned flags) {
  // Syncs nothing: RocksDB asks so whether there is such a call, and dies of any answer but yes and no.
  if (flags == 0) return static_cast<int>(syscall(SYS_sync_file_range, fd, at, bytes, flags));
  return static_cast<int>(
      SyncOf("sync_file_range", fd, [&] { return syscall(SYS_sync_file_range, fd, at, bytes, flags); }));
}
int ftruncate(int fd, off_t size) noexcept {
  return static_cast<int>(
      Do(Meet(kResize, "ftruncate", Path(fd).text, 0), [&] { return syscall(SYS_ftruncate, fd, size); }));
}
int ftruncate64(int fd, off64_t size) noexcept { return ftruncate(fd, size); }
int fallocate(int fd, int mode, off_t at, off_t bytes) {
  return static_cast<int>(
      Do(Meet(kResize, "fallocate", Path(fd).text, 0), [&] { return syscall(SYS_fallocate, fd, mode, at, bytes); }));
}
int fallocate64(int fd, int mode, off64_t at, off64_t bytes) { return fallocate(fd, mode, at, bytes); }

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(folder, path, flags, mode);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return static_cast<int>(Do(Meet(kCreate, "mkdir", path, 0), [&] { return syscall(SYS_mkdir, path, mode); }));
}
int link(const char* from, const char* to) noexcept {
  return static_cast<int>(Do(Meet(kCreate, "link", to, 0), [&] { return syscall(SYS_link, from, to); }));
}
int rename(const char* from, const char* to) noexcept {
  return static_cast<int>(Do(Meet(kRename, "rename", to, 0), [&] { return syscall(SYS_rename, from, to); }));
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  return static_cast<int>(Do(Meet(kRename, "rename", to, 0),
                             [&] { return syscall(SYS_renameat2, from_folder, from, to_folder, to, flags); }));
}
int unlink(const char* path) noexcept {
  return static_cast<int>(Do(Meet(kUnlink, "unlink", path, 0), [&] { return syscall(SYS_unlink, path); }));
}

int statvfs(const char* path, struct statvfs* out) noexcept {
  const Verdict verdict = writes_log ? Meet(kSpace, "statvfs", path, 0) : Verdict{};
  return static_cast<int>(Do(verdict, [&]() -> long {
    struct statfs raw {};
    if (syscall(SYS_statfs, path, &raw) != 0) return -1;
    *out = {};
    out->f_bsize = static_cast<unsigned long>(raw.f_bsize);
    out->f_frsize = static_cast<unsigned long>(raw.f_frsize != 0 ? raw.f_frsize : raw.f_bsize);
    out->f_blocks = raw.f_blocks;
    out->f_bfree = raw.f_bfree;
    out->f_bavail = raw.f_bavail;
    out->f_files = raw.f_files;
    out->f_ffree = out->f_favail = raw.f_ffree;
    out->f_namemax = static_cast<unsigned long>(raw.f_namelen);
    return 0;
  }));
}

ssize_t recv(int fd, void* into, size_t bytes, int flags) {
  const ssize_t got = syscall(SYS_recvfrom, fd, into, bytes, flags, nullptr, nullptr);
  const int error = errno;
  MeetReceived("recv", fd, got);
  errno = error;
  return got;
}
ssize_t recvmsg(int fd, msghdr* message, int flags) {
  const ssize_t got = syscall(SYS_recvmsg, fd, message, flags);
  const int error = errno;
  MeetReceived("recvmsg", fd, got);
  errno = error;
  return got;
}

}  // extern "C"
