#include "services/peer/http2_guard.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "services/peer/testing/http2_frames.h"

namespace entente::peer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Frame;
using testing::kClientPreface;
using Time = Http2Guard::Time;

const Time kStart = Time() + seconds(1000);

// What an honest client sends: a call with a message in two frames, acknowledgements, a ping, the end.
std::vector<std::string> GoldenFrames() {
  return {std::string(kClientPreface),
          Frame('\4', 0, 0, std::string("\0\4\0\4\0\0", 6)),
          Frame('\4', 1, 0, ""),
          Frame('\1', 0, 1, std::string(300, 'h')),
          Frame('\11', 4, 1, std::string(20, 'h')),
          Frame('\0', 0, 1, std::string("\0\0\0\77\374", 5) + std::string(16'379, 'd')),  // a message of 16,380
          Frame('\0', 0, 1, "d"),
          Frame('\10', 0, 0, std::string("\0\0\100\0", 4)),
          Frame('\10', 0, 1, std::string("\0\0\0\1", 4)),
          Frame('\6', 0, 0, "12345678"),
          Frame('\0', 1, 1, ""),
          Frame('\3', 0, 1, std::string("\0\0\0\10", 4)),
          Frame('\7', 0, 0, std::string(8, '\0'))};
}
std::string Joined(const std::vector<std::string>& frames) {
  std::string out;
  for (const std::string& frame : frames) out += frame;
  return out;
}

class Guard : public ::testing::Test {
 protected:
  void SetUp() override { Greet(); }
  void Greet() {
    guard_.emplace(Http2Guard::Sender::kClient, kStart);
    ASSERT_EQ(Said(std::string(kClientPreface) + Frame('\4', 0, 0, "")), "");
  }
  // The budget or limit that it broke; empty when it may go on.
  std::string Said(const std::string& wire) {
    const std::optional<Http2Breach> breach = guard_->Receive(wire, now_, out_);
    if (breach) reason_ = breach->reason;
    return breach ? std::string(breach->what) : "";
  }
  std::string Late() {
    const std::optional<Http2Breach> breach = guard_->CheckTime(now_);
    return breach ? std::string(breach->what) : "";
  }
  // How many of `frame` pass at once.
  int Passing(const std::string& frame, int most) {
    for (int i = 0; i < most; ++i) {
      if (Said(frame) != "") return i;
    }
    return most;
  }
  std::optional<Http2Guard> guard_;
  Time now_ = kStart;
  std::string out_;
  RejectReason reason_ = RejectReason::kNone;
};

TEST(Http2Guard, GoldenFramesPassUnchangedHoweverTheyAreSplit) {
  const std::string golden = Joined(GoldenFrames());
  for (size_t cut = 0; cut <= golden.size(); cut += cut < 1000 || cut + 200 > golden.size() ? 1 : 97) {
    Http2Guard guard(Http2Guard::Sender::kClient, kStart);
    std::string out;
    ASSERT_FALSE(guard.Receive(golden.substr(0, cut), kStart, out)) << cut;
    ASSERT_TRUE(golden.starts_with(out)) << cut;
    ASSERT_FALSE(guard.Receive(golden.substr(cut), kStart, out)) << cut;
    ASSERT_EQ(out, golden) << cut;
  }
}

TEST(Http2Guard, GoldenFramesPassByteByByte) {
  const std::string golden = Joined(GoldenFrames());
  Http2Guard guard(Http2Guard::Sender::kClient, kStart);
  std::string out;
  for (const char byte : golden) ASSERT_FALSE(guard.Receive({&byte, 1}, kStart, out));
  EXPECT_EQ(out, golden);
}

// Whatever comes, what passes is a prefix of it, and nothing passes behind a breach.
TEST(Http2Guard, SeededDamagePassesOnlyAPrefix) {
  const std::string golden = Joined(GoldenFrames());
  int breaches = 0;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    std::string wire = golden;
    for (int i = 0; i < 3; ++i) wire[random() % 700] = static_cast<char>(random());
    Http2Guard guard(Http2Guard::Sender::kClient, kStart);
    std::string out;
    bool broken = false;
    for (size_t at = 0; at < wire.size();) {
      const size_t size = std::min<size_t>(1 + random() % 400, wire.size() - at), before = out.size();
      const bool breach = guard.Receive(wire.substr(at, size), kStart, out).has_value();
      ASSERT_TRUE(!broken || (breach && out.size() == before)) << seed;
      broken |= breach;
      at += size;
    }
    ASSERT_TRUE(wire.starts_with(out)) << seed;
    breaches += broken;
  }
  EXPECT_GT(breaches, 200);
}

TEST(Http2Guard, SeededNoiseBehindAGreetingPassesOnlyAPrefix) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::string wire = std::string(kClientPreface) + Frame('\4', 0, 0, "");
    for (int i = 0; i < 4000; ++i) wire += static_cast<char>(random() % 7 == 0 ? random() : random() % 10);
    Http2Guard guard(Http2Guard::Sender::kClient, kStart);
    std::string out;
    for (size_t at = 0; at < wire.size(); at += 61) guard.Receive(wire.substr(at, 61), kStart, out);
    ASSERT_TRUE(wire.starts_with(out)) << seed;
  }
}

