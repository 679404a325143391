#include "model/timestamp.h"

#include <gtest/gtest.h>

#include "base/reject.h"

namespace entente::model {
namespace {

TEST(Timestamp, KnownInstants) {
  const std::pair<const char*, int64_t> known[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2024-01-26T21:28:21.013109Z", 1706304501013109000},
      {"2024-01-26T21:28:21.01893Z", 1706304501018930000},
      {"2000-02-29T23:59:59.999999999Z", 951868799999999999},
      {"1969-12-31T23:59:59.5Z", -500000000},
      {"2026-01-02T03:04:05.678Z", 1767323045678000000},
      {"2261-12-31T23:59:59Z", 9214646399000000000},
  };
  for (const auto& [text, nanos] : known) {
    const auto time = ParseTimestamp(text);
    ASSERT_TRUE(time.ok()) << text << time.status();
    EXPECT_EQ(*time, nanos) << text;
  }
}

TEST(Timestamp, RefusesOtherShapes) {
  for (const char* text : {"",
                           "Z",
                           "2024-01-26",
                           "2024-01-26T21:28:21",
                           "2024-01-26T21:28:21+00:00",
                           "2024-01-26t21:28:21Z",
                           "2024-01-26T21:28:21z",
                           "2024-01-26 21:28:21Z",
                           "24-01-26T21:28:21Z",
                           "2024-1-26T21:28:21Z",
                           "2024-01-26T21:28Z",
                           "2024-01-26T21:28:21.Z",
                           "2024-01-26T21:28:21,5Z",
                           "2024-01-26T21:28:21.0000000001Z",
                           "2024-01-26T21:28:21.12aZ",
                           "2024-01-26T21:28:21.-1Z",
                           " 2024-01-26T21:28:21Z",
                           "+024-01-26T21:28:21Z",
                           "2024-01-26T21:28:21ZZ",
                           "2024/01/26T21:28:21Z"}) {
    EXPECT_EQ(ReasonOf(ParseTimestamp(text).status()), RejectReason::kStix) << text;
  }
}

TEST(Timestamp, RefusesTimesThatDoNotExist) {
  for (const char* text :
       {"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "2024-00-10T00:00:00Z",
        "2024-13-10T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2016-12-31T23:59:60Z"}) {
    EXPECT_EQ(ReasonOf(ParseTimestamp(text).status()), RejectReason::kStix) << text;
  }
}

TEST(Timestamp, RefusesYearsThatNanosecondsCannotCount) {
  for (const char* text :
       {"0000-01-01T00:00:00Z", "1677-01-01T00:00:00Z", "2263-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(ReasonOf(ParseTimestamp(text).status()), RejectReason::kStix) << text;
  }
}

TEST(Timestamp, WritesMillisecondsInUtc) {
  EXPECT_EQ(FormatTimestamp(absl::FromUnixNanos(1767323045678999999)), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(FormatTimestamp(absl::UnixEpoch()), "1970-01-01T00:00:00.000Z");
}

TEST(Timestamp, ReadsWhatItWrites) {
  for (int64_t seconds = -9'000'000'000; seconds < 9'000'000'000; seconds += 123'456'789) {
    const absl::Time time = absl::FromUnixSeconds(seconds);
    EXPECT_EQ(ParseTimestamp(FormatTimestamp(time)).value(), absl::ToUnixNanos(time));
  }
}

}  // namespace
}  // namespace entente::model
