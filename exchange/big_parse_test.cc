#include "exchange/big_parse.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using testing::DeliverAll;
using testing::Indicator;
using testing::TestNode;

TEST(BigParse, OnlySoManyAreHeldAtOnce) {
  std::atomic<int> held{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        const BigParse turn(kBigObjectBytes + 1);
        const int now = ++held;
        int before = most;
        while (now > before && !most.compare_exchange_weak(before, now)) {
        }
        --held;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, kBigParsesAtOnce);
}

TEST(BigParse, SmallOnesDoNotWait) {
  const BigParse big(kBigObjectBytes + 1), small(kBigObjectBytes), another(kBigObjectBytes);
  EXPECT_TRUE(BigParse::IsBig(kBigObjectBytes + 1));
  EXPECT_FALSE(BigParse::IsBig(kBigObjectBytes));
}

// Published and received at once, several in one lane: everybody gets a turn.
TEST(BigParse, BigObjectsBothWaysPass) {
  TestNode norlandia("cert.norlandia", "XN"), estovia("cert.estovia", "XE");
  norlandia.Accept(estovia);
  estovia.Accept(norlandia);
  const std::string filler = ",\"description\":\"" + std::string(kBigObjectBytes, 'x') + "\"";
  const auto big = [&](const std::string& tail) {
    return Indicator(tail, "a.example", model::Label::kGreen, "2026-01-02T03:04:05.678Z", filler);
  };
  constexpr int kEach = 4;
  for (int i = 0; i < kEach; ++i) norlandia.Publish({big(std::to_string(i))});
  std::thread publisher([&] {
    for (int i = 0; i < kEach; ++i) estovia.Publish({big("e" + std::to_string(i))});
  });
  Delivery delivery(norlandia.room(), estovia.org());
  std::vector<std::promise<absl::Status>> answers(kEach);
  for (std::promise<absl::Status>& answer : answers) {
    const auto next = delivery.Next(estovia.OfferedPrekey());
    ASSERT_TRUE(next.ok() && next->has_value());
    estovia.admission->Submit(norlandia.org(), (*next)->envelope, std::nullopt,
                              [&answer](absl::Status status) { answer.set_value(std::move(status)); });
  }
  for (std::promise<absl::Status>& answer : answers) EXPECT_TRUE(answer.get_future().get().ok());
  publisher.join();
  EXPECT_EQ(estovia.journal->Count().objects, 2u * kEach);
}

}  // namespace
}  // namespace entente::exchange
