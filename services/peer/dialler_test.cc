#include "services/peer/dialler.h"

#include <gtest/gtest.h>

namespace entente::peer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kStart = SteadyTime() + seconds(1000);

TEST(DialSchedule, TheSmallerDialsAtOnceTheOtherLater) {
  EXPECT_EQ(DialSchedule(true, kStart).due(), kStart);
  EXPECT_EQ(DialSchedule(false, kStart).due(), kStart + kSecondDialler);
}

TEST(DialSchedule, WaitsDoubleUpToTheCap) {
  DialSchedule schedule(true, kStart);
  milliseconds expected = kFirstBackoff;
  for (int i = 0; i < 12; ++i) {
    schedule.Ended(kStart, true, false, seconds(0));
    EXPECT_GE(schedule.due(), kStart + expected * 3 / 4) << i;
    EXPECT_LE(schedule.due(), kStart + expected * 5 / 4) << i;
    expected = std::min(expected * 2, kMaxBackoff);
  }
}

TEST(DialSchedule, StaysQuickWhileTheLastSessionIsRecent) {
  DialSchedule schedule(true, kStart);
  schedule.Ended(kStart, true, true, seconds(3600));
  SteadyTime now = kStart + seconds(1);
  for (int i = 0; i < 12; ++i) schedule.Ended(now, true, false, seconds(0));
  EXPECT_LE(schedule.due(), now + kRecentBackoff * 5 / 4);
  now = kStart + kRecently;
  schedule.Ended(now, true, false, seconds(0));
  EXPECT_GE(schedule.due(), now + kMaxBackoff * 3 / 4);
}

TEST(DialSchedule, ASettledSessionStartsTheCountAnew) {
  DialSchedule schedule(true, kStart);
  for (int i = 0; i < 12; ++i) schedule.Ended(kStart, true, false, seconds(0));
  schedule.Ended(kStart, true, true, kSettled);
  EXPECT_LE(schedule.due(), kStart + kFirstBackoff * 5 / 4);
}

TEST(DialSchedule, WhoDialledTheLastSessionDialsAtOnceAgain) {
  DialSchedule schedule(false, kStart);
  schedule.Ended(kStart, /*dialled=*/true, true, kSettled);
  EXPECT_LE(schedule.due(), kStart + kFirstBackoff * 5 / 4);
  schedule.Ended(kStart, /*dialled=*/false, true, kSettled);
  EXPECT_EQ(schedule.due(), kStart + kSecondDialler);
}

TEST(SessionBudget, ABurstThenOnePerRefill) {
  SessionBudget budget(kStart);
  for (int i = 0; i < kSessionBurst; ++i) EXPECT_TRUE(budget.Take(kStart)) << i;
  EXPECT_FALSE(budget.Take(kStart + kSessionRefill - milliseconds(1)));
  EXPECT_TRUE(budget.Take(kStart + kSessionRefill));
  EXPECT_FALSE(budget.Take(kStart + kSessionRefill));
  const SteadyTime later = kStart + kSessionRefill * 1000;
  for (int i = 0; i < kSessionBurst; ++i) EXPECT_TRUE(budget.Take(later)) << i;
  EXPECT_FALSE(budget.Take(later));
}

}  // namespace
}  // namespace entente::peer
