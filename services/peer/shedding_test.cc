#include "services/peer/shedding.h"

#include <gtest/gtest.h>

namespace entente::peer {
namespace {

constexpr uint64_t kMiB = 1u << 20, kLimit = 1000 * kMiB, kOver = 860 * kMiB;
constexpr SteadyTime kStart{std::chrono::seconds(1000)};

OrgId Org(char c) { return *OrgId::From(Bytes(OrgId::kSize, c)); }

class Shed : public ::testing::Test {
 protected:
  std::optional<OrgId> Look(uint64_t used, const std::vector<Burden>& burdens, SteadyTime now = kStart,
                            uint64_t limit = kLimit) {
    return shedding_.Look(used, limit, burdens, now);
  }
  Shedding shedding_;
};

TEST_F(Shed, NobodyBelowTheLimitOrWithoutOne) {
  const std::vector<Burden> heavy = {{Org('a'), 64 * kMiB, 64 * kMiB}};
  EXPECT_EQ(Look(849 * kMiB, heavy), std::nullopt);
  EXPECT_EQ(Look(kOver, heavy, kStart, 0), std::nullopt);
  EXPECT_EQ(Look(850 * kMiB, heavy), Org('a'));
}

TEST_F(Shed, WhoHoldsMostThenWhoSentMostLately) {
  EXPECT_EQ(Look(kOver, {{Org('a'), 2 * kMiB, 0}, {Org('b'), 3 * kMiB, 0}, {Org('c'), 0, 90 * kMiB}}), Org('b'));
  EXPECT_EQ(Look(kOver, {{Org('a'), 0, 2 * kMiB}, {Org('b'), 0, 3 * kMiB}}, kStart + kShedSpacing), Org('b'));
}

TEST_F(Shed, OneAtATimeWithTimeToFall) {
  const std::vector<Burden> two = {{Org('a'), 5 * kMiB, 0}, {Org('b'), 4 * kMiB, 0}};
  EXPECT_EQ(Look(kOver, two), Org('a'));
  EXPECT_EQ(Look(kOver, {two[1]}, kStart + kShedSpacing - std::chrono::milliseconds(1)), std::nullopt);
  EXPECT_EQ(Look(kOver, {two[1]}, kStart + kShedSpacing), Org('b'));
}

TEST_F(Shed, NobodyWhoIsNotTheCause) {
  EXPECT_EQ(Look(kOver, {}), std::nullopt);
  EXPECT_EQ(Look(kOver, {{Org('a'), kLeastShed / 2, kLeastShed / 2 - 1}}), std::nullopt);
}

TEST_F(Shed, NewSessionsAreRefusedCloseToTheLimitAndLetInAgain) {
  Look(949 * kMiB, {});
  EXPECT_FALSE(shedding_.refuses());
  Look(950 * kMiB, {});
  EXPECT_TRUE(shedding_.refuses());
  Look(900 * kMiB, {});
  EXPECT_FALSE(shedding_.refuses());
}

}  // namespace
}  // namespace entente::peer
