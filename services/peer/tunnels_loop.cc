// The tunnels' thread.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "services/peer/tunnels.h"

namespace entente::peer {
namespace {

using Clk = std::chrono::steady_clock;
using State = Tunnel::State;
constexpr std::chrono::milliseconds kSweep{50};
constexpr int kEventsPerTurn = 64;

std::chrono::nanoseconds ThreadCpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

Tunnel::Ready ReadyFrom(uint32_t events, bool grpc) {
  const bool in = events & EPOLLIN, out = events & EPOLLOUT, gone = events & (EPOLLHUP | EPOLLERR);
  if (grpc) return {.grpc_in = in, .grpc_out = out, .grpc_gone = gone};
  return {.wire_in = in, .wire_out = out, .wire_gone = gone};
}

bool Shaking(const Tunnel& tunnel) { return tunnel.state() == State::kConnecting || tunnel.state() == State::kShaking; }

}  // namespace

void Tunnels::Loop() {
  Time next_sweep = Clk::now() + kSweep;
  std::array<epoll_event, kEventsPerTurn> events;
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), kEventsPerTurn,
                                 entries_.empty() ? -1 : static_cast<int>(kSweep.count()));
    const Time now = Clk::now();
    cpu_seen_ = ThreadCpu();
    const auto is_wake = [](const epoll_event& event) { return event.data.u64 == kWakeEvent; };
    const bool woken = std::any_of(events.begin(), events.begin() + std::max(count, 0), is_wake);
    // Sessions first; those that shake hands wait where they are and are reported again.
    int handshakes = kHandshakesPerTurn;
    for (const bool shaking : {false, true}) {
      for (int i = 0; i < count; ++i) {
        const uint32_t what = events[i].events;
        const auto found = entries_.find(events[i].data.u64 / 2);
        if (what == 0 || found == entries_.end() || Shaking(*found->second->tunnel) != shaking) continue;
        if (shaking && handshakes-- <= 0) break;
        events[i].events = 0;  // once, also where the state changes
        Turn(*found->second, ReadyFrom(what, events[i].data.u64 % 2 == 1), now);
      }
    }
    if (woken) AdoptNew(now);
    if (now >= next_sweep) {
      Sweep(now);
      next_sweep = now + kSweep;
    }
    std::lock_guard lock(mutex_);
    if (stop_by_ && (entries_.empty() || now >= *stop_by_)) return;
  }
}

void Tunnels::AdoptNew(Time now) {
  uint64_t signals;
  while (read(wake_.get(), &signals, sizeof signals) < 0 && errno == EINTR) {
  }
  std::vector<std::unique_ptr<Entry>> fresh;
  std::set<OrgId> dismissed;
  std::vector<uint64_t> giving_way;
  {
    std::lock_guard lock(mutex_);
    fresh.swap(new_);
    dismissed.swap(dismissed_);
    giving_way.swap(giving_way_);
  }
  for (auto& owned : fresh) {
    Entry& entry = *owned;
    entries_.emplace(entry.id, std::move(owned));
    if (entry.dialled) CutOldest(entry.dialled->expected);
    entry.connect_by = now + limits_.handshake;
    if (entry.dialled && !TryNextAddress(entry, now)) entry.tunnel->Cut();
    Turn(entry, {}, now);
  }
  for (const OrgId& org : dismissed) DismissAll(org, now);
  for (const uint64_t id : giving_way) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) continue;  // over by itself
    const State before = found->second->tunnel->state();
    found->second->tunnel->Cut();
    EndIfOver(*found->second, before, now);
  }
}

void Tunnels::DismissAll(const OrgId& org, Time now) {
  std::vector<uint64_t> ids;
  for (const auto& [id, entry] : entries_) {
    if (entry->org == org) ids.push_back(id);
  }
  for (const uint64_t id : ids) {
    Tunnel& tunnel = *entries_.at(id)->tunnel;
    // One whose certificate was checked and that is not proven yet would be let in by what counted then.
    Shaking(tunnel) && !entries_.at(id)->dialled ? tunnel.Cut() : tunnel.Dismiss(now);
    Turn(*entries_.at(id), {}, now);
  }
}

void Tunnels::Turn(Entry& entry, Tunnel::Ready ready, Time now) {
  const bool shook = Shaking(*entry.tunnel);
  const bool silent = !entry.tunnel->has_spoken();
  entry.tunnel->Advance(ready, now);
  if (silent && entry.place && entry.tunnel->has_spoken()) entry.place->HasSpoken();
  if (shook && entry.tunnel->connect_error() != 0) {
    entry.connect_error = entry.tunnel->connect_error();
    TryNextAddress(entry, now);
  }
  if (shook && !Shaking(*entry.tunnel)) {
    if (!entry.dialled) --shaking_;
    // Asked even where the connection is over by now: it is the handshake that cost. The first bytes came with it and wait
    // for gRPC's socket.
    if (entry.tunnel->handshake() == Handshake::kDone && MayOpen(entry) && entry.tunnel->state() == State::kOpen && Open(entry)) {
      entry.tunnel->Advance({}, now);
    }
    TellOfHandshake(entry);
  }
  Account(entry);
  if (entry.tunnel->state() == State::kOver) {
    Forget(entry);
  } else {
    Watch(entry);
  }
}

