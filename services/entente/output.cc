#include "services/entente/output.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "model/text.h"
#include "services/entente/remedies.h"

namespace entente::cli {

namespace {

// Exit codes that do not follow from the family of the reason's code.
constexpr auto kExits = std::to_array<std::pair<RejectReason, Exit>>({
    {RejectReason::kLimit, Exit::kFailed},
    {RejectReason::kBudget, Exit::kFailed},
    {RejectReason::kNoLabel, Exit::kRefused},
    {RejectReason::kMarking, Exit::kRefused},
    {RejectReason::kOwner, Exit::kRefused},
    {RejectReason::kLabelLowered, Exit::kRefused},
    {RejectReason::kUsage, Exit::kUsage},
    {RejectReason::kConfig, Exit::kUsage},
    {RejectReason::kStoreCorrupt, Exit::kVerification},
    {RejectReason::kStoreShort, Exit::kVerification},
    {RejectReason::kRolledBack, Exit::kVerification},
    {RejectReason::kSelfTest, Exit::kVerification},
    {RejectReason::kPeerDown, Exit::kPeerUnreachable},
});

}  // namespace

Exit ExitOf(const absl::Status& status) {
  if (status.ok()) return Exit::kOk;
  const RejectReason reason = ReasonOf(status);
  for (const auto& [known, exit] : kExits) {
    if (known == reason) return exit;
  }
  const std::string_view code = Describe(reason).code;
  if (code.starts_with("ENT-10")) return Exit::kVerification;
  return code.starts_with("ENT-3") ? Exit::kRefused : Exit::kFailed;
}

Terminal Terminal::Detect() {
  Terminal terminal;
  terminal.out_tty = isatty(STDOUT_FILENO) == 1;
  terminal.err_tty = isatty(STDERR_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool plain =
      (no_colour != nullptr && *no_colour != '\0') || term == nullptr || std::string_view(term) == "dumb";
  terminal.colour = terminal.out_tty && !plain;
  return terminal;
}

std::string Terminal::Painted(std::string_view code, std::string_view text) const {
  if (!colour) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

std::string Shown(std::string_view text, size_t limit) {
  std::string out;
  while (true) {
    const size_t slash = text.find('\\');
    out += model::Escaped(text.substr(0, slash), limit);
    if (slash == std::string_view::npos) break;
    out += '\\';
    text.remove_prefix(slash + 1);
  }
  return out;
}

namespace {

int lost_to = 0;  // errno of the first write to stdout that failed; stdio itself forgets it

bool Written(bool ok) {
  if (!ok && lost_to == 0) lost_to = errno == 0 ? EIO : errno;
  return lost_to == 0;
}

}  // namespace

bool PrintBytes(std::string_view bytes) {
  return Written(std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size());
}

bool Print(std::string_view line) {
  return PrintBytes(line) && Written(std::fputc('\n', stdout) != EOF);
}

void Say(std::string_view line) {
  std::fflush(stdout);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void Next(const Terminal& terminal, std::string_view command) {
  if (terminal.out_tty && terminal.err_tty) Say("next: " + std::string(command));
}

bool FlushResults() {
  return Written(std::fflush(stdout) == 0 && std::ferror(stdout) == 0);
}

bool ReaderLeft() {
  return lost_to == EPIPE;
}

Exit Fail(const absl::Status& status, std::string_view fix) {
  const RejectReason reason = ReasonOf(status);
  Fail(reason, std::string(status.message()), fix);
  return ExitOf(status);
}

Exit Fail(RejectReason reason, std::string_view what, std::string_view fix) {
  const RejectEntry& known = Describe(reason);
  const std::string code(known.code);
  Say("error: " + Shown(what));
  Say("  why   " + std::string(known.meaning));
  Say("  fix   " + (fix.empty() ? std::string(RemedyFor(reason)) : Shown(fix)));
  Say("  code  " + code + " " + std::string(known.name) + " (entente help " + code + ")");
  return ExitOf(Reject(reason, what));
}

namespace {

size_t Width(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++width;
  }
  return width;
}

}  // namespace

std::string Columns(const std::vector<std::vector<std::string>>& rows, size_t indent) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(indent, ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (!out.empty()) out += '\n';
    out += line;
  }
  return out;
}

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

std::string When(int64_t unix_us, absl::Time now) {
  if (unix_us == 0) return "never";
  const absl::Time then = absl::FromUnixMicros(unix_us);
  const int64_t seconds = absl::ToInt64Seconds(now - then);
  const auto amount = [](int64_t s) -> std::string {
    if (s < 120) return std::to_string(s) + " s";
    if (s < 7200) return std::to_string(s / 60) + " min";
    if (s < 48 * 3600) return std::to_string(s / 3600) + " h";
    return std::to_string(s / 86400) + " days";
  };
  const std::string relative = seconds < 0 ? "in " + amount(-seconds) : amount(seconds) + " ago";
  return relative + " (" + absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", then, absl::UTCTimeZone()) + ")";
}

}  // namespace entente::cli
