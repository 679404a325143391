#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace entente::storage {

// Lets any number of visitors in, also nested ones of one thread, or shuts all out for as long as something behind it is
// replaced. Safe from any thread.
class Gate {
 public:
  // Inside for as long as this lives. Waits while the gate is shut or about to be; a thread that is inside never waits.
  class Visit {
   public:
    explicit Visit(Gate& gate) : gate_(&gate), thread_(std::this_thread::get_id()) { gate.Enter(thread_); }
    Visit(Visit&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), thread_(other.thread_) {}
    Visit& operator=(Visit&&) = delete;
    ~Visit() {
      if (gate_ != nullptr) gate_->Leave(thread_);
    }

   private:
    Gate* gate_;
    std::thread::id thread_;  // which came in: it may be another that leaves
  };

  // Keeps new visitors waiting for at most `patience` while those inside leave. False, and the gate is open again, when
  // somebody stayed: a visitor may wait for what its caller holds.
  bool TryShut(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (shut_) return false;
    shut_ = true;
    if (left_.wait_for(lock, patience, [this] { return inside_.empty(); })) return true;
    shut_ = false;
    opened_.notify_all();
    return false;
  }
  void Open() {
    std::lock_guard lock(mutex_);
    shut_ = false;
    opened_.notify_all();
  }

 private:
  struct Inside {
    std::thread::id thread;
    size_t visits;
  };
  std::vector<Inside>::iterator Find(std::thread::id thread) {
    return std::find_if(inside_.begin(), inside_.end(), [&](const Inside& one) { return one.thread == thread; });
  }
  void Enter(std::thread::id thread) {
    std::unique_lock lock(mutex_);
    if (const auto own = Find(thread); own != inside_.end()) {
      ++own->visits;
      return;
    }
    opened_.wait(lock, [this] { return !shut_; });
    inside_.push_back({thread, 1});
  }
  void Leave(std::thread::id thread) {
    std::lock_guard lock(mutex_);
    const auto own = Find(thread);
    if (--own->visits != 0) return;
    inside_.erase(own);
    if (shut_ && inside_.empty()) left_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable opened_, left_;
  std::vector<Inside> inside_;  // a handful of threads
  bool shut_ = false;
};

}  // namespace entente::storage
