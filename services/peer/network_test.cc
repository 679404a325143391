// Two real rooms over connections that fail by seed: what was acknowledged is there once, byte for byte, in order.
#include "services/peer/testing/network.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include "services/peer/testing/two_rooms.h"

namespace entente::peer {
namespace {

using testing::Connection;
using testing::Eventually;
using testing::Faults;
using testing::Side;
using testing::TwoRooms;

// ENTENTE_SEEDS: how many. ENTENTE_SEED: this one alone.
constexpr uint64_t kSeeds = 50;
uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

double Share(std::mt19937_64& random, double most) { return most * static_cast<double>(random() % 1000) / 1000; }

Faults Draw(std::mt19937_64& random, bool hostile) {
  Faults faults;
  faults.seed = random();
  faults.delayed = Share(random, 0.5);
  // Half of the connections are cut, somewhere within what a few envelopes take.
  if (random() % 2 == 0) faults.cut[random() % 2] = random() % 60'000;
  if (hostile) faults.doubled = Share(random, 0.2);
  if (hostile) faults.overtaken = Share(random, 0.3);
  return faults;
}

class Seeds : public ::testing::Test {
 protected:
  // Publishes at both sides while one connection lasts. The session ends by a reason that the format names.
  void Connect(std::mt19937_64& random, bool hostile) {
    const auto line = Connection::Make(Draw(random, hostile));
    Side n(rooms_.node(0), rooms_.node(1), line, 0), e(rooms_.node(1), rooms_.node(0), line, 1);
    Side* const sides[2] = {&n, &e};
    std::vector<std::thread> publishers;
    for (int side : {0, 1}) {
      publishers.emplace_back([&, side, seed = random()] {
        std::mt19937_64 own(seed);
        for (uint64_t i = 0, count = own() % 4; i < count; ++i) {
          rooms_.Publish(side, 1 + static_cast<int>(own() % 3), own() % 12 == 0);
          (**sides[side]).Wake();
        }
      });
    }
    for (std::thread& publisher : publishers) publisher.join();
    // Behind a network that reorders, both ends may rest with something refused that waits for its time.
    const auto patience = hostile ? std::chrono::milliseconds(300) : std::chrono::seconds(20);
    Eventually([&] { return rooms_.Drained() || n.over() || e.over(); }, patience);
    for (Side* side : sides) {
      const SessionEnd end = side->Finish();
      std::set<RejectReason> named = {RejectReason::kPeerDown, RejectReason::kUnavailable};
      if (hostile) named.insert({RejectReason::kParse, RejectReason::kBudget, RejectReason::kLimit});
      EXPECT_TRUE(named.contains(ReasonOf(end.why))) << end.why;
      EXPECT_FALSE(side->rolled_back);
    }
  }
  void Run(uint64_t seed, bool hostile) {
    SCOPED_TRACE("ENTENTE_SEED=" + std::to_string(seed) + " repeats this");
    std::mt19937_64 random(seed);
    for (uint64_t i = 0, connections = 2 + random() % 3; i < connections; ++i) Connect(random, hostile);
    ASSERT_TRUE(rooms_.Converge());
    ASSERT_TRUE(rooms_.Exact(/*in_order=*/!hostile));
  }
  void RunAll(bool hostile) {
    const uint64_t one = FromEnvironment("ENTENTE_SEED", 0);
    const uint64_t first = one != 0 ? one : 1, last = one != 0 ? one : FromEnvironment("ENTENTE_SEEDS", kSeeds);
    for (uint64_t seed = first; seed <= last && !HasFailure(); ++seed) Run(seed, hostile);
    EXPECT_TRUE(rooms_.Sound());
  }
  TwoRooms rooms_;
};

TEST_F(Seeds, CutAndDelayedConnectionsLoseAndDoubleNothing) { RunAll(/*hostile=*/false); }
TEST_F(Seeds, N29FramesDoubledAndReorderedEndByNameOrConverge) { RunAll(/*hostile=*/true); }

v1::Frame Numbered(uint64_t n) {
  v1::Frame frame;
  frame.mutable_credit()->set_bytes(n);
  return frame;
}

TEST(Network, AFrameThatDidNotArriveWholeNeverSurfaces) {
  const auto whole = Connection::Make();
  whole->Write(0, Numbered(1));
  ASSERT_TRUE(whole->Take(1));
  const uint64_t size = whole->arrived(1);
  for (uint64_t n = 0; n <= 2 * size; ++n) {
    Faults faults;
    faults.cut[1] = n;
    const auto line = Connection::Make(faults);
    line->Write(0, Numbered(1));
    line->Write(0, Numbered(2));
    uint64_t came = 0;
    while (line->Take(1)) ++came;
    EXPECT_EQ(came, n / size) << n;
    EXPECT_EQ(line->arrived(1), n);
    EXPECT_TRUE(line->was_cut());
    EXPECT_FALSE(line->Write(0, Numbered(3)));
    EXPECT_FALSE(line->Take(0));
  }
}

TEST(Network, ASeedDoesTheSameToTheSameFrames) {
  const auto order = [](uint64_t seed) {
    std::vector<uint64_t> came;
    for (uint64_t i = 0; i < 20; ++i) {
      const auto line = Connection::Make({.seed = 100 * seed + i, .doubled = 0.3, .overtaken = 0.3});
      for (uint64_t n : {1, 2}) line->Write(0, Numbered(2 * i + n));
      line->Close();
      while (const std::optional<v1::Frame> frame = line->Take(1)) came.push_back(frame->credit().bytes());
    }
    return came;
  };
  const std::vector<uint64_t> first = order(7);
  EXPECT_EQ(std::set<uint64_t>(first.begin(), first.end()).size(), 40u);  // none is lost
  EXPECT_GT(first.size(), 40u);
  EXPECT_FALSE(std::is_sorted(first.begin(), first.end()));
  EXPECT_EQ(order(7), first);
  EXPECT_NE(order(8), first);
}

}  // namespace
}  // namespace entente::peer