TEST(Http2Guard, AnythingButThePrefaceIsRefusedAtItsFirstWrongByte) {
  for (size_t wrong = 0; wrong < kClientPreface.size(); ++wrong) {
    std::string preface(kClientPreface);
    preface[wrong] ^= 1;
    Http2Guard guard(Http2Guard::Sender::kClient, kStart);
    std::string out;
    EXPECT_FALSE(guard.Receive(preface.substr(0, wrong), kStart, out)) << wrong;
    EXPECT_TRUE(guard.Receive(preface.substr(wrong, 1), kStart, out)) << wrong;
    EXPECT_EQ(out.size(), wrong);
  }
}

TEST(Http2Guard, TheFirstFrameIsSettings) {
  for (const std::string& frame : {Frame('\6', 0, 0, "12345678"), Frame('\4', 1, 0, "")}) {
    Http2Guard server(Http2Guard::Sender::kServer, kStart);
    std::string out;
    EXPECT_TRUE(server.Receive(frame, kStart, out));
    EXPECT_EQ(out, "");
  }
}

TEST_F(Guard, AFrameOverTheLimitIsRefusedByItsHeader) {
  out_.clear();
  EXPECT_EQ(Said(Frame('\0', 0, 1, std::string(kMaxFrameBytes, 'd'))), "");
  const size_t passed = out_.size();
  EXPECT_EQ(Said(Frame('\0', 0, 1, std::string(kMaxFrameBytes + 1, 'd')).substr(0, 9)), "frame bytes");
  EXPECT_EQ(reason_, RejectReason::kLimit);
  EXPECT_EQ(out_.size(), passed);
}

TEST_F(Guard, AHeaderBlockIsOfOnePieceAndBounded) {
  EXPECT_EQ(Said(Frame('\1', 0, 1, std::string(kMaxHeaderBlockBytes, 'h')) + Frame('\11', 4, 1, "")), "");
  EXPECT_EQ(Said(Frame('\1', 0, 3, std::string(kMaxHeaderBlockBytes, 'h'))), "");
  EXPECT_EQ(Said(Frame('\11', 4, 3, "h")), "header block bytes");
  Greet();
  EXPECT_EQ(Said(Frame('\1', 0, 1, "h")), "");
  EXPECT_EQ(Passing(Frame('\11', 0, 1, ""), 100), kMaxContinuations);
  EXPECT_EQ(reason_, RejectReason::kLimit);
  for (const std::string& between : {Frame('\6', 0, 0, "12345678"), Frame('\1', 4, 3, "h"), Frame('\11', 4, 3, "h")}) {
    Greet();
    EXPECT_EQ(Said(Frame('\1', 0, 1, "h")), "");
    EXPECT_NE(Said(between), "");
    EXPECT_EQ(reason_, RejectReason::kParse);
  }
  Greet();
  EXPECT_EQ(Said(Frame('\11', 4, 1, "h")), "a CONTINUATION of nothing");
}

