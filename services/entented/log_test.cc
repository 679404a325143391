#include "services/entented/log.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/reject.h"
#include "entente/v1/peer.pb.h"

namespace entente::node {
namespace {

constexpr int64_t kMoment = 1'700'000'000'123'456;

TEST(LogLine, JsonHasTimeLevelMessageAndFields) {
  EXPECT_EQ(JsonLine(kMoment, LogLevel::kInfo, "ready", {{"peer", "cert.estovia"}}),
            R"({"time":"2023-11-14T22:13:20.123456Z","level":"info","message":"ready","peer":"cert.estovia"})");
}

TEST(LogLine, PlainIsForPeople) {
  EXPECT_EQ(PlainLine(kMoment, LogLevel::kWarn, "session", {{"state", "refused"}}),
            "22:13:20.123Z warn session  state=refused");
}

TEST(LogLine, O80PlainValuesCannotLookLikeOtherFields) {
  EXPECT_EQ(PlainLine(kMoment, LogLevel::kInfo, "session", {{"detail", "x  state=up"}, {"peer", "a\"b"}, {"none", ""}}),
            R"(22:13:20.123Z info session  detail="x  state=up"  peer="a\"b"  none="")");
}

TEST(LogLine, O80ReceivedTextCannotEndTheLineOrAddFields) {
  const std::string hostile = "x\",\"level\":\"error\n\x1b[2J\xe2\x80\xae\xff";
  const std::string json = JsonLine(kMoment, LogLevel::kInfo, "m", {{"detail", hostile}});
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_EQ(json.find('\x1b'), std::string::npos);
  EXPECT_EQ(json.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(json.find("\",\"level\":\"error"), std::string::npos);
  EXPECT_EQ(PlainLine(kMoment, LogLevel::kInfo, "m", {{"detail", hostile}}).find('\x1b'), std::string::npos);
}

TEST(LogLine, LongFieldsAreCut) {
  EXPECT_LT(JsonLine(kMoment, LogLevel::kInfo, "m", {{"detail", std::string(1 << 20, 'a')}}).size(), 1200u);
}

// A peer's frame with text that is no UTF-8 makes Protobuf write; not to a stream of JSON lines.
TEST(Log, WhatProtobufSaysOfAPeersFrameIsALineOfOurs) {
  ASSERT_TRUE(StartLog(::testing::TempDir() + "/entente-protobuf.log", "debug").ok());
  v1::Frame frame;
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(frame.ParseFromString("\x2a\x03\x0a\x01\xff"));
  std::istringstream lines(::testing::internal::GetCapturedStderr());
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(line.starts_with("{\"time\"")) << line;
  EXPECT_EQ(count, 1u);
}

TEST(OneLine, EndsWithNameAndCode) {
  EXPECT_EQ(OneLine(Reject(RejectReason::kStoreLocked, "another daemon\nholds it")),
            "another daemon\\x0aholds it [STORE_LOCKED ENT-4004]");
}

}  // namespace
}  // namespace entente::node
