#include "services/peer/session.h"

#include <gtest/gtest.h>

#include <atomic>

#include "services/peer/testing/two_rooms.h"

namespace entente::peer {
namespace {

using exchange::testing::Indicator;
using exchange::testing::TestNode;
using model::Label;
using testing::Eventually;
using testing::Pipe;
using testing::Side;

class Sessions : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  void Publish(TestNode& node, const std::string& tail) {
    ASSERT_EQ(node.Publish({Indicator(tail, tail + ".example", Label::kGreen)}).published(), 1u);
  }
  bool Delivered(TestNode& from, TestNode& to) {
    return Eventually([&] { return from.journal->Lag(to.org()) == 0; });
  }
  TestNode norlandia_{"cert.norlandia", "XN"};
  TestNode estovia_{"cert.estovia", "XE"};
};

TEST_F(Sessions, ObjectsTravelBothWays) {
  Publish(norlandia_, "1");
  Publish(estovia_, "2");
  const auto pipe = Pipe::Make();
  Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
  EXPECT_TRUE(Delivered(norlandia_, estovia_));
  EXPECT_TRUE(Delivered(estovia_, norlandia_));
  EXPECT_EQ(norlandia_.journal->Count().versions, 2u);
  EXPECT_EQ(estovia_.journal->Count().versions, 2u);
  EXPECT_EQ(norlandia_.counters.Peer(estovia_.org()).objects_sent, 1u);
  EXPECT_TRUE(norlandia_.counters.Peer(estovia_.org()).up);
}

TEST_F(Sessions, APublishDuringTheSessionIsSentOnWake) {
  const auto pipe = Pipe::Make();
  Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
  ASSERT_TRUE(Eventually([&] { return norlandia_.counters.Peer(estovia_.org()).up.load(); }));
  Publish(norlandia_, "1");
  (*n).Wake();
  EXPECT_TRUE(Delivered(norlandia_, estovia_));
}

TEST_F(Sessions, AnEnvelopeOverTheWholeCreditStillPasses) {
  Publish(norlandia_, "1");
  Publish(norlandia_, "2");
  const auto pipe = Pipe::Make();
  Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1, /*credit=*/1);
  EXPECT_TRUE(Delivered(norlandia_, estovia_));
  EXPECT_EQ(estovia_.journal->Count().versions, 2u);
}

TEST_F(Sessions, ALargeObjectTravelsInPieces) {
  const std::string large = Indicator("1", "a.example", Label::kGreen, "2026-01-02T03:04:05.678Z",
                                      ",\"description\":\"" + std::string(3 * kMaxPieceBytes, 'x') + "\"");
  norlandia_.Publish({large});
  const auto pipe = Pipe::Make();
  Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
  EXPECT_TRUE(Delivered(norlandia_, estovia_));
  const auto got = estovia_.reading->Get("indicator--00000000-0000-4000-8000-000000000001", "");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->content, large);
}

// A session cut before each of its frames in turn leaves both nodes able to go on: all there, each once.
TEST_F(Sessions, CutAtAnyFrameNothingIsLostOrDoubled) {
  uint64_t published = 0;
  bool cut = true;
  for (int frames = 0; cut; ++frames) {
    Publish(norlandia_, std::to_string(++published));
    Publish(estovia_, "e" + std::to_string(frames));
    {
      const auto pipe = Pipe::Make(frames);
      Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
      Eventually([&] { return pipe->was_cut() || (norlandia_.journal->Lag(estovia_.org()) == 0 &&
                                                  estovia_.journal->Lag(norlandia_.org()) == 0); });
      cut = pipe->was_cut();
    }
    const auto pipe = Pipe::Make();
    Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
    ASSERT_TRUE(Delivered(norlandia_, estovia_) && Delivered(estovia_, norlandia_)) << "cut after " << frames;
    ASSERT_EQ(estovia_.journal->Count().versions, 2 * published) << "cut after " << frames;
    ASSERT_EQ(norlandia_.journal->Count().versions, 2 * published) << "cut after " << frames;
  }
  EXPECT_GE(published, 8u);  // hello, credit, envelope, ack each way
}

TEST_F(Sessions, StopSaysByeAndThePeerCallsItOrdinary) {
  const auto pipe = Pipe::Make();
  Side n(norlandia_, estovia_, pipe, 0), e(estovia_, norlandia_, pipe, 1);
  const std::atomic<bool>& here = norlandia_.counters.Peer(estovia_.org()).up;
  const std::atomic<bool>& there_up = estovia_.counters.Peer(norlandia_.org()).up;
  ASSERT_TRUE(Eventually([&] { return here && there_up; }));
  (*n).Stop();
  const SessionEnd there = e.Ended();
  EXPECT_TRUE(there.served);
  EXPECT_FALSE(there.refused);
  EXPECT_EQ(there.why.message(), "the peer ended the session: stopping");
  EXPECT_FALSE(there_up);
}

}  // namespace
}  // namespace entente::peer