TEST_F(Guard, WhatAPeerNeverSendsIsRefused) {
  for (const std::string& frame : {Frame('\0', 8, 1, "d"), Frame('\1', 12, 1, "h"), Frame('\5', 4, 1, "1234"),
                                   Frame('\0', 0, 0, "d"), Frame('\1', 4, 0, "h"), Frame('\10', 0, 0, "12345"),
                                   Frame('\4', 0, 0, std::string(kMaxSettingsBytes + 6, 's'))}) {
    Greet();
    EXPECT_NE(Said(frame), "");
  }
}

TEST_F(Guard, EachBudgetHasItsBurstAndItsRate) {
  struct {
    std::string frame;
    TokenBucket::Rate rate;
    int used;  // by the greeting and the call
  } const cases[] = {{Frame('\3', 0, 1, "0000"), kResetRate, 0},     {Frame('\6', 0, 0, "12345678"), kPingRate, 0},
                     {Frame('\4', 1, 0, ""), kSettingsRate, 1},      {Frame('\0', 0, 1, ""), kEmptyDataRate, 0},
                     {Frame('\2', 0, 1, "12345"), kOtherRate, 0},    {Frame('\x77', 0, 0, "?"), kOtherRate, 0},
                     {Frame('\10', 0, 9, "1111"), kWindowRate, 0},   {Frame('\1', 5, 1, "h"), kHeaderBlockRate, 1},
                     {Frame('\0', 0, 1, std::string(1, '\0')), kFrameRate, 2}};
  for (const auto& one : cases) {
    Greet();
    Said(Frame('\1', 4, 1, "h"));
    const int burst = static_cast<int>(one.rate.burst) - one.used;
    const int passing = Passing(one.frame, 10'000);
    EXPECT_GE(passing, burst);
    EXPECT_LE(passing, burst * 11 / 10);  // frames earn by their bytes
    EXPECT_EQ(reason_, RejectReason::kBudget);
    Greet();
    Said(Frame('\1', 4, 1, "h"));
    Passing(one.frame, burst - 1);
    now_ += std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(10 / one.rate.per_second));
    EXPECT_GE(Passing(one.frame, 10'000), std::min(burst, 10));
    now_ = kStart;
  }
}

// Whole frames of it earn their place among the frames, and gRPC drops them: only this budget meets them.
TEST_F(Guard, DataOfNoOpenStreamIsABudgetOfItsOwn) {
  const std::string data = Frame('\0', 0, 1, std::string(kMaxFrameBytes, '\0'));
  EXPECT_EQ(Passing(data, 100'000), static_cast<int>(kStrayDataRate.burst)) << "never opened";
  Greet();
  EXPECT_EQ(Said(Frame('\1', 4, 1, "h")), "");
  EXPECT_EQ(Passing(data, 2000), 2000) << "open";
  EXPECT_EQ(Said(Frame('\3', 0, 1, "0000")), "");
  EXPECT_EQ(Passing(data, 100'000), static_cast<int>(kStrayDataRate.burst)) << "over: what was under way is far less";
}

TEST_F(Guard, RecordsAreEarnedByWhatIsInThem) {
  EXPECT_FALSE(guard_->TakeRecords(static_cast<int>(kRecordRate.burst), 0, now_));
  EXPECT_FALSE(guard_->TakeRecords(100, static_cast<size_t>(100 / kFramePerByte), now_));
  EXPECT_EQ(guard_->TakeRecords(1, 1, now_)->what, "TLS records");
  Greet();
  for (int i = 0; i < 5000; ++i) guard_->Sent(Frame('\0', 0, 1, "small"));  // each may be acknowledged in a record of its own
  EXPECT_FALSE(guard_->TakeRecords(10'000, 0, now_));
}

TEST_F(Guard, StreamsAreCountedWhenTheyOpen) {
  int opened = 0;
  uint32_t id = 1;
  for (; Said(Frame('\1', 4, id, "h") + Frame('\3', 0, id, "0000")) == "" && opened < 1000; id += 2) ++opened;
  EXPECT_EQ(opened, static_cast<int>(kStreamRate.burst));
  Greet();
  opened = 0;
  for (id = 1; Said(Frame('\1', 4, id, "h")) == "" && opened < 1000; id += 2) ++opened;
  EXPECT_EQ(opened, static_cast<int>(kMaxOpenStreams));
  EXPECT_EQ(reason_, RejectReason::kLimit);
  Greet();
  for (id = 1; id < 2 * kMaxOpenStreams; id += 2) EXPECT_EQ(Said(Frame('\1', 4, id, "h")), "");
  guard_->Sent(Frame('\1', 5, 1, "trailers"));  // our answer ends one
  EXPECT_EQ(Said(Frame('\1', 4, id, "h")), "");
}

TEST_F(Guard, WindowUpdatesAreEarnedByWhatWeSent) {
  const std::string update = Frame('\10', 0, 0, std::string("\0\0\0\1", 4));
  Passing(update, static_cast<int>(kWindowRate.burst));
  for (int i = 0; i < 64; ++i) guard_->Sent(Frame('\0', 0, 1, std::string(kMaxFrameBytes, 'd')));
  EXPECT_EQ(Passing(update, 10'000), 64 * (16 + 2));
}

TEST_F(Guard, AnEvenStreamNeverHidesTheOnesBehindIt) {
  EXPECT_EQ(Said(Frame('\1', 4, 0x7ffffffe, "h")), "HEADERS of an even stream");
  Greet();
  EXPECT_EQ(Said(Frame('\1', 4, 2, "h")), "HEADERS of an even stream");
}

TEST_F(Guard, WhatABadLinkBringsAboutIsNoOffence) {
  Said(Frame('\0', 0, 1, "whole").substr(0, 12));
  now_ += kFrameDeadline + std::chrono::seconds(1);
  const auto late = guard_->CheckTime(now_);
  ASSERT_TRUE(late);
  EXPECT_FALSE(late->deliberate);
  Greet();
  const auto flood = guard_->Receive(Frame('\1', 4, 0, "h"), now_, out_);
  ASSERT_TRUE(flood);
  EXPECT_TRUE(flood->deliberate);
}

// What we send as the client begins with the preface, which is no frame.
TEST_F(Guard, AListenerMayAcknowledgeWhatADiallerSent) {
  guard_.emplace(Http2Guard::Sender::kServer, kStart);
  ASSERT_EQ(Said(Frame('\4', 0, 0, "")), "");
  guard_->Sent(std::string(kClientPreface) + Frame('\4', 0, 0, "") + Frame('\1', 4, 1, "h"));
  const std::string update = Frame('\10', 0, 1, std::string("\0\0\0\1", 4));
  const int unearned = Passing(update, 10'000);
  EXPECT_EQ(unearned, static_cast<int>(kWindowRate.burst));
  guard_.emplace(Http2Guard::Sender::kServer, kStart);
  ASSERT_EQ(Said(Frame('\4', 0, 0, "")), "");
  guard_->Sent(std::string(kClientPreface) + Frame('\4', 0, 0, "") + Frame('\1', 4, 1, "h"));
  for (int i = 0; i < 1000; ++i) guard_->Sent(Frame('\0', 0, 1, "small"));
  EXPECT_GE(Passing(update, 10'000), 2000);
}

// gRPC answers each small message with an update, for the stream and for the connection, as late as it likes.
TEST_F(Guard, AnHonestPeerMayAcknowledgeEachOfManySmallFrames) {
  constexpr int kFrames = 50'000;
  for (int i = 0; i < kFrames; ++i) guard_->Sent(Frame('\0', 0, 1, "small"));
  const std::string update = Frame('\10', 0, 0, std::string("\0\0\0\1", 4));
  EXPECT_EQ(Passing(update, 2 * kFrames), 2 * kFrames);
}

TEST_F(Guard, AWindowNeverOverflowsAndIsNeverGrantedNothing) {
  const std::string most = Frame('\10', 0, 0, std::string("\x7f\xff\xff\xff", 4));
  EXPECT_EQ(Said(most), "window");
  for (const uint32_t stream : {0u, 1u}) {
    Greet();
    EXPECT_EQ(Said(Frame('\1', 4, 1, "h") + Frame('\10', 0, stream, std::string("\x70\0\0\0", 4))), "");
    EXPECT_EQ(Said(Frame('\10', 0, stream, std::string("\x10\0\0\0", 4))), "window");
    Greet();
    out_.clear();
    EXPECT_EQ(Said(Frame('\10', 0, stream, std::string(4, '\0'))), "a WINDOW_UPDATE of nothing");
    EXPECT_EQ(out_, "");
  }
}

// gRPC would take it in to the end before it looks at its limit.
TEST_F(Guard, H70ALengthOverTheLimitIsRefusedBeforeAByteOfTheMessage) {
  const auto message = [](const char* length, size_t size) {
    return std::string(1, '\0') + std::string(length, 4) + std::string(size, 'm');
  };
  const std::string small = message("\0\0\0\3", 3), largest = message("\0\101\0\0", 0);  // 4 MiB + 64 KiB
  for (const auto& [before, length] : {std::pair(small + small, "\377\377\377\377"), {std::string(), "\0\101\0\1"}}) {
    const std::string wire = Frame('\0', 0, 1, before + message(length, 100));
    for (size_t cut = 0; cut < 9 + before.size() + 5; ++cut) {
      Greet();
      EXPECT_EQ(Said(Frame('\1', 4, 1, "h")), "");
      out_.clear();
      EXPECT_EQ(Said(wire.substr(0, cut)), "") << cut;
      EXPECT_EQ(Said(wire.substr(cut)), "message bytes") << cut;
      EXPECT_LE(out_.size(), 9 + before.size() + 4) << cut;
    }
  }
  Greet();
  EXPECT_EQ(Said(Frame('\1', 4, 1, "h") + Frame('\0', 0, 1, small + largest)), "");
  EXPECT_EQ(reason_, RejectReason::kLimit);
}

TEST(Http2Guard, ThePrefaceHasItsTime) {
  Http2Guard guard(Http2Guard::Sender::kClient, kStart);
  std::string out;
  EXPECT_FALSE(guard.Receive(kClientPreface, kStart, out));
  EXPECT_FALSE(guard.CheckTime(kStart + kPrefaceDeadline));
  EXPECT_TRUE(guard.CheckTime(kStart + kPrefaceDeadline + milliseconds(1)));
}

TEST_F(Guard, ABegunFrameAndABegunBlockHaveTheirTime) {
  now_ += seconds(60);
  EXPECT_EQ(Said(Frame('\0', 0, 1, "dd").substr(0, 1)), "");
  now_ += kFrameDeadline;
  EXPECT_EQ(Late(), "");
  EXPECT_EQ(Said(Frame('\0', 0, 1, "dd").substr(1, 9)), "");  // a byte a second does not help
  now_ += milliseconds(1);
  EXPECT_EQ(Late(), "time for a frame");
  guard_->Resume(now_);  // our own side was busy
  EXPECT_EQ(Late(), "");
  EXPECT_EQ(Said("d"), "");
  now_ += seconds(60);
  EXPECT_EQ(Late(), "");
  EXPECT_EQ(Said(Frame('\1', 0, 1, "h")), "");
  now_ += kBlockDeadline + milliseconds(1);
  EXPECT_EQ(Late(), "time for a header block");
}

}  // namespace
}  // namespace entente::peer