void Tunnels::CutOldest(const OrgId& org) {
  Entry* oldest = nullptr;
  size_t count = 0;
  for (auto& [id, entry] : entries_) {
    if (entry->org != org || entry->tunnel->handshake() != Handshake::kDone) continue;  // not proven to be of it
    if (entry->tunnel->state() == State::kOver) continue;
    ++count;
    if (oldest == nullptr || id < oldest->id) oldest = entry.get();
  }
  if (count > kConnectionsPerPeer) oldest->tunnel->Cut();  // the next sweep forgets it
}

void Tunnels::Watch(Entry& entry) {
  const Tunnel::Ready wants = entry.tunnel->Wants();
  WatchOne(entry.tunnel->wire(), entry.wire_fd, entry.wire_watched,
           (wants.wire_in ? EPOLLIN : 0u) | (wants.wire_out ? EPOLLOUT : 0u), 2 * entry.id);
  if (entry.tunnel->grpc_gone()) {
    if (entry.grpc_fd >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry.grpc_fd, nullptr);
    entry.grpc_fd = -1;
  } else if (entry.tunnel->grpc() >= 0) {
    WatchOne(entry.tunnel->grpc(), entry.grpc_fd, entry.grpc_watched,
             (wants.grpc_in ? EPOLLIN : 0u) | (wants.grpc_out ? EPOLLOUT : 0u), 2 * entry.id + 1);
  }
}

void Tunnels::WatchOne(int fd, int& watched_fd, uint32_t& watched, uint32_t wanted, uint64_t event) {
  if (fd == watched_fd && wanted == watched) return;
  epoll_event what{wanted, {.u64 = event}};
  // A socket that was closed left the set by itself, and its number may be in use again.
  if (epoll_ctl(epoll_.get(), fd == watched_fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &what) != 0) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &what);
  }
  watched_fd = fd;
  watched = wanted;
}

void Tunnels::Sweep(Time now) {
  for (const auto& [org, cpu] : std::exchange(unfair_cpu_, {})) hooks_.on_cpu(org, cpu);
  std::vector<uint64_t> ids;
  for (const auto& [id, entry] : entries_) ids.push_back(id);
  for (const uint64_t id : ids) {
    Entry& entry = *entries_.at(id);
    const State before = entry.tunnel->state();
    entry.tunnel->CheckTime(now);
    EndIfOver(entry, before, now);
  }
}

void Tunnels::EndIfOver(Entry& entry, State before, Time now) {
  if (entry.tunnel->state() != State::kOver) return;
  if (before == State::kConnecting && TryNextAddress(entry, now)) return Watch(entry);
  const bool shook = before == State::kConnecting || before == State::kShaking;
  if (shook && !entry.dialled) --shaking_;
  if (shook) TellOfHandshake(entry);
  Account(entry);
  Forget(entry);
}

void Tunnels::Account(Entry& entry) {
  const std::chrono::nanoseconds cpu = ThreadCpu(), spent = cpu - std::exchange(cpu_seen_, cpu);
  const bool proven = entry.org && entry.tunnel->handshake() == Handshake::kDone;
  if (!proven) return;
  const uint64_t plain = entry.tunnel->plain_bytes() - std::exchange(entry.counted_plain, entry.tunnel->plain_bytes());
  if (const auto fair = kFairCpuPerByte * plain; spent > fair) unfair_cpu_[*entry.org] += spent - fair;
  std::lock_guard lock(mutex_);
  TunnelUse& use = uses_[*entry.org];
  use.cpu += spent;
  use.bytes_in += entry.tunnel->bytes_in() - std::exchange(entry.counted_in, entry.tunnel->bytes_in());
  use.bytes_out += entry.tunnel->bytes_out() - std::exchange(entry.counted_out, entry.tunnel->bytes_out());
}

// The tunnel is over: closes both its sockets.
void Tunnels::Forget(Entry& entry) {
  TellOfHandshake(entry);
  {
    std::lock_guard lock(mutex_);
    names_.erase(entry.name);
    if (entry.tunnel->breach()) ++uses_[*entry.org].cuts;
  }
  if (entry.tunnel->breach()) hooks_.on_cut(*entry.org, *entry.tunnel->breach());
  entries_.erase(entry.id);
}

}  // namespace entente::peer
