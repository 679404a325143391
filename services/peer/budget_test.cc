#include "services/peer/budget.h"

#include <gtest/gtest.h>

namespace entente::peer {
namespace {

using exchange::Budget;
using std::chrono::milliseconds;
using std::chrono::seconds;

class PeerBudgets : public ::testing::Test {
 protected:
  bool Spend(Budget budget, double amount) { return budget_.Spend(budget, amount, now_).ok(); }
  // How long the peer is kept out from now on, in seconds.
  int64_t Out() const {
    const auto out = budget_.KeptOut(now_);
    return out ? std::chrono::duration_cast<seconds>(out->until - now_).count() : 0;
  }
  int64_t OutAfterABreach() {
    EXPECT_EQ(ReasonOf(budget_.Breach(Budget::kUnanswered, now_)), RejectReason::kBudget);
    return Out();
  }
  uint64_t Breaches(Budget budget) const { return counters_.over_budget[static_cast<size_t>(budget)]; }

  const BudgetLimits limits_{};
  exchange::PeerCounters counters_;
  SteadyTime now_ = SteadyTime(std::chrono::hours(1000));
  PeerBudget budget_{limits_, counters_, now_};
};

TEST_F(PeerBudgets, EachRefillsAtItsPaceUpToItsBurst) {
  const std::pair<Budget, Allowance> all[] = {{Budget::kFrames, limits_.frames},
                                              {Budget::kBytes, limits_.bytes},
                                              {Budget::kSessions, limits_.sessions},
                                              {Budget::kHandshakes, limits_.handshakes},
                                              {Budget::kCpu, limits_.cpu_seconds}};
  for (const auto& [what, allowance] : all) {
    PeerBudget budget(limits_, counters_, now_);
    EXPECT_TRUE(budget.Spend(what, allowance.burst, now_).ok());
    EXPECT_TRUE(budget.Spend(what, allowance.per_second, now_ + seconds(1)).ok());
    EXPECT_TRUE(budget.Spend(what, allowance.burst, now_ + seconds(1000)).ok());
    EXPECT_TRUE(budget.MayConnect(now_ + seconds(1000)).ok());
    EXPECT_EQ(ReasonOf(budget.Spend(what, allowance.per_second * 1.01, now_ + seconds(1001))), RejectReason::kBudget);
    EXPECT_EQ(budget.KeptOut(now_ + seconds(1001))->why, exchange::Counters::Name(what));
    EXPECT_EQ(Breaches(what), 1u);
  }
}

// 15,000 indicators of 1.5 KiB a second each way, for an hour, in envelopes as small as sixteen statements: pieces,
// answers, credit, and the CPU of handling them.
TEST_F(PeerBudgets, AnHonestPeerAtFullSpeedStaysFarBelow) {
  for (int second = 0; second < 3600; ++second) {
    const double envelopes = 15'000.0 / 16;
    for (int tenth = 0; tenth < 10; ++tenth) {
      EXPECT_TRUE(Spend(Budget::kFrames, 4 * envelopes / 10));
      EXPECT_TRUE(Spend(Budget::kBytes, 15'000 * 1'700.0 / 10));
      now_ += milliseconds(100);
    }
    counters_.fruitless_cpu_ns += 100'000'000;
    EXPECT_TRUE(budget_.SpendCpu(now_).ok());
  }
  EXPECT_EQ(Out(), 0);
}

// A link that flaps: the dialler's shortest pause, on both sides, for ever.
TEST_F(PeerBudgets, AnHonestPeerOnAFlappingLinkStaysBelow) {
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(Spend(Budget::kHandshakes, 2) && Spend(Budget::kSessions, 2));
    now_ += kRecentBackoff * 3 / 4;
  }
}

TEST_F(PeerBudgets, CpuIsWhatTheCountersSaySinceTheLastLook) {
  counters_.fruitless_cpu_ns += 20'000'000'000;
  EXPECT_TRUE(budget_.SpendCpu(now_).ok());
  EXPECT_TRUE(budget_.SpendCpu(now_).ok());
  counters_.fruitless_cpu_ns += 11'000'000'000;
  EXPECT_EQ(ReasonOf(budget_.SpendCpu(now_)), RejectReason::kBudget);
  EXPECT_EQ(Breaches(Budget::kCpu), 1u);
}

TEST_F(PeerBudgets, BackOffDoublesToItsBoundAndAnHourOfGoodConductStartsAnew) {
  std::vector<int64_t> outs;
  for (int i = 0; i < 9; ++i) {
    outs.push_back(OutAfterABreach());
    now_ += seconds(outs.back());
    EXPECT_TRUE(budget_.MayConnect(now_).ok());
  }
  EXPECT_EQ(outs, (std::vector<int64_t>{5, 10, 20, 40, 80, 160, 300, 300, 300}));
  now_ += kGoodConduct - seconds(1);
  EXPECT_EQ(OutAfterABreach(), 300);
  now_ += seconds(300) + kGoodConduct;
  EXPECT_EQ(OutAfterABreach(), 5);
}

TEST_F(PeerBudgets, WhatItsOtherSessionsDoMeanwhileIsTheSameOffence) {
  EXPECT_EQ(OutAfterABreach(), 5);
  now_ += seconds(2);
  EXPECT_EQ(OutAfterABreach(), 3);
  EXPECT_EQ(Breaches(Budget::kUnanswered), 1u);
}

TEST_F(PeerBudgets, KnockingAllTheTimeMakesItLonger) {
  OutAfterABreach();
  for (int i = 0; i < limits_.handshakes.burst; ++i) EXPECT_TRUE(Spend(Budget::kHandshakes, 1));
  EXPECT_FALSE(Spend(Budget::kHandshakes, 1));
  EXPECT_EQ(Out(), 10);
  EXPECT_EQ(Breaches(Budget::kHandshakes), 1u);
}

TEST_F(PeerBudgets, TheOperatorIsToldWhich) {
  EXPECT_EQ(ReasonOf(budget_.Breach(Budget::kHttp2, now_, "settings flood")), RejectReason::kBudget);
  EXPECT_EQ(budget_.KeptOut(now_)->why, "http2: settings flood");
  EXPECT_EQ(ReasonOf(budget_.MayConnect(now_)), RejectReason::kBudget);
}

}  // namespace
}  // namespace entente::peer
