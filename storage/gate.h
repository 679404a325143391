#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace entente::storage {

// Lets any number of visitors in, also nested ones of one thread, or shuts all out for as long as something behind it is
// replaced. Safe from any thread.
class Gate {
 public:
  // Inside for as long as this lives. Waits while the gate is shut.
  class Visit {
   public:
    explicit Visit(Gate& gate) : gate_(&gate) {
      std::unique_lock lock(gate.mutex_);
      gate.opened_.wait(lock, [&] { return !gate.shut_; });
      ++gate.inside_;
    }
    Visit(Visit&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Visit& operator=(Visit&&) = delete;
    ~Visit() {
      if (gate_ == nullptr) return;
      std::lock_guard lock(gate_->mutex_);
      --gate_->inside_;
    }

   private:
    Gate* gate_;
  };

  // False, and nothing changed, when somebody is inside: a visitor may wait for what its caller holds.
  bool TryShut() {
    std::lock_guard lock(mutex_);
    if (inside_ != 0 || shut_) return false;
    shut_ = true;
    return true;
  }
  void Open() {
    {
      std::lock_guard lock(mutex_);
      shut_ = false;
    }
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  size_t inside_ = 0;
  bool shut_ = false;
};

}  // namespace entente::storage
