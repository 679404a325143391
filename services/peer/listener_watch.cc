#include "services/peer/listener_watch.h"

#include <utility>

#include "base/reject.h"

namespace entente::peer {

absl::StatusOr<std::unique_ptr<ListenerWatch>> ListenerWatch::Start(const std::string& address, Open open,
                                                                    std::function<void()> on_restart,
                                                                    std::chrono::milliseconds interval,
                                                                    std::chrono::milliseconds patience) {
  std::unique_ptr<ListenerWatch> out(new ListenerWatch(std::move(open), std::move(on_restart), interval, patience));
  absl::StatusOr<std::unique_ptr<Listener>> first = out->open_(address, nullptr);
  if (!first.ok()) return first.status();
  out->listener_ = *std::move(first);
  out->address_ = out->listener_->address();
  out->thread_ = std::thread([watch = out.get()] { watch->Run(); });
  return out;
}

std::shared_ptr<Listener> ListenerWatch::Current() const {
  std::lock_guard lock(mutex_);
  return listener_;
}

absl::Status ListenerWatch::Health() const {
  std::lock_guard lock(mutex_);
  if (misses_ == 0) return absl::OkStatus();
  return Reject(RejectReason::kUnavailable, "the peer port does not answer; it is opened again by itself");
}

void ListenerWatch::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (const auto now = Current()) now->Stop();
  if (thread_.joinable()) thread_.join();
  if (const auto now = Current()) now->Stop();  // the thread may just have opened another one
  stuck_.reset();
}

void ListenerWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

void ListenerWatch::Look() {
  if (Probe()) return;
  bool restart;
  {
    std::lock_guard lock(mutex_);
    restart = !stopping_ && ++misses_ >= kProbeMisses;
  }
  if (!restart) return;
  Restart();
  Probe();
}

bool ListenerWatch::Probe() {
  const std::optional<bool> taken = Current()->Probe(patience_);
  if (!taken.value_or(true)) return false;
  std::lock_guard lock(mutex_);
  if (taken) misses_ = 0;
  return true;
}

void ListenerWatch::Restart() {
  const std::shared_ptr<Listener> old = Current();
  const bool ended = old->Retire(patience_);
  if (!ended && stuck_) return;
  absl::StatusOr<std::unique_ptr<Listener>> fresh = open_(address_, ended ? old.get() : nullptr);
  if (!fresh.ok()) return;  // somebody else may have the port for a moment; the next look tries again
  if (!ended) stuck_ = old;
  {
    std::lock_guard lock(mutex_);
    listener_ = *std::move(fresh);
  }
  on_restart_();
}

}  // namespace entente::peer
