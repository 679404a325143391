#pragma once

#include <algorithm>
#include <chrono>

namespace entente {

// How often a thing may happen: `burst` at once, `per_second` over time. Knows no clock. Not thread-safe.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Rate {
    double burst, per_second;
  };
  static constexpr double kMostDue = 1 << 20;
  TokenBucket(Rate rate, Time now) : rate_(rate), left_(rate.burst), filled_(now) {}
  // False when nothing is left.
  bool Take(Time now) {
    const double filled = left_ + rate_.per_second * std::chrono::duration<double>(now - filled_).count();
    left_ = std::max(left_, std::min(rate_.burst, filled));
    filled_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }
  // What was earned otherwise than by time; never more than the burst is kept.
  void Earn(double tokens) { left_ = std::max(left_, std::min(rate_.burst, left_ + tokens)); }
  // What is due for something of ours, however late it comes: kept beyond the burst, up to kMostDue.
  void Expect(double tokens) { left_ = std::max(left_, std::min(kMostDue, left_ + tokens)); }

 private:
  Rate rate_;
  double left_;
  Time filled_;
};

}  // namespace entente
