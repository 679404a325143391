#include <algorithm>
#include <thread>

#include "services/entented/memory.h"
#include "services/entented/node_parts.h"
#include "services/entented/own_groups.h"
#include "services/entented/own_identity.h"
#include "services/entented/peer_options.h"
#include "services/entented/config_seats.h"
#include "services/entented/warning_lists.h"

namespace entente::node {
namespace {

constexpr size_t kMinWorkers = 1, kMaxWorkers = 8;

}  // namespace

absl::Status Node::Parts::Wire() {
  const absl::Time now = base->clock.Now();
  auto lists = LoadWarningLists(paths.warning_lists);
  if (!lists.ok()) return lists.status();
  warning_lists = *std::move(lists);
  auto file = LoadSeats(paths.seats);
  if (!file.ok()) return file.status();
  if (*file) seats = (*file)->seats;
  if (*file) socket_group = (*file)->socket_group;
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
  rule_changes = std::make_unique<exchange::RuleChanges>(room(), rules);
  if (absl::Status status = rule_changes->Load(); !status.ok()) return status;
  base->journal->OnGroup([this](const storage::JournalHead&) {
    WakeLinks();
    if (admin::AdminServer* server = admin_now.load()) server->NotifyGroup();
  });
  publication = std::make_unique<exchange::Publication>(room());
  drafts = std::make_unique<exchange::Drafts>(room(), *publication);
  if (absl::Status status = drafts->Load(); !status.ok()) return status;
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
  const auto ruled = [this](const v1::PolicyReply& reply) {
    Log(LogLevel::kInfo, "local rules changed",
        {{"in_force", std::to_string(reply.in_force().number())},
         {"rules", std::to_string(reply.in_force().rules())},
         {"shadow", reply.has_shadow() ? std::to_string(reply.shadow().rules()) : "none"}});
    WakeLinks();
  };
  admin::AdminSources sources{.room = room(),
                              .publication = *publication,
                              .admission = *admission,
                              .groups = *group_journeys,
                              .rules = *rule_changes,
                              .drafts = *drafts,
                              .peers = [this] { return Peers(); },
                              .ready = [this] { return Ready(); },
                              .accepted = accepted,
                              .ruled = ruled,
                              .peer_address = links->address(),
                              .metrics_address = metrics ? metrics->address() : "",
                              .software = ENTENTE_VERSION,
                              .started = started,
                              .socket_group = socket_group};
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

}  // namespace entente::node
