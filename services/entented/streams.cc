#include "services/entented/streams.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

namespace entente::node {
namespace {

// System calls as such and no checks: neither libraries' wrappers nor sanitizers are ready this early.
__attribute__((no_sanitize("address", "undefined"))) void FillClosed(int, char**, char**) {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (syscall(SYS_fcntl, stream, F_GETFD) >= 0) continue;
    // The lowest free number is this stream's.
    syscall(SYS_openat, AT_FDCWD, "/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
  }
}

// gRPC's initialiser opens descriptors before main, so main is too late.
__attribute__((section(".preinit_array"), used)) void (*const fill_closed)(int, char**, char**) = FillClosed;

}  // namespace

void GuardStreams() {
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace entente::node
