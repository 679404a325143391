#include "services/entented/node.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include "base/reject.h"
#include "services/admin/admin_server.h"
#include "services/entented/housekeeping.h"
#include "services/entented/log.h"
#include "services/entented/memory.h"
#include "services/entented/own_groups.h"
#include "services/entented/own_identity.h"
#include "services/entented/peer_options.h"
#include "services/metrics/metrics_server.h"
#include "services/peer/links.h"

namespace entente::node {
namespace {

// Together with what the journal still has to sync they stay under the two seconds that a stop may take.
constexpr absl::Duration kPeerPatience = absl::Milliseconds(800), kCallPatience = absl::Milliseconds(300);
constexpr size_t kMinWorkers = 1, kMaxWorkers = 8;

}  // namespace

// Bottom-up: each member uses only those above it, so the order of destruction is right by itself.
struct Node::Parts {
  explicit Parts(const std::string& folder) : paths(folder) {}
  ~Parts() {
    if (wake >= 0) close(wake);
  }

  NodePaths paths;
  const absl::Time started = absl::Now();
  int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);  // rung when the node must not serve any more
  std::mutex mutex;
  absl::Status broken;  // why it must not; under mutex
  std::atomic<bool> serving{false}, stopped{false};
  policy::Rules rules;
  exchange::Counters counters;
  exchange::GroupEnvelopes group_envelopes;

  std::unique_ptr<OfflineNode> base;
  std::unique_ptr<trust::Directory> directory;
  std::unique_ptr<trust::PrekeyRing> prekeys;
  std::unique_ptr<trust::GroupDirectory> groups;
  std::unique_ptr<exchange::Groups> group_journeys;
  std::unique_ptr<exchange::Publication> publication;
  std::unique_ptr<exchange::Reading> reading;
  std::unique_ptr<peer::Links> links;
  std::unique_ptr<exchange::Admission> admission;
  std::unique_ptr<metrics::MetricsServer> metrics;
  std::unique_ptr<admin::AdminServer> admin;
  std::unique_ptr<Housekeeping> housekeeping;
  std::atomic<peer::Links*> links_now{nullptr};  // for callbacks that may run before these exist
  std::atomic<admin::AdminServer*> admin_now{nullptr};

  exchange::Room room() {
    return {*base->self, *directory, *prekeys, *groups, *base->journal, rules, base->clock, counters, group_envelopes};
  }

  void WakeLinks() {
    if (peer::Links* now = links_now.load()) now->Wake();
  }
  std::vector<v1::PeerStatus> Peers() {
    peer::Links* now = links_now.load();
    return now != nullptr ? now->Status() : std::vector<v1::PeerStatus>();
  }
  void Break(const absl::Status& why) {
    {
      const std::lock_guard lock(mutex);
      if (!broken.ok()) return;
      broken = why;
    }
    LogRefusal(LogLevel::kError, "this node must not serve any more", why);
    const uint64_t ring = 1;
    if (write(wake, &ring, sizeof ring) < 0) Log(LogLevel::kError, "the stop could not be announced");
  }
  absl::Status Broken() {
    const std::lock_guard lock(mutex);
    return broken;
  }
  std::vector<metrics::Check> Checks() {
    const absl::Status up = serving ? absl::OkStatus() : Reject(RejectReason::kUnavailable, "starting or stopping");
    const peer::Links* now = links_now.load();
    return {{"serving", up},
            {"store", base->journal->Health()},
            {"history", Broken()},
            {"listener", now != nullptr ? now->ListenerHealth() : absl::OkStatus()}};
  }
  absl::Status Ready() {
    for (const metrics::Check& check : Checks()) {
      if (!check.status.ok()) return check.status;
    }
    return absl::OkStatus();
  }

  absl::Status Wire();
  absl::Status StartPeers();
  absl::Status StartMetrics();
  absl::Status StartAdmin();
  void StartHousekeeping();
};

