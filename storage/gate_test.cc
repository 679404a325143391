#include "storage/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace entente::storage {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAmple{30'000};  // far more than those inside need to leave
constexpr milliseconds kBrief{20};

TEST(Gate, VisitorsThatOverlapWithoutAGapDoNotKeepItOpen) {
  Gate gate;
  std::atomic<int> arrived = 0;
  std::atomic<bool> over = false;
  // Each stays until another one has come to the gate.
  const auto visits = [&] {
    while (!over) {
      const int mine = ++arrived;
      const Gate::Visit visit(gate);
      while (arrived == mine && !over) std::this_thread::yield();
    }
  };
  std::vector<std::thread> visitors;
  for (int i = 0; i < 3; ++i) visitors.emplace_back(visits);
  while (arrived < 100) std::this_thread::yield();
  EXPECT_TRUE(gate.TryShut(kAmple));
  over = true;
  gate.Open();
  for (std::thread& visitor : visitors) visitor.join();
}

TEST(Gate, OneWhoStaysPostponesItAndTheOthersAreLetInAgain) {
  Gate gate;
  auto long_visit = std::make_unique<Gate::Visit>(gate);
  const auto begun = std::chrono::steady_clock::now();
  std::future<bool> shut = std::async(std::launch::async, [&] { return gate.TryShut(kBrief); });
  EXPECT_FALSE(shut.get());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kBrief);
  std::async(std::launch::async, [&] { const Gate::Visit other(gate); }).get();
  long_visit.reset();
  EXPECT_TRUE(gate.TryShut(kBrief));
  EXPECT_FALSE(gate.TryShut(kBrief));
}

TEST(Gate, WhoIsInsideVisitsAgainWithoutWaiting) {
  Gate gate;
  auto outer = std::make_unique<Gate::Visit>(gate);
  std::atomic<int> shut = 0, gave_way = 0;
  const auto shuts = [&] { ++(gate.TryShut(kAmple) ? shut : gave_way); };
  std::thread one(shuts), other(shuts);
  while (gave_way == 0) std::this_thread::yield();  // to the other one: it keeps newcomers out by now
  std::atomic<bool> came_in = false;
  std::thread newcomer([&] {
    const Gate::Visit visit(gate);
    came_in = true;
  });
  for (int i = 0; i < 1000; ++i) const Gate::Visit nested(gate);
  EXPECT_EQ(shut, 0);
  EXPECT_FALSE(came_in);
  outer.reset();
  one.join();
  other.join();
  EXPECT_EQ(shut, 1);
  EXPECT_FALSE(came_in);
  gate.Open();
  newcomer.join();
}

TEST(Gate, AVisitMayEndOnAnotherThread) {
  Gate gate;
  auto visit = std::make_unique<Gate::Visit>(gate);
  std::async(std::launch::async, [&] { const Gate::Visit moved(std::move(*visit)); }).get();
  EXPECT_TRUE(gate.TryShut(kBrief));
}

}  // namespace
}  // namespace entente::storage
