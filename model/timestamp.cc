#include "model/timestamp.h"

#include <limits>

#include "absl/time/civil_time.h"
#include "base/reject.h"

namespace entente::model {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

absl::Status Refuse(std::string_view why) {
  return Reject(RejectReason::kStix,
                std::string("a timestamp ") + std::string(why) + "; write it as 2026-01-02T03:04:05.678Z, in UTC");
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The digits of `text`, or -1 when anything else is among them. At most nine.
int ReadDigits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Nanoseconds behind "hh:mm:ss": "" or ".d" to ".ddddddddd"; -1 when malformed.
int ReadFraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != '.' || text.size() < 2 || text.size() > 10) return -1;
  int value = ReadDigits(text.substr(1));
  for (size_t digits = text.size() - 1; value > 0 && digits < 9; ++digits) value *= 10;
  return value;
}

}  // namespace

absl::StatusOr<int64_t> ParseTimestamp(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kShape.size() + 1 || text.back() != 'Z') return Refuse("is malformed or not in UTC");
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? !IsDigit(text[i]) : text[i] != kShape[i]) return Refuse("is malformed");
  }
  const int year = ReadDigits(text.substr(0, 4)), month = ReadDigits(text.substr(5, 2));
  const int day = ReadDigits(text.substr(8, 2)), hour = ReadDigits(text.substr(11, 2));
  const int minute = ReadDigits(text.substr(14, 2)), second = ReadDigits(text.substr(17, 2));
  const int nanos = ReadFraction(text.substr(kShape.size(), text.size() - kShape.size() - 1));
  if (nanos < 0) return Refuse("has a malformed fraction, or one finer than nanoseconds");
  const absl::CivilDay date(year, month, day);  // moves an impossible day into the next month
  if (date.month() != month || date.day() != day) return Refuse("names a day that does not exist");
  if (hour > 23 || minute > 59 || second > 59) return Refuse("names a time of day that does not exist");
  const int64_t seconds = (date - absl::CivilDay(1970, 1, 1)) * 86400 + hour * 3600 + minute * 60 + second;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / kNanosPerSecond - 1;
  if (seconds > kMost || seconds < -kMost) return Refuse("is outside the years 1678 to 2261");
  return seconds * kNanosPerSecond + nanos;
}

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

}  // namespace entente::model
