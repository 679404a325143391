#pragma once

#include <chrono>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace entente::peer {

inline constexpr std::chrono::milliseconds kSecondDialler{2000};
inline constexpr std::chrono::milliseconds kFirstBackoff{100}, kRecentBackoff{500}, kMaxBackoff{5000};
inline constexpr std::chrono::seconds kSettled{10}, kRecently{30};
inline constexpr std::chrono::seconds kCollision{1};
inline constexpr size_t kMaxWaitingSessions = 4;
inline constexpr int kSessionBurst = 20;
inline constexpr std::chrono::milliseconds kSessionRefill{500};

using SteadyTime = std::chrono::steady_clock::time_point;

// When to dial one peer again (docs/formats/session.md, "One session per peer"). Not thread-safe; knows no clock.
class DialSchedule {
 public:
  // `goes_first`: this side has the smaller org_id.
  DialSchedule(bool goes_first, SteadyTime now) : goes_first_(goes_first), idle_since_(now), not_before_(now) {}
  SteadyTime due() const;
  // A session, or an attempt at one (`served` false), is over. `dialled`: this side had dialled it.
  void Ended(SteadyTime now, bool dialled, bool served, std::chrono::steady_clock::duration lived);

 private:
  bool goes_first_, dialled_last_ = false;
  SteadyTime idle_since_, not_before_;
  SteadyTime served_until_ = SteadyTime::min();
  int failures_ = 0;
  absl::BitGen random_;
};

// Bounds how often one peer may open sessions. Not thread-safe.
class SessionBudget {
 public:
  explicit SessionBudget(SteadyTime now) : refilled_(now) {}
  bool Take(SteadyTime now);

 private:
  int left_ = kSessionBurst;
  SteadyTime refilled_;
};

}  // namespace entente::peer
