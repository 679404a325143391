#include "services/peer/budget.h"

#include <algorithm>

namespace entente::peer {
namespace {

using exchange::Budget;

absl::Status OverBudget(const std::string& why) {
  return Reject(RejectReason::kBudget, "the peer was over a budget (" + why + ") and is kept out for a while");
}

}  // namespace

PeerBudget::PeerBudget(const BudgetLimits& limits, exchange::PeerCounters& counters, SteadyTime now)
    : counters_(counters), first_back_off_(limits.first_back_off), refilled_(now), cpu_seen_ns_(counters.fruitless_cpu_ns) {
  const std::array<Allowance, kBuckets> allowances = {limits.frames, limits.bytes, limits.sessions, limits.handshakes,
                                                      limits.cpu_seconds};
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] = {allowances[i], allowances[i].burst};
}

absl::Status PeerBudget::Spend(Budget budget, double amount, SteadyTime now) {
  std::lock_guard lock(mutex_);
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - refilled_).count());
  refilled_ = std::max(refilled_, now);
  for (Bucket& bucket : buckets_) {
    bucket.left = std::min(bucket.allowance.burst, bucket.left + seconds * bucket.allowance.per_second);
  }
  Bucket& bucket = buckets_[static_cast<size_t>(budget)];
  if (bucket.left >= amount) {
    bucket.left -= amount;
    return absl::OkStatus();
  }
  bucket.left = bucket.allowance.burst;  // whoever is let in again begins anew
  return BreachLocked(budget, now, "");
}

absl::Status PeerBudget::SpendCpu(SteadyTime now) {
  double spent;
  {
    std::lock_guard lock(mutex_);
    const uint64_t total_ns = counters_.fruitless_cpu_ns;
    spent = static_cast<double>(total_ns - std::min(total_ns, cpu_seen_ns_)) / 1e9;
    cpu_seen_ns_ = std::max(cpu_seen_ns_, total_ns);
  }
  return Spend(Budget::kCpu, spent, now);
}

absl::Status PeerBudget::Breach(Budget budget, SteadyTime now, std::string_view detail) {
  std::lock_guard lock(mutex_);
  return BreachLocked(budget, now, detail);
}

absl::Status PeerBudget::BreachLocked(Budget budget, SteadyTime now, std::string_view detail) {
  constexpr int kMostDoublings = 6;  // 5 s << 6 is over the longest
  // What other sessions of the peer had under way when the first was cut is the same offence.
  if (KeptOutLocked(now) && budget != Budget::kHandshakes) return OverBudget(why_);
  if (now - until_ >= kGoodConduct) doublings_ = 0;
  until_ = now + std::min<SteadyTime::duration>(kLongestBackOff, first_back_off_ * (1 << std::min(doublings_, kMostDoublings)));
  ++doublings_;
  why_ = std::string(exchange::Counters::Name(budget));
  if (!detail.empty()) why_ += ": " + std::string(detail);
  ++counters_.over_budget[static_cast<size_t>(budget)];
  return OverBudget(why_);
}

std::optional<PeerBudget::BackOff> PeerBudget::KeptOut(SteadyTime now) const {
  std::lock_guard lock(mutex_);
  if (!KeptOutLocked(now)) return std::nullopt;
  return BackOff{until_, why_};
}

absl::Status PeerBudget::MayConnect(SteadyTime now) const {
  std::lock_guard lock(mutex_);
  return KeptOutLocked(now) ? OverBudget(why_) : absl::OkStatus();
}

}  // namespace entente::peer
