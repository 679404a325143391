#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>
#include <string_view>

// What a fault test plans for a daemon that it preloads this library into, and what comes of it. Nothing of the project
// links it; docs/development.md says how to use it.
//
//   ENTENTE_FAULT_ROOT     only paths below this folder count, but for logs (real path, no trailing slash)
//   ENTENTE_FAULT_CONTROL  a file of sizeof(Control) bytes, mapped shared: the test writes the plan, the shim its counts
//   ENTENTE_FAULT_LOG      each counted call, one line: number, name, bytes, path below the root
namespace entente::fault {

// Mirrored by tests/functional/faults.py.
enum Kind : int64_t {
  kUnarmed,
  kRecord,      // only count and log
  kKillBefore,  // SIGKILL instead of the call
  kKillAfter,   // SIGKILL once the call was made
  kTorn,        // half of a write, then SIGKILL
  kEio,         // fails once
  kNoSpace,     // fails once
  kFull,        // half of a write, then ENOSPC for whatever needs space, syncs too (room is found late), until disarmed
  kShort,       // half of a write, said so
  kSlow,        // from there on, each sync takes delay_ms more
  kQuota,       // as kFull, with EDQUOT
};
enum Call : int64_t {
  kWrite = 1 << 0,
  kSync = 1 << 1,
  kCreate = 1 << 2,   // open with O_CREAT or O_TMPFILE, mkdir, link
  kRename = 1 << 3,
  kUnlink = 1 << 4,
  kResize = 1 << 5,   // ftruncate, fallocate
  kSpace = 1 << 6,    // statvfs by the thread that writes the log: the committer, on its way to a write
  kReceive = 1 << 7,  // from a TCP socket, counted once it returned
};
struct Control {
  std::atomic<int64_t> kind, calls, at, count, fired, delay_ms, least_bytes;
  char suffix[32];  // only paths that end so; empty: all
};
static_assert(sizeof(Control) == 7 * sizeof(int64_t) + 32 && std::atomic<int64_t>::is_always_lock_free);

// What a call that is about to be made has to do.
struct Verdict {
  int error = 0;  // fail with it, and do not make the call
  bool half = false, kill_after = false;
};

// Counts and logs the call where it is among those planned for. Does not return where the plan is a kill before it.
Verdict Meet(Call call, const char* name, const char* path, size_t bytes);
// The same once bytes came from a TCP socket: their number is part of the plan.
void MeetReceived(const char* name, int fd, long bytes);
bool Counts(std::string_view path);
[[noreturn]] void Die();

}  // namespace entente::fault
