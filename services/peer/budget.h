#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "exchange/counters.h"
#include "services/peer/dialler.h"

namespace entente::peer {

// How long a peer that was over a budget stays out, doubling with each time; an hour without one starts anew.
inline constexpr std::chrono::seconds kFirstBackOff{5}, kLongestBackOff{300}, kGoodConduct{3600};

// What one peer may use: so much a second for ever, and so much at once.
struct Allowance {
  double per_second, burst;
};
// Far above what an honest peer at full speed needs; docs/formats/session.md has the table.
struct BudgetLimits {
  Allowance frames{20'000, 60'000};
  Allowance bytes{256.0 * (1 << 20), 1024.0 * (1 << 20)};
  Allowance sessions{20, 200};
  Allowance handshakes{10, 100};
  Allowance cpu_seconds{0.5, 30};
  std::chrono::milliseconds first_back_off = kFirstBackOff;
};

// What one peer has used, whatever its sessions do, and whether it is kept out for it. Knows no clock; begins anew with
// the process. Thread-safe; takes no other lock.
class PeerBudget {
 public:
  // `counters` outlives this; the breaches are counted there.
  PeerBudget(const BudgetLimits& limits, exchange::PeerCounters& counters, SteadyTime now);
  // Refuses with kBudget when less than `amount` is left: that is a breach. REQUIRES one of the first five budgets.
  absl::Status Spend(exchange::Budget budget, double amount, SteadyTime now);
  // The same for the CPU time that `counters` says was spent fruitlessly since the last call.
  absl::Status SpendCpu(SteadyTime now);
  // The peer was over a bound that is not counted here. Always kBudget. While it is kept out already, only another
  // breach of its handshakes makes that longer. `detail` is for the operator: escaped.
  absl::Status Breach(exchange::Budget budget, SteadyTime now, std::string_view detail = "");

  struct BackOff {
    SteadyTime until;
    std::string why;  // "frames"
  };
  // Nothing when the peer may have sessions.
  std::optional<BackOff> KeptOut(SteadyTime now) const;
  // kBudget while it is kept out.
  absl::Status MayConnect(SteadyTime now) const;

 private:
  struct Bucket {
    Allowance allowance;
    double left;
  };
  static constexpr size_t kBuckets = 5;
  absl::Status BreachLocked(exchange::Budget budget, SteadyTime now, std::string_view detail);
  bool KeptOutLocked(SteadyTime now) const { return doublings_ > 0 && now < until_; }

  exchange::PeerCounters& counters_;
  const SteadyTime::duration first_back_off_;
  mutable std::mutex mutex_;
  std::array<Bucket, kBuckets> buckets_;
  SteadyTime refilled_;
  uint64_t cpu_seen_ns_;
  int doublings_ = 0;  // times it was kept out, since its last hour of good conduct
  SteadyTime until_{};
  std::string why_;
};

}  // namespace entente::peer
