#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

// The daemon's log. Never a secret, an indicator value or an object id: messages are ours, received text is a field and
// is escaped here. Safe from any thread.
namespace entente::node {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };
using LogField = std::pair<std::string_view, std::string>;

inline constexpr size_t kLogFileBytes = 10u << 20, kLogFiles = 3;  // the current one and two older ones

// gRPC and Protobuf write a line for what a stranger sends. So many pass in ten seconds; the rest is counted.
inline constexpr int kForeignLines = 20;

// Opens DIR/entented.log (JSON lines, rotated) and stderr (JSON lines, or plain text on a terminal), and takes over
// gRPC's and Protobuf's own logs. `level` as in the configuration. Refuses with kStoreIo when the file cannot be opened. Before this,
// and after a refusal, Log writes to stderr alone.
absl::Status StartLog(const std::string& path, const std::string& level);
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
// A refusal: its message, reason name and code.
void LogRefusal(LogLevel level, std::string_view what, const absl::Status& status);

// The two forms of a line, without its line feed. Time in UTC, microseconds.
std::string JsonLine(int64_t unix_us, LogLevel level, std::string_view message, std::initializer_list<LogField> fields);
std::string PlainLine(int64_t unix_us, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields);

// A status as the one line that people get: "message [NAME ENT-1234]".
std::string OneLine(const absl::Status& status);

}  // namespace entente::node
