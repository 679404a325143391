#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/reject.h"

namespace entente::cli {

// What scripts branch on; docs/cli.md lists them. Never renumber.
enum class Exit {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kRefused = 3,
  kVerification = 4,
  kPeerUnreachable = 5,
  kPartly = 6
};
Exit ExitOf(const absl::Status& status);

// What the two output streams are. Colour obeys NO_COLOR and TERM=dumb and is never the only carrier of a meaning.
struct Terminal {
  bool out_tty = false, err_tty = false, colour = false;
  static Terminal Detect();
  std::string Bold(std::string_view text) const { return Painted("1", text); }
  std::string Good(std::string_view text) const { return Painted("32", text); }
  std::string Bad(std::string_view text) const { return Painted("31", text); }
  std::string Warn(std::string_view text) const { return Painted("33", text); }

 private:
  std::string Painted(std::string_view code, std::string_view text) const;
};

// `text` made safe to look at. What the daemon escaped already stays as it is; everything else passes model::Escaped.
std::string Shown(std::string_view text, size_t limit = 4096);

// Results go to stdout and nothing else does. One call prints one line. False once stdout takes no more: a command that
// has much to print stops then.
bool Print(std::string_view line);
// The same for bytes as they are, without a line end.
bool PrintBytes(std::string_view bytes);
// What a person reads while waiting, on stderr.
void Say(std::string_view line);
// "next: ..." on stderr, when a person watches both streams.
void Next(const Terminal& terminal, std::string_view command);
// False when stdout could not take everything that was printed. ReaderLeft then tells a reader that had enough from a
// loss (full disk, closed stream).
bool FlushResults();
bool ReaderLeft();

// Prints what, why, fix and code to stderr and answers the exit code that goes with the reason. `fix` replaces the
// reason's usual remedy.
Exit Fail(const absl::Status& status, std::string_view fix = {});
// The same for a reason that came without a status.
Exit Fail(RejectReason reason, std::string_view what, std::string_view fix = {});

// Rows as aligned columns, two spaces apart, each line behind `indent` spaces. Widths count code points.
std::string Columns(const std::vector<std::vector<std::string>>& rows, size_t indent = 2);
// 1234567 as "1,234,567".
std::string Grouped(uint64_t number);
// "3 min ago (2026-01-02T03:04:05Z)"; "never" at 0.
std::string When(int64_t unix_us, absl::Time now);

}  // namespace entente::cli
