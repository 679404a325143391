#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "exchange/testing/test_node.h"
#include "services/peer/session.h"
#include "services/peer/testing/pipe.h"

namespace entente::peer::testing {

using exchange::testing::TestNode;

inline constexpr uint64_t kTestCredit = 16u << 20;

// A session of a real node over one end of a line.
class Side {
 public:
  Side(TestNode& node, const TestNode& peer, const std::shared_ptr<FrameLine>& line, int end,
       uint64_t credit = kTestCredit);
  ~Side() { Finish(); }
  SessionEnd Finish();  // says Bye
  SessionEnd Ended();   // waits for the end
  bool over() const { return over_; }
  Session& operator*() { return *session_; }
  std::atomic<bool> rolled_back{false};

 private:
  std::atomic<bool> over_{false};
  std::promise<SessionEnd> ended_;
  std::optional<SessionEnd> end_;
  std::shared_ptr<Session> session_;
};

// cert.norlandia (0) and cert.estovia (1), and all that each was told is published. The oracle: what Publish acknowledged
// is to be at the other node once, with the same bytes, in the order of its stream; nothing else is.
class TwoRooms {
 public:
  TwoRooms();
  TestNode& node(int side) { return *nodes_[side]; }
  // `count` new objects of one to two pieces each when `large`; each fit for both nodes. Any thread, one at a time a side.
  void Publish(int side, int count = 1, bool large = false);
  bool Drained() const;  // nothing waits in either outbox
  // Sessions over a network without faults until both outboxes are empty. What a node refused needs the clock.
  ::testing::AssertionResult Converge();
  // What was published since the last call is where it belongs, and nothing else came. `in_order`: of its stream, without
  // gaps; a network that reorders leaves gaps that are counted and filled.
  ::testing::AssertionResult Exact(bool in_order = true);
  ::testing::AssertionResult Sound();  // both stores pass fsck

 private:
  std::vector<std::string> Came(int side, const std::string& origin);  // contents from `origin`, as journalled

  std::unique_ptr<TestNode> nodes_[2];
  std::vector<std::string> published_[2];
  uint64_t seen_[2] = {0, 0}, named_[2] = {0, 0}, gaps_[2] = {0, 0};
};

}  // namespace entente::peer::testing
