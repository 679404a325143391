#include "services/peer/dialler.h"

#include <algorithm>

namespace entente::peer {

SteadyTime DialSchedule::due() const {
  if (goes_first_ || dialled_last_) return not_before_;
  return std::max(not_before_, idle_since_ + kSecondDialler);
}

void DialSchedule::Ended(SteadyTime now, bool dialled, bool served, std::chrono::steady_clock::duration lived) {
  if (served) {
    dialled_last_ = dialled;
    idle_since_ = served_until_ = now;
    if (lived >= kSettled) failures_ = 0;
  }
  const bool recent = served_until_ != SteadyTime::min() && now - served_until_ < kRecently;
  const std::chrono::milliseconds cap = recent ? kRecentBackoff : kMaxBackoff;
  constexpr int kDoublings = 6;  // 100 ms << 6 is over every cap
  const std::chrono::milliseconds wait = std::min(cap, kFirstBackoff * (1 << std::min(failures_, kDoublings)));
  ++failures_;
  const double jitter = absl::Uniform(random_, 0.75, 1.25);
  not_before_ = now + std::chrono::duration_cast<std::chrono::milliseconds>(wait * jitter);
}

bool SessionBudget::Take(SteadyTime now) {
  const auto refills = (now - refilled_) / kSessionRefill;
  refilled_ += refills * kSessionRefill;
  left_ = static_cast<int>(std::min<int64_t>(kSessionBurst, left_ + refills));
  if (left_ == 0) return false;
  --left_;
  return true;
}

}  // namespace entente::peer
