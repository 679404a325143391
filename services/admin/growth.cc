#include <chrono>

#include "services/admin/calls.h"

namespace entente::admin {

void Growth::Notify() {
  const std::lock_guard lock(mutex_);
  ++groups_;
  changed_.notify_all();
}

void Growth::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool Growth::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

uint64_t Growth::now() const {
  const std::lock_guard lock(mutex_);
  return groups_;
}

void Growth::WaitBeyond(uint64_t seen) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(1), [&] { return stopped_ || groups_ > seen; });
}

}  // namespace entente::admin
