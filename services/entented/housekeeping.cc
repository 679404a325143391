#include "services/entented/housekeeping.h"

#include <chrono>
#include <utility>

#include "services/entented/log.h"
#include "services/entented/memory.h"
#include "services/peer/shedding.h"

namespace entente::node {

Housekeeping::Housekeeping(exchange::Room room, exchange::Groups& groups, Neighbours neighbours)
    : room_(room), groups_(groups), neighbours_(std::move(neighbours)) {}

void Housekeeping::Start() {
  thread_ = std::thread([this] { Run(); });
}

Housekeeping::~Housekeeping() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Housekeeping::Run() {
  using std::chrono::steady_clock;
  auto rotate_at = steady_clock::now() + absl::ToChronoSeconds(kRotate);
  auto look_at = steady_clock::now() + absl::ToChronoSeconds(kLook);
  auto groups_at = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, absl::ToChronoSeconds(kWatch), [this] { return stopping_; })) {
    lock.unlock();
    WatchMemory();
    if (groups_.DutiesWait() || steady_clock::now() >= groups_at) {
      LookAfterGroups();
      groups_at = steady_clock::now() + absl::ToChronoSeconds(kGroups);
    }
    if (steady_clock::now() >= look_at) {
      Look();
      look_at = steady_clock::now() + absl::ToChronoSeconds(kLook);
    }
    if (steady_clock::now() >= rotate_at) {
      Rotate();
      rotate_at = steady_clock::now() + absl::ToChronoSeconds(kRotate);
    }
    lock.lock();
  }
}

void Housekeeping::Look() {
  LookAtStore();
  LookAtPeers();
  LookAtRefusals();
  LookAtHandshakes();
  LookAtBudgets();
  LookAtListener();
  LookAtCuts();
}

void Housekeeping::Rotate() {
  const absl::Status status = room_.prekeys.Rotate(room_.clock.Now());
  if (!status.ok()) LogRefusal(LogLevel::kError, "prekeys could not be rotated", status);
}

// A problem that stays is told once, not every minute.
void Housekeeping::LookAfterGroups() {
  const absl::Status status = groups_.DoDuties();
  const RejectReason before = std::exchange(group_problem_, ReasonOf(status));
  if (!status.ok() && before != group_problem_)
    LogRefusal(LogLevel::kWarn, "something of a group could not be done", status);
}

void Housekeeping::LookAtStore() {
  const absl::Status status = room_.journal.Health();
  if (status.ok() == store_ok_) return;
  store_ok_ = status.ok();
  if (store_ok_) {
    Log(LogLevel::kInfo, "the store takes in records again");
  } else {
    LogRefusal(LogLevel::kError, "the store takes in no more records", status);
  }
}

void Housekeeping::LookAtPeers() {
  for (const v1::PeerStatus& peer : neighbours_.peers()) {
    std::string& known = states_[peer.name()];
    if (known == peer.state()) continue;
    known = peer.state();
    Log(peer.state() == "refused" || peer.state() == "over budget" ? LogLevel::kWarn : LogLevel::kInfo, "session",
        {{"peer", peer.name()}, {"state", peer.state()}, {"detail", peer.detail()}});
  }
}

void Housekeeping::LookAtRefusals() {
  for (const RejectEntry& info : AllRejectReasons()) {
    const uint64_t now = room_.counters.Rejects(info.reason);
    uint64_t& before = refusals_[static_cast<size_t>(info.reason)];
    if (now > before) {
      Log(LogLevel::kWarn, "refused",
          {{"count", std::to_string(now - before)},
           {"reason", std::string(info.name)},
           {"code", std::string(info.code)}});
    }
    before = now;
  }
}

void Housekeeping::LookAtHandshakes() {
  for (size_t i = 0; i < handshakes_.size(); ++i) {
    const auto why = static_cast<exchange::HandshakeRefusal>(i);
    const uint64_t now = room_.counters.Handshakes(why), before = std::exchange(handshakes_[i], now);
    if (now == before) continue;
    Log(LogLevel::kWarn, "handshake refused",
        {{"count", std::to_string(now - before)}, {"why", std::string(exchange::Counters::Name(why))}});
  }
}

void Housekeeping::LookAtBudgets() {
  for (const auto& party : room_.directory.All()) {
    const exchange::PeerCounters& counters = room_.counters.Peer(party->party.org);
    auto& known = breaches_[party->party.name];
    for (size_t i = 0; i < known.size(); ++i) {
      const uint64_t now = counters.over_budget[i], before = std::exchange(known[i], now);
      if (now == before) continue;
      Log(LogLevel::kWarn, "peer over budget",
          {{"peer", party->party.name},
           {"budget", std::string(exchange::Counters::Name(static_cast<exchange::Budget>(i)))},
           {"count", std::to_string(now - before)}});
    }
  }
}

void Housekeeping::LookAtListener() {
  const uint64_t now = room_.counters.ListenerRestarts(), before = std::exchange(restarts_, now);
  if (now == before) return;
  Log(LogLevel::kError, "the peer port did not answer and was opened again", {{"count", std::to_string(now - before)}});
}

void Housekeeping::WatchMemory() {
  const uint64_t limit = neighbours_.memory_limit;
  uint64_t used = neighbours_.memory_used();
  const auto near = [&] { return static_cast<double>(used) >= peer::kShedAt * static_cast<double>(limit); };
  if (limit != 0 && near()) {
    TrimMemory();
    used = neighbours_.memory_used();
  }
  const bool is_short = limit != 0 && near();
  if (std::exchange(short_of_memory_, is_short) != is_short) {
    Log(is_short ? LogLevel::kWarn : LogLevel::kInfo, is_short ? "memory is short" : "memory is enough again",
        {{"used", std::to_string(used)}, {"limit", std::to_string(limit)}});
  }
  room_.counters.NoteMemory(used, limit);
  neighbours_.on_memory(used, limit);
}

void Housekeeping::LookAtCuts() {
  for (const auto& accepted : room_.directory.All()) {
    const exchange::PeerCounters& peer = room_.counters.Peer(accepted->party.org);
    const uint64_t now = peer.cuts, before = std::exchange(cuts_[accepted->party.name], now);
    if (now == before) continue;
    Log(LogLevel::kWarn, "peer cut off",
        {{"peer", accepted->party.name}, {"count", std::to_string(now - before)}, {"over", peer.last_cut.load()}});
  }
}

}  // namespace entente::node
