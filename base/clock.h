#pragma once

#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace entente {

// Wall time, for everything that is signed, stored or shown. Timers and time-outs use std::chrono::steady_clock.
// Safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

// How far another node's clock may be off before what it signed counts as from the future.
inline constexpr absl::Duration kClockSkew = absl::Minutes(10);
// The latest time that a message may name: the end of the year 9999.
inline constexpr int64_t kMaxTimeUs = 253'402'300'799'999'999;

}  // namespace entente
