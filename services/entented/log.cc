#include "services/entented/log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>

#include "absl/time/clock.h"
#include "base/reject.h"
#include "model/text.h"

namespace entente::node {
namespace {

constexpr auto kForeignWindow = std::chrono::seconds(10);
constexpr size_t kMaxFieldBytes = 1024;

constexpr std::array<std::string_view, 5> kNames = {"trace", "debug", "info", "warn", "error"};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

struct Outputs {
  std::shared_ptr<spdlog::logger> file, terminal;
  bool plain = false;
  LogLevel least = LogLevel::kInfo;
};

std::shared_ptr<spdlog::logger> Raw(const std::string& name, spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>(name, std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  logger->set_error_handler([](const std::string&) {});  // a full disk must not fill the terminal too
  return logger;
}

std::shared_ptr<const Outputs> Terminal() {
  auto outputs = std::make_shared<Outputs>();
  outputs->terminal = Raw("stderr", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  outputs->plain = isatty(STDERR_FILENO) == 1;
  return outputs;
}

// Replaced as a whole, once, by StartLog; never destroyed, because gRPC's threads may outlive main.
std::atomic<std::shared_ptr<const Outputs>>& Current() {
  static auto& outputs = *new std::atomic<std::shared_ptr<const Outputs>>(Terminal());
  return outputs;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : model::Escaped(text, kMaxFieldBytes)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// A plain value that could be taken for more than one word of the line stands in quotes.
std::string PlainValue(std::string_view text) {
  const bool bare = !text.empty() && text.find_first_of(" \"=") == std::string_view::npos;
  return bare ? model::Escaped(text, kMaxFieldBytes) : Quoted(text);
}

std::string TimeText(int64_t unix_us, const char* format) {
  return absl::FormatTime(format, absl::FromUnixMicros(unix_us), absl::UTCTimeZone());
}

// A line that a library writes about a stranger's bytes or a peer that is down, which our own lines tell better.
void TakeForeignLine(LogLevel level, std::string_view library, const std::string& text) {
  static std::atomic<int64_t> window{0};
  static std::atomic<int> lines{0};
  const int64_t now = std::chrono::steady_clock::now().time_since_epoch() / kForeignWindow;
  if (window.exchange(now) != now) {
    const int dropped = lines.exchange(0) - kForeignLines;
    if (dropped > 0) Log(LogLevel::kWarn, "lines of libraries left out", {{"lines", std::to_string(dropped)}});
  }
  if (lines.fetch_add(1) >= kForeignLines) return;
  Log(level, library, {{"text", text}});
}

void TakeGrpcLine(gpr_log_func_args* args) {
  TakeForeignLine(args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kDebug : LogLevel::kTrace, "rpc library",
                  args->message);
}

// Protobuf speaks of text in a frame that is no UTF-8.
void TakeProtobufLine(google::protobuf::LogLevel, const char*, int, const std::string& text) {
  TakeForeignLine(LogLevel::kDebug, "message library", text);
}

}  // namespace

std::string JsonLine(int64_t unix_us, LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":\"" + TimeText(unix_us, "%Y-%m-%dT%H:%M:%E6SZ") + "\",\"level\":\"" +
                     std::string(kNames[static_cast<size_t>(level)]) + "\",\"message\":" + Quoted(message);
  for (const auto& [name, value] : fields) line += "," + Quoted(name) + ":" + Quoted(value);
  return line + "}";
}

std::string PlainLine(int64_t unix_us, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line = TimeText(unix_us, "%H:%M:%E3SZ ") + std::string(kNames[static_cast<size_t>(level)]) + " " +
                     model::Escaped(message, kMaxFieldBytes);
  for (const auto& [name, value] : fields) line += "  " + std::string(name) + "=" + PlainValue(value);
  return line;
}

std::string OneLine(const absl::Status& status) {
  const RejectEntry& info = Describe(ReasonOf(status));
  return model::Escaped(std::string(status.message()), 2 * kMaxFieldBytes) + " [" + std::string(info.name) + " " +
         std::string(info.code) + "]";
}

absl::Status StartLog(const std::string& path, const std::string& level) {
  auto outputs = std::make_shared<Outputs>(*Current().load());
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == level) outputs->least = static_cast<LogLevel>(i);
  }
  try {
    outputs->file =
        Raw("file", std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, kLogFileBytes, kLogFiles - 1));
  } catch (const spdlog::spdlog_ex& error) {
    return Reject(RejectReason::kStoreIo, "the log cannot be opened: " + std::string(error.what()));
  }
  Current().store(std::move(outputs));
  gpr_set_log_function(TakeGrpcLine);
  google::protobuf::SetLogHandler(TakeProtobufLine);
  return absl::OkStatus();
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const auto outputs = Current().load();
  if (level < outputs->least) return;
  const int64_t now = absl::ToUnixMicros(absl::Now());
  const std::string json = JsonLine(now, level, message, fields);
  if (outputs->file) outputs->file->log(ToSpdlog(level), json);
  outputs->terminal->log(ToSpdlog(level), outputs->plain ? PlainLine(now, level, message, fields) : json);
}

void LogRefusal(LogLevel level, std::string_view what, const absl::Status& status) {
  const RejectEntry& info = Describe(ReasonOf(status));
  Log(level, what,
      {{"reason", std::string(info.name)},
       {"code", std::string(info.code)},
       {"detail", std::string(status.message())}});
}

}  // namespace entente::node
