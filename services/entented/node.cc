#include "services/entented/node.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "services/entented/node_parts.h"

namespace entente::node {
namespace {

// Together with what the journal still has to sync they stay under the two seconds that a stop may take.
constexpr absl::Duration kPeerPatience = absl::Milliseconds(800), kCallPatience = absl::Milliseconds(300);

}  // namespace

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Node::~Node() { Stop(); }

absl::StatusOr<std::unique_ptr<Node>> Node::Open(const std::string& folder, const std::string& passphrase_file) {
  auto parts = std::make_unique<Parts>(folder);
  if (parts->wake < 0) return Reject(RejectReason::kStoreIo, "no file descriptor left for this process");
  auto base = OpenOffline(folder, passphrase_file);
  if (!base.ok()) return base.status();
  parts->base = *std::move(base);
  // Only now: before the store's lock was held, the log belonged to whoever held it.
  if (absl::Status status = StartLog(parts->paths.log, parts->base->config.log_level); !status.ok()) return status;
  if (absl::Status status = parts->Wire(); !status.ok()) return status;
  return std::unique_ptr<Node>(new Node(std::move(parts)));
}

absl::Status Node::Start() {
  struct stat folder {};
  if (stat(parts_->paths.folder.c_str(), &folder) == 0 && (folder.st_mode & (parts_->socket_group ? 067 : 077)) != 0) {
    Log(LogLevel::kWarn, "the node's folder is open to other users; restrict it with chmod 700");
  }
  if (absl::Status status = parts_->StartPeers(); !status.ok()) return status;
  if (absl::Status status = parts_->StartMetrics(); !status.ok()) return status;
  parts_->serving = true;
  if (absl::Status status = parts_->StartAdmin(); !status.ok()) return status;
  parts_->StartHousekeeping();
  if (const std::string_view found = parts_->base->journal->FoundAtOpen(); !found.empty()) {
    Log(LogLevel::kWarn, found);
  }
  Log(LogLevel::kInfo, "ready",
      {{"name", parts_->base->config.name},
       {"version", ENTENTE_VERSION},
       {"pid", std::to_string(getpid())},
       {"peers", parts_->links->address()},
       {"metrics", parts_->metrics ? parts_->metrics->address() : "off"},
       {"records", std::to_string(parts_->base->journal->Head().sequence)}});
  return absl::OkStatus();
}

absl::Status Node::Run() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  if (signal_fd < 0) return Reject(RejectReason::kStoreIo, "no file descriptor left to wait for signals with");
  pollfd watched[] = {{signal_fd, POLLIN, 0}, {parts_->wake, POLLIN, 0}};
  while (poll(watched, std::size(watched), -1) < 0 && errno == EINTR) {
  }
  close(signal_fd);
  return parts_->Broken();
}

void Node::Stop() {
  if (parts_->stopped.exchange(true)) return;
  Parts& parts = *parts_;
  Log(LogLevel::kInfo, "stopping");
  parts.serving = false;
  parts.housekeeping.reset();
  if (parts.links) parts.links->Stop(kPeerPatience);
  if (parts.admin) parts.admin->Stop(kCallPatience);
  // What was submitted is committed and answered while sessions still exist; then nobody writes any more.
  parts.admission.reset();
  parts.base->journal->Stop();
  if (parts.metrics) parts.metrics->Stop();
  Log(LogLevel::kInfo, "stopped", {{"records", std::to_string(parts.base->journal->Head().sequence)}});
}

}  // namespace entente::node
