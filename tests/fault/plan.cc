#include "tests/fault/plan.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace entente::fault {
namespace {

Control* control = nullptr;
int log_fd = -1;
char root[PATH_MAX];
size_t root_length = 0;

// Relative to the root; empty when it does not count.
std::string_view Counted(std::string_view path) {
  if (control == nullptr || path.size() <= root_length || path[root_length] != '/') return {};
  if (path.substr(0, root_length) != std::string_view(root, root_length)) return {};
  const std::string_view inside = path.substr(root_length + 1);
  for (const std::string_view log : {"entented.log", "store/LOG", "test-output.txt"}) {
    if (inside.substr(0, log.size()) == log) return {};
  }
  return inside;
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool NeedsSpace(Call call) { return (call & (kWrite | kSync | kCreate | kResize)) != 0; }

Verdict Fire(Kind kind, Call call, size_t bytes) {
  const bool first = control->fired.fetch_add(1) == 0;
  const bool splits = call == kWrite && bytes > 1;
  switch (kind) {
    case kKillBefore: Die();
    case kKillAfter: return {0, false, true};
    case kTorn: return {0, splits, true};
    case kEio: return {EIO};
    case kNoSpace: return {ENOSPC};
    case kFull: return first && splits ? Verdict{0, true} : Verdict{ENOSPC};
    case kQuota: return first && splits ? Verdict{0, true} : Verdict{EDQUOT};
    case kShort: return {0, splits};
    case kSlow: poll(nullptr, 0, static_cast<int>(control->delay_ms)); return {};
    default: return {};
  }
}

bool Fires(Kind kind, Call call, size_t bytes, int64_t number) {
  const int64_t at = control->at;
  if (kind == kFull || kind == kQuota) return number >= at && NeedsSpace(call);
  if (kind == kSlow) return number >= at && call == kSync;
  if ((kind == kShort || kind == kTorn) && (call != kWrite || bytes < 2)) return false;
  return number == at && kind != kRecord;
}

__attribute__((constructor)) void Begin() {
  const char* folder = getenv("ENTENTE_FAULT_ROOT");
  const char* plan = getenv("ENTENTE_FAULT_CONTROL");
  const char* log = getenv("ENTENTE_FAULT_LOG");
  if (folder == nullptr || plan == nullptr || log == nullptr) return;
  root_length = std::min(strlen(folder), sizeof root - 1);
  memcpy(root, folder, root_length);
  log_fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, plan, O_RDWR | O_CLOEXEC, 0));
  void* map = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (log_fd < 0 || map == MAP_FAILED) abort();
  control = static_cast<Control*>(map);
}

}  // namespace

bool Counts(std::string_view path) { return !Counted(path).empty(); }

[[noreturn]] void Die() {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

Verdict Meet(Call call, const char* name, const char* path, size_t bytes) {
  if (control == nullptr) return {};
  const auto kind = static_cast<Kind>(control->kind.load());
  if (kind == kUnarmed || (control->calls & call) == 0) return {};
  const std::string_view inside = call == kReceive ? std::string_view("socket") : Counted(path);
  if (inside.empty() || !EndsWith(inside, control->suffix) || static_cast<int64_t>(bytes) < control->least_bytes) return {};
  const int64_t number = control->count.fetch_add(1) + 1;
  char line[PATH_MAX + 64];
  const int length = snprintf(line, sizeof line, "%ld %s %zu %s\n", static_cast<long>(number), name, bytes,
                              inside.data());
  syscall(SYS_write, log_fd, line, std::min<size_t>(static_cast<size_t>(length), sizeof line - 1));
  return Fires(kind, call, bytes, number) ? Fire(kind, call, bytes) : Verdict{};
}

void MeetReceived(const char* name, int fd, long bytes) {
  if (control == nullptr || control->kind == kUnarmed || (control->calls & kReceive) == 0 || bytes <= 0) return;
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return;
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return;
  if (Meet(kReceive, name, "", static_cast<size_t>(bytes)).kill_after) Die();
}

}  // namespace entente::fault
