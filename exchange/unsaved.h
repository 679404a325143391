#pragma once

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "exchange/delivery.h"

namespace entente::exchange {

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// What the journal has not been told yet. Shared with commits, which may outlive their Delivery.
class Delivery::Unsaved {
 public:
  bool empty() const {
    std::lock_guard lock(mutex_);
    return step_.empty();
  }
  // True when it has entries that were refused, or wait for another reason.
  bool Holds() const {
    std::lock_guard lock(mutex_);
    return !step_.held.empty();
  }
  // Its head is newer than any before it.
  void Add(const storage::DeliveryStep& more) {
    std::lock_guard lock(mutex_);
    if (more.head) step_.head = more.head;
    Merge(more);
  }
  // True when a commit must be queued for it; one that is queued already will take all.
  bool Queue() {
    std::lock_guard lock(mutex_);
    return !step_.empty() && !std::exchange(queued_, true);
  }
  storage::DeliveryStep Take() {
    std::lock_guard lock(mutex_);
    queued_ = false;
    return std::exchange(step_, {});
  }
  void PutBack(const storage::DeliveryStep& step) {
    std::lock_guard lock(mutex_);
    Merge(step);
  }
  void Dropped() {
    std::lock_guard lock(mutex_);
    queued_ = false;
  }

 private:
  // The order in which steps merge does not matter, but for the head.
  void Merge(const storage::DeliveryStep& more) {
    step_.position = std::max(step_.position, more.position);
    step_.given_up += more.given_up;
    if (!step_.head) step_.head = more.head;
    Append(step_.held, more.held);
    Append(step_.settled, more.settled);
    Append(step_.released, more.released);
  }
  mutable std::mutex mutex_;
  storage::DeliveryStep step_;
  bool queued_ = false;
};

}  // namespace entente::exchange
