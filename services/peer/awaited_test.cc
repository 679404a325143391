#include "services/peer/awaited.h"

#include <gtest/gtest.h>

namespace entente::peer {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kStart{seconds(1000)};
constexpr uint64_t kBytes = 10 * kSlowestLink;
constexpr seconds kPatience = kAnswerPatience + seconds(10);  // for an envelope of kBytes

TEST(Awaited, TheOldestSentOneHasItsTime) {
  Awaited awaited(kAnswerPatience);
  EXPECT_EQ(awaited.deadline(), SteadyTime::max());
  awaited.Begin(1, 7, kBytes);
  EXPECT_EQ(awaited.deadline(), SteadyTime::max()) << "it may take long to send";
  awaited.Sent(1, kStart);
  EXPECT_EQ(awaited.deadline(), kStart + kPatience);
  EXPECT_EQ(awaited.Answered(1, kStart), 7u);
  EXPECT_EQ(awaited.Answered(1, kStart), std::nullopt);
  EXPECT_EQ(awaited.deadline(), SteadyTime::max());
}

TEST(Awaited, AnHonestSlowPeerAnswersOneAfterTheOther) {
  Awaited awaited(kAnswerPatience);
  for (uint64_t position = 1; position <= 8; ++position) {
    awaited.Begin(position, 1, kBytes);
    awaited.Sent(position, kStart);
  }
  SteadyTime now = kStart;
  for (uint64_t position = 1; position <= 8; ++position) {
    now += kPatience - seconds(1);
    EXPECT_GT(awaited.deadline(), now) << position;
    EXPECT_TRUE(awaited.Answered(position, now));
  }
  EXPECT_TRUE(awaited.empty());
}

TEST(Awaited, AnsweringTheOthersDoesNotHelp) {
  Awaited awaited(kAnswerPatience);
  awaited.Begin(1, 1, kBytes);
  awaited.Sent(1, kStart);
  for (uint64_t position = 2; position < 100; ++position) {
    const SteadyTime now = kStart + seconds(position);
    awaited.Begin(position, 1, kBytes);
    awaited.Sent(position, now);
    EXPECT_TRUE(awaited.Answered(position, now));
  }
  EXPECT_EQ(awaited.deadline(), kStart + kPatience);
  EXPECT_EQ(awaited.size(), 1u);
}

}  // namespace
}  // namespace entente::peer
