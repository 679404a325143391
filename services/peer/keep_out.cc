// Peers that cost too much: asked before a connection, cut when it is known, the worst one shed when memory is short.
#include <chrono>
#include <utility>

#include "services/peer/peer_links.h"

namespace entente::peer {
namespace {

using Clk = std::chrono::steady_clock;
using exchange::Budget;

}  // namespace

absl::Status PeerLinks::MayConnect(const OrgId& org) {
  const SteadyTime now = Clk::now();
  std::shared_ptr<PeerBudget> budget;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return Reject(RejectReason::kUnavailable, "this node is stopping");
    budget = StateOf(org).budget;
  }
  if (absl::Status spent = budget->Spend(Budget::kHandshakes, 1, now); !spent.ok()) {
    std::lock_guard lock(mutex_);
    CutLocked(org, spent);
    return spent;
  }
  if (absl::Status may = budget->MayConnect(now); !may.ok()) return may;
  if (shedding_.refuses()) return Reject(RejectReason::kUnavailable, "memory is short here; sessions begin later");
  return absl::OkStatus();
}

void PeerLinks::OnCut(const OrgId& org, const Http2Breach& breach) {
  room_.counters.CountReject(exchange::Door::kPeer, breach.reason);
  exchange::PeerCounters& counters = room_.counters.Peer(org);
  counters.last_cut = breach.what.data();
  ++counters.cuts;
  if (!breach.deliberate) return;  // else whoever holds packets up could keep two honest peers apart
  std::lock_guard lock(mutex_);
  CutLocked(org, StateOf(org).budget->Breach(Budget::kHttp2, Clk::now(), breach.what));
}

void PeerLinks::OnCpu(const OrgId& org, std::chrono::nanoseconds cpu) {
  exchange::PeerCounters& counters = room_.counters.Peer(org);
  counters.cpu_ns += static_cast<uint64_t>(cpu.count());
  counters.fruitless_cpu_ns += static_cast<uint64_t>(cpu.count());
  std::lock_guard lock(mutex_);
  const absl::Status spent = StateOf(org).budget->SpendCpu(Clk::now());
  if (spent.ok()) return;
  room_.counters.CountReject(exchange::Door::kPeer, RejectReason::kBudget);
  CutLocked(org, spent);
}

void PeerLinks::CutLocked(const OrgId& org, const absl::Status& why) {
  for (const OpenSession& open : open_) {
    if (open.session->peer() == org) open.session->Cut(why);
  }
  tunnels_->CutAll(org);
}

void PeerLinks::OnMemory(uint64_t used, uint64_t limit) {
  std::lock_guard lock(mutex_);
  std::vector<Burden> burdens;
  for (auto& [org, state] : peers_) {
    const uint64_t received = room_.counters.Peer(org).bytes_received;
    state.recent = state.recent / 2 + received - std::exchange(state.received_before, received);
    Burden burden{org, 0, state.recent};
    bool connected = false;
    for (const OpenSession& open : open_) {
      if (open.ended || open.session->peer() != org) continue;
      connected = true;
      burden.held += open.session->held_bytes();
    }
    if (connected) burdens.push_back(burden);
  }
  const std::optional<OrgId> worst = shedding_.Look(used, limit, burdens, Clk::now());
  if (!worst) return;
  room_.counters.CountReject(exchange::Door::kPeer, RejectReason::kBudget);
  CutLocked(*worst, StateOf(*worst).budget->Breach(Budget::kMemory, Clk::now()));
}

}  // namespace entente::peer
