#include "services/entented/housekeeping.h"

#include <chrono>
#include <utility>

#include "services/entented/log.h"

namespace entente::node {

Housekeeping::Housekeeping(exchange::Room room, std::function<std::vector<v1::PeerStatus>()> peers)
    : room_(room), peers_(std::move(peers)) {}

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
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, absl::ToChronoSeconds(kLook), [this] { return stopping_; })) {
    lock.unlock();
    Look();
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
  LookAtCuts();
}

void Housekeeping::Rotate() {
  const absl::Status status = room_.prekeys.Rotate(room_.clock.Now());
  if (!status.ok()) LogRefusal(LogLevel::kError, "prekeys could not be rotated", status);
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
  for (const v1::PeerStatus& peer : peers_()) {
    std::string& known = states_[peer.name()];
    if (known == peer.state()) continue;
    known = peer.state();
    Log(peer.state() == "refused" ? LogLevel::kWarn : LogLevel::kInfo, "session",
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
