#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/reject.h"
#include "services/admin/admin_server.h"
#include "services/entented/housekeeping.h"
#include "services/entented/log.h"
#include "services/entented/node.h"
#include "services/metrics/metrics_server.h"
#include "services/peer/links.h"

// Private to node: what a running node is made of, and how it comes up (node_start.cc).
namespace entente::node {

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
  exchange::RuleBook rules;
  std::vector<model::WarningList> warning_lists;
  std::optional<exchange::Seats> seats;
  std::optional<gid_t> socket_group;
  exchange::Counters counters;
  exchange::GroupEnvelopes group_envelopes;

  std::unique_ptr<OfflineNode> base;
  std::unique_ptr<trust::Directory> directory;
  std::unique_ptr<trust::PrekeyRing> prekeys;
  std::unique_ptr<trust::GroupDirectory> groups;
  std::unique_ptr<exchange::Groups> group_journeys;
  std::unique_ptr<exchange::RuleChanges> rule_changes;
  std::unique_ptr<exchange::Publication> publication;
  std::unique_ptr<exchange::Drafts> drafts;
  std::unique_ptr<peer::Links> links;
  std::unique_ptr<exchange::Admission> admission;
  std::unique_ptr<metrics::MetricsServer> metrics;
  std::unique_ptr<admin::AdminServer> admin;
  std::unique_ptr<Housekeeping> housekeeping;
  std::atomic<peer::Links*> links_now{nullptr};  // for callbacks that may run before these exist
  std::atomic<admin::AdminServer*> admin_now{nullptr};

  exchange::Room room() {
    return {*base->self, *directory, *prekeys, *groups, *base->journal, rules, base->clock, counters, group_envelopes,
            warning_lists, seats ? &*seats : nullptr};
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

}  // namespace entente::node
