#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "services/entente/output.h"
#include "services/entente/remedies.h"

namespace entente::cli {
namespace {

constexpr char kPage[] = ENTENTE_SOURCE_DIR "/docs/reject-reasons.md";

struct Part {
  std::string_view family, title;
};
constexpr Part kParts[] = {
    {"ENT-1", "What arrives from a peer"},
    {"ENT-2", "Content"},
    {"ENT-3", "Policy"},
    {"ENT-4", "This node"},
};

std::string Row(const RejectEntry& row) {
  const std::string grpc(absl::StatusCodeToString(row.grpc));
  const int exit = static_cast<int>(ExitOf(Reject(row.reason, "x")));
  return "| `" + std::string(row.name) + "` | " + std::string(row.code) + " | " + grpc + " | " +
         std::to_string(row.http) + " | " + std::to_string(exit) + " | " + std::string(row.meaning) + " | " +
         std::string(RemedyFor(row.reason)) + " |\n";
}

std::string Page() {
  std::string page =
      "# Reject reasons\n\n"
      "<!-- Made from base/reject.cc and services/entente/remedies.cc by docs/refresh.py; a test compares. -->\n\n"
      "Why something was refused, at whichever door. The name is the label `reason` of the metrics, and what\n"
      "`explain`, `publish` and the log give; name and code never change. `entente help CODE` shows a row\n"
      "of this page and needs no daemon.\n\n"
      "*gRPC* is the status of a refused call at the admin socket, *HTTP* the one that stands for it where HTTP is\n"
      "spoken, *exit* that of the command which ends with it. A `publish` that goes on behind a refused object\n"
      "exits 6 (`docs/cli.md`). A peer is never told a reason, only that it was refused.\n";
  for (const Part& part : kParts) {
    page += "\n## " + std::string(part.title) + "\n\n| name | code | gRPC | HTTP | exit | meaning | what to do |\n" +
            "|---|---|---|---|---|---|---|\n";
    for (const RejectEntry& row : AllRejectReasons()) {
      if (row.code.starts_with(part.family)) page += Row(row);
    }
  }
  return page;
}

// With ENTENTE_REFRESH set it writes the page instead.
TEST(RejectPage, IsWhatTheTableSays) {
  if (std::getenv("ENTENTE_REFRESH") != nullptr) std::ofstream(kPage) << Page();
  std::ifstream file(kPage);
  const std::string stored((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(stored, Page()) << "stale; run ENTENTE_REFRESH=1 cli_test --gtest_filter=RejectPage.*";
}

TEST(RejectPage, HasEveryReasonOnceAndWholeCells) {
  const std::string page = Page();
  for (const RejectEntry& row : AllRejectReasons()) {
    if (row.reason == RejectReason::kNone) continue;
    const std::string cell = "\n| `" + std::string(row.name) + "` | ";
    const size_t at = page.find(cell);
    ASSERT_NE(at, std::string::npos) << row.name;
    EXPECT_EQ(page.find(cell, at + 1), std::string::npos) << row.name;
    const std::string line = page.substr(at + 1, page.find('\n', at + 1) - at - 1);
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 8) << line;
  }
}

}  // namespace
}  // namespace entente::cli