absl::Status Node::Parts::Wire() {
  const absl::Time now = base->clock.Now();
  directory = std::make_unique<trust::Directory>(OwnParty(base->config, base->self->org()), base->self->history);
  // One party that does not check is left out, one whose document expired rests; the node and its other parties go on.
  if (absl::Status status = exchange::LoadParties(*base->journal, *directory, now); !status.ok()) {
    LogRefusal(LogLevel::kWarn, "a party on file is left out, or rests until it has a newer document", status);
  }
  prekeys = std::make_unique<trust::PrekeyRing>(*base->self, *base->keystore);
  if (absl::Status status = prekeys->Rotate(now); !status.ok()) return status;
  groups = std::make_unique<trust::GroupDirectory>(*directory, base->self->org(), *prekeys, *base->keystore);
  auto opened = OpenGroups(room(), *base->keystore);
  if (!opened.ok()) return opened.status();
  group_journeys = *std::move(opened);
  group_journeys->OnChange([this] { WakeLinks(); });
  base->journal->OnGroup([this](const storage::JournalHead&) {
    WakeLinks();
    if (admin::AdminServer* server = admin_now.load()) server->NotifyGroup();
  });
  publication = std::make_unique<exchange::Publication>(room());
  reading = std::make_unique<exchange::Reading>(room());
  admission = std::make_unique<exchange::Admission>(
      room(), std::clamp<size_t>(std::thread::hardware_concurrency(), kMinWorkers, kMaxWorkers));
  return absl::OkStatus();
}

absl::Status Node::Parts::StartPeers() {
  auto started_links = peer::Links::Start(room(), {*admission, *group_journeys}, PeerOptions(base->config),
                                          [this](const absl::Status& why) { Break(why); });
  if (!started_links.ok()) return started_links.status();
  links = *std::move(started_links);
  links_now = links.get();
  links->Wake();
  return absl::OkStatus();
}

absl::Status Node::Parts::StartMetrics() {
  if (base->config.metrics_listen.empty()) return absl::OkStatus();
  metrics::MetricsSources sources{counters,        *base->journal, *directory, [this] { return Checks(); },
                                  ENTENTE_VERSION, started};
  auto server = metrics::MetricsServer::Start(base->config.metrics_listen, std::move(sources));
  if (!server.ok()) return server.status();
  metrics = *std::move(server);
  return absl::OkStatus();
}

absl::Status Node::Parts::StartAdmin() {
  const auto accepted = [this](const v1::PeerRecord& record) {
    Log(LogLevel::kInfo, "party on file",
        {{"peer", record.name()}, {"org", record.org_id()}, {"kind", record.kind()}, {"ceiling", record.ceiling()}});
    WakeLinks();
  };
  admin::AdminSources sources{.room = room(),
                              .publication = *publication,
                              .reading = *reading,
                              .admission = *admission,
                              .groups = *group_journeys,
                              .peers = [this] { return Peers(); },
                              .ready = [this] { return Ready(); },
                              .accepted = accepted,
                              .peer_address = links->address(),
                              .metrics_address = metrics ? metrics->address() : "",
                              .software = ENTENTE_VERSION,
                              .started = started};
  auto server = admin::AdminServer::Start(paths.admin_socket, std::move(sources));
  if (!server.ok()) return server.status();
  admin = *std::move(server);
  admin_now = admin.get();
  return absl::OkStatus();
}

void Node::Parts::StartHousekeeping() {
  housekeeping = std::make_unique<Housekeeping>(
      room(), *group_journeys,
      Housekeeping::Neighbours{.peers = [this] { return Peers(); },
                               .memory_used = MemoryUsed,
                               .on_memory = [this](uint64_t used, uint64_t limit) { links->OnMemory(used, limit); },
                               .memory_limit = LowerLimit(ControlGroupLimit(), base->config.memory_limit_mib << 20)});
  housekeeping->Start();
}

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
  if (stat(parts_->paths.folder.c_str(), &folder) == 0 && (folder.st_mode & 077) != 0) {
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
