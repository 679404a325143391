#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>

#include "services/entented/log.h"
#include "services/entented/node.h"

namespace entente::node {
namespace {

// Keys live in this process: no core file, no debugger of another process of the same user, no file that others may
// read. Signals are taken by Node::Run alone; every later thread inherits the mask.
void Harden() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  umask(077);
  mallopt(M_ARENA_MAX, 2);  // each arena keeps freed memory; with one per thread the daemon never gives any back
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int Refused(const absl::Status& status) {
  std::fprintf(stderr, "entented: %s\n", OneLine(status).c_str());
  return 1;
}

}  // namespace

std::string VersionLine() {
  return "entented " ENTENTE_VERSION;
}

int RunDaemon(const std::string& folder, const std::string& passphrase_file) {
  Harden();
  const auto node = Node::Open(folder, passphrase_file);
  if (!node.ok()) return Refused(node.status());
  if (const absl::Status status = (*node)->Start(); !status.ok()) {
    LogRefusal(LogLevel::kError, "the node could not start", status);
    return Refused(status);
  }
  const absl::Status ended = (*node)->Run();
  (*node)->Stop();
  return ended.ok() ? 0 : Refused(ended);
}

}  // namespace entente::node
