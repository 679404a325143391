#include "exchange/refusal_pace.h"

#include <algorithm>
#include <utility>

namespace entente::exchange {

bool RefusalPace::MayTry(absl::Time now) {
  std::lock_guard lock(mutex_);
  // A time further away than any wait was set by a clock that has been put right since.
  const bool wrong = next_round_ != absl::InfiniteFuture() && next_round_ - now > kLongestWait;
  if (now >= next_round_ || wrong) {
    doublings_ = refused_ ? doublings_ + 1 : 0;
    refused_ = came_around_ = retried_all_ = false;
    began_behind_ = retry_behind_;
    refusals_left_ = kRefusalsPerRound;
    retries_left_ = kRetriesPerRound;
    next_round_ = absl::InfiniteFuture();
  }
  return refusals_left_ > 0;
}

void RefusalPace::Arm(absl::Time now) {
  constexpr int kMostDoublings = 6;  // 64 minutes are over the longest wait
  if (next_round_ != absl::InfiniteFuture()) return;
  next_round_ = now + std::min(kLongestWait, kFirstWait * (1 << std::min(doublings_, kMostDoublings)));
}

void RefusalPace::Refused(absl::Time now) {
  std::lock_guard lock(mutex_);
  refused_ = true;
  refusals_left_ = std::max(0, refusals_left_ - 1);
  Arm(now);
}

void RefusalPace::Unanswered(absl::Time now) {
  std::lock_guard lock(mutex_);
  refused_ = true;
  refusals_left_ = 0;
  Arm(now);
}

void RefusalPace::Held(absl::Time now) {
  std::lock_guard lock(mutex_);
  Arm(now);
}

std::optional<uint64_t> RefusalPace::RetryBehind() const {
  std::lock_guard lock(mutex_);
  if (retries_left_ == 0 || retried_all_) return std::nullopt;
  return retry_behind_;
}

// The next round is set here too: a session may end before the answer comes.
bool RefusalPace::Retry(uint64_t seq, absl::Time now) {
  std::lock_guard lock(mutex_);
  retried_all_ = came_around_ && seq > began_behind_;
  if (retried_all_) return false;
  --retries_left_;
  retry_behind_ = seq;
  Arm(now);
  return true;
}

void RefusalPace::NoMoreBehind() {
  std::lock_guard lock(mutex_);
  retried_all_ = std::exchange(came_around_, true) || began_behind_ == 0;
  retry_behind_ = 0;
}

void RefusalPace::RetryAccepted() {
  std::lock_guard lock(mutex_);
  retries_left_ = std::min(kRetriesPerRound, retries_left_ + 1);
}

absl::Time RefusalPace::NextRound() const {
  std::lock_guard lock(mutex_);
  return next_round_;
}

bool RefusalPace::Spent() const {
  std::lock_guard lock(mutex_);
  return refusals_left_ == 0;
}

}  // namespace entente::exchange
