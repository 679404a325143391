#include "services/entente/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <vector>

#include "absl/time/clock.h"
#include "base/reject.h"

namespace entente::cli {
namespace {

constexpr absl::Duration kKillPatience = absl::Seconds(5);

std::vector<char*> Arguments(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

absl::StatusOr<std::string> DaemonProgram() {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  if (length <= 0) return Reject(RejectReason::kInternal, "the program's own path cannot be read");
  const std::string path(self, static_cast<size_t>(length));
  const std::string daemon = path.substr(0, path.rfind('/') + 1) + "entented";
  if (access(daemon.c_str(), X_OK) != 0) {
    return Reject(RejectReason::kNotFound, "'" + daemon + "' cannot be run: " + std::strerror(errno) +
                                               "; entente and entented belong into one folder");
  }
  return daemon;
}

absl::Status ExecDaemon(const std::string& folder, const std::string& passphrase_file) {
  const auto daemon = DaemonProgram();
  if (!daemon.ok()) return daemon.status();
  std::vector<std::string> words = {*daemon, "--node", folder};
  if (!passphrase_file.empty()) words.insert(words.end(), {"--passphrase-file", passphrase_file});
  execv(daemon->c_str(), Arguments(words).data());
  return Reject(RejectReason::kInternal, "'" + *daemon + "' could not be started: " + std::strerror(errno));
}

absl::StatusOr<pid_t> SpawnDaemon(const std::string& folder, const std::string& log) {
  const auto daemon = DaemonProgram();
  if (!daemon.ok()) return daemon.status();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Its own session: a closed terminal or Ctrl-C in this one must not end it. No signal stays blocked or ignored.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words = {*daemon, "--node", folder};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, daemon->c_str(), &files, &attributes, Arguments(words).data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return Reject(RejectReason::kInternal, "'" + *daemon + "' could not be started: " + std::strerror(error));
  }
  return pid;
}

bool Runs(pid_t pid) {
  if (pid <= 0) return false;
  waitpid(pid, nullptr, WNOHANG);
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return false;
  const size_t name_end = line.rfind(')');  // the name itself may hold anything
  return name_end != std::string::npos && name_end + 2 < line.size() && line[name_end + 2] != 'Z' &&
         line[name_end + 2] != 'X';
}

absl::StatusOr<bool> EndProcess(pid_t pid, absl::Duration patience) {
  kill(pid, SIGTERM);
  if (WaitUntil(patience, [pid] { return !Runs(pid); })) return true;
  kill(pid, SIGKILL);
  if (WaitUntil(kKillPatience, [pid] { return !Runs(pid); })) return false;
  return Reject(RejectReason::kUnavailable, "process " + std::to_string(pid) + " could not be ended");
}

bool PortIsFree(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return free;
}

bool WaitUntil(absl::Duration patience, const std::function<bool()>& done) {
  const absl::Time end = absl::Now() + patience;
  while (!done()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

}  // namespace entente::cli
