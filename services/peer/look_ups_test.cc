#include "services/peer/look_ups.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/reject.h"
#include "services/peer/testing/pipe.h"

namespace entente::peer {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;

// A name server that says nothing until it is told to.
class LookUpsTest : public ::testing::Test {
 protected:
  LookUps::Answer Find(const std::string& name, milliseconds patience = milliseconds(1)) {
    return look_ups_.Find(name, patience, [this] { return ++looked_, given_up_.load(); });
  }
  std::string Why(const std::string& name) { return std::string(Find(name).status().message()); }
  void TearDown() override {
    answers_.set_value();
    EXPECT_TRUE(Eventually([this] { return *asking_ == 0; }));
  }
  std::promise<void> answers_;
  const std::shared_ptr<std::atomic<int>> asked_ = std::make_shared<std::atomic<int>>(0),
                                          asking_ = std::make_shared<std::atomic<int>>(0);
  std::atomic<bool> given_up_{false};
  std::atomic<int> looked_{0};  // whether to give up: then it waits
  LookUps look_ups_{[wait = answers_.get_future().share(), asked = asked_, asking = asking_](const std::string&) {
                      ++*asked, ++*asking;
                      wait.wait();
                      --*asking;
                      return LookUps::Answer(std::vector<Endpoint>(1));
                    },
                    /*most=*/3};
};

TEST_F(LookUpsTest, OneThreadAsksForANameHoweverOftenItIsWanted) {
  for (int i = 0; i < 10; ++i) EXPECT_NE(Why("dead.example:1").find("no answer from DNS in time"), std::string::npos);
  EXPECT_TRUE(Eventually([this] { return *asked_ == 1; }));
  const int before = looked_;
  auto late = std::async(std::launch::async, [this] { return Find("dead.example:1", std::chrono::seconds(20)); });
  EXPECT_TRUE(Eventually([&] { return looked_ > before; }));
  answers_.set_value();
  EXPECT_TRUE(late.get().ok()) << "whoever waits gets what an earlier one asked for";
  EXPECT_EQ(*asked_, 1);
  EXPECT_TRUE(Find("dead.example:1", std::chrono::seconds(20)).ok());
  EXPECT_EQ(*asked_, 2) << "an answer is not kept";
  answers_ = std::promise<void>();
}

TEST_F(LookUpsTest, NoMoreThreadsThanTheBoundAndNumbersNeedNone) {
  for (const std::string name : {"a.example:1", "b.example:1", "c.example:1"}) Why(name);
  EXPECT_NE(Why("d.example:1").find("too many"), std::string::npos);
  EXPECT_EQ(ReasonOf(Find("d.example:1").status()), RejectReason::kPeerDown);
  EXPECT_TRUE(Find("127.0.0.1:7443").ok());
  EXPECT_TRUE(Find("[::1]:7443").ok());
  EXPECT_TRUE(Eventually([this] { return *asked_ == 3; }));
}

TEST_F(LookUpsTest, WhoGivesUpWaitsNoLonger) {
  auto waiting = std::async(std::launch::async, [this] { return Find("dead.example:1", std::chrono::hours(1)); });
  EXPECT_TRUE(Eventually([this] { return *asked_ == 1; }));
  given_up_ = true;
  look_ups_.Poke();
  EXPECT_EQ(ReasonOf(waiting.get().status()), RejectReason::kPeerDown);
}

}  // namespace
}  // namespace entente::peer
