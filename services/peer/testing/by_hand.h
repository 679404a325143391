#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "exchange/testing/test_node.h"
#include "services/peer/session.h"
#include "services/peer/testing/pipe.h"

namespace entente::peer::testing {

// Norlandia is real; the test holds Estovia's keys and speaks for it.
class ByHand : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  void TearDown() override {
    if (session_) Hangup();
  }
  // Ends the session; another one may be opened behind it.
  SessionEnd Hangup() {
    pipe_->Close();
    const SessionEnd end = end_.get_future().get();
    session_->Join();
    session_.reset();
    end_ = {};
    pipe_ = Pipe::Make();
    return end;
  }
  void Open(uint64_t credit = 16u << 20) {
    passed_bye_.reset();
    session_ = Session::Open(norlandia_.room(), {*norlandia_.admission, *norlandia_.groups}, estovia_.org(), credit, pipe_->End(0),
                             {[](Session&) { return absl::OkStatus(); },
                              [this](absl::Status) { rolled_back_ = true; },
                              [this](Session&, const SessionEnd& end) { end_.set_value(end); }, pace_, budget_,
                              answer_patience_, newer_patience_});
  }
  v1::Frame HelloFrame() {
    v1::Frame frame;
    *frame.mutable_hello() = *MakeHello(estovia_.room(), norlandia_.org());
    return frame;
  }
  void Greet() {
    Open();
    Say(HelloFrame());
    ASSERT_TRUE(Next(v1::Frame::kCredit));
  }
  void Say(const v1::Frame& frame) { pipe_->Write(1, frame); }
  // The next frame of `kind`; a bye that came while another kind was awaited is kept for who asks for it.
  std::optional<v1::Frame> Next(v1::Frame::KindCase kind) {
    if (kind == v1::Frame::kBye && passed_bye_) return passed_bye_;
    for (;;) {
      std::optional<v1::Frame> frame = pipe_->Take(1);
      if (!frame || frame->kind_case() == kind) return frame;
      if (frame->kind_case() == v1::Frame::kBye) passed_bye_ = std::move(frame);
    }
  }
  std::string ByeAfter(const v1::Frame& frame) {
    Say(frame);
    return Bye();
  }
  std::string Bye() {
    const std::optional<v1::Frame> bye = Next(v1::Frame::kBye);
    return bye ? bye->bye().reason() : "closed without a bye";
  }
  std::string ByeAfterHello(const std::function<void(v1::Hello&)>& change) {
    v1::Frame frame = HelloFrame();
    change(*frame.mutable_hello());
    Open();
    return ByeAfter(frame);
  }
  static v1::Frame AckFrame(uint64_t position, bool refused = false) {
    v1::Frame frame;
    frame.mutable_ack()->set_position(position);
    frame.mutable_ack()->set_refused(refused);
    return frame;
  }
  uint64_t Rejected(RejectReason reason) { return norlandia_.counters.Rejects(reason); }

  exchange::testing::TestNode norlandia_{"cert.norlandia", "XN"};
  exchange::testing::TestNode estovia_{"cert.estovia", "XE"};
  std::shared_ptr<Pipe> pipe_ = Pipe::Make();
  std::shared_ptr<Session> session_;
  std::optional<v1::Frame> passed_bye_;
  std::promise<SessionEnd> end_;
  std::atomic<bool> rolled_back_{false};
  std::shared_ptr<exchange::RefusalPace> pace_ = std::make_shared<exchange::RefusalPace>();
  std::shared_ptr<PeerBudget> budget_;
  SteadyTime::duration answer_patience_ = kAnswerPatience, newer_patience_ = kNewerTimeout;
};

}  // namespace entente::peer::testing
