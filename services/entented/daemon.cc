#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "services/entented/harden.h"
#include "services/entented/log.h"
#include "services/entented/node.h"

namespace entente::node {
namespace {

// Signals are taken by Node::Run alone; every later thread inherits the mask.
void Prepare() {
  HardenProcess();
  mallopt(M_ARENA_MAX, 2);  // each arena keeps freed memory; with one per thread the daemon never gives any back
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// The last line that a person sees. Where nobody watches, stderr has JSON lines only, and the log has told it.
int Refused(const absl::Status& status) {
  if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "entented: %s\n", OneLine(status).c_str());
  return 1;
}

}  // namespace

std::string VersionLine() {
  return "entented " ENTENTE_VERSION;
}

int RunDaemon(const std::string& folder, const std::string& passphrase_file) {
  Prepare();
  const auto node = Node::Open(folder, passphrase_file);
  if (!node.ok()) {
    if (isatty(STDERR_FILENO) != 1) LogRefusal(LogLevel::kError, "the node could not start", node.status());
    return Refused(node.status());
  }
  if (const absl::Status status = (*node)->Start(); !status.ok()) {
    LogRefusal(LogLevel::kError, "the node could not start", status);
    return Refused(status);
  }
  const absl::Status ended = (*node)->Run();
  (*node)->Stop();
  return ended.ok() ? 0 : Refused(ended);
}

}  // namespace entente::node
