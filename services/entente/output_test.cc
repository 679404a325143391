#include "services/entente/output.h"

#include <gtest/gtest.h>

#include "services/entente/remedies.h"

namespace entente::cli {
namespace {

TEST(Output, ExitCodesFollowTheReason) {
  const auto exit = [](RejectReason reason) { return ExitOf(Reject(reason, "x")); };
  EXPECT_EQ(ExitOf(absl::OkStatus()), Exit::kOk);
  EXPECT_EQ(exit(RejectReason::kNotFound), Exit::kFailed);
  EXPECT_EQ(exit(RejectReason::kUnavailable), Exit::kFailed);
  EXPECT_EQ(exit(RejectReason::kUsage), Exit::kUsage);
  EXPECT_EQ(exit(RejectReason::kPolicyTlp), Exit::kRefused);
  EXPECT_EQ(exit(RejectReason::kNoLabel), Exit::kRefused);
  EXPECT_EQ(exit(RejectReason::kSignature), Exit::kVerification);
  EXPECT_EQ(exit(RejectReason::kIdentity), Exit::kVerification);
  EXPECT_EQ(exit(RejectReason::kStoreShort), Exit::kVerification);
  EXPECT_EQ(exit(RejectReason::kPeerDown), Exit::kPeerUnreachable);
  EXPECT_EQ(ExitOf(absl::UnknownError("no reason")), Exit::kFailed);
}

TEST(Output, EveryReasonHasARemedyAndNoneButNoneIsOk) {
  for (const RejectEntry& row : AllRejectReasons()) {
    EXPECT_FALSE(RemedyFor(row.reason).empty()) << row.name;
    if (row.reason != RejectReason::kNone) {
      EXPECT_NE(ExitOf(Reject(row.reason, "x")), Exit::kOk) << row.name;
    }
  }
}

TEST(Output, ShownNeverLetsATerminalAct) {
  EXPECT_EQ(Shown("plain \xC3\xBC"), "plain \xC3\xBC");
  EXPECT_EQ(Shown("\x1b[31mred").find('\x1b'), std::string::npos);
  EXPECT_EQ(Shown("a\\\x1b[2J").find('\x1b'), std::string::npos);
}

TEST(Output, ShownLeavesWhatIsEscapedAlready) {
  EXPECT_EQ(Shown("\\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(Shown("a\\\\b"), "a\\\\b");
}

TEST(Output, ColumnsCountCodePoints) {
  EXPECT_EQ(Columns({{"a", "b"}, {"\xC3\xBC\xC3\xBC", "c"}}, 1), " a   b\n \xC3\xBC\xC3\xBC  c");
  EXPECT_EQ(Columns({{"x", ""}}, 0), "x");
}

TEST(Output, GroupedAndWhen) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  EXPECT_EQ(When(0, now), "never");
  EXPECT_EQ(When(999'000'000'000, now), "16 min ago (1970-01-12T13:30:00Z)");
  EXPECT_EQ(When(1'000'060'000'000, now), "in 60 s (1970-01-12T13:47:40Z)");
}

}  // namespace
}  // namespace entente::cli
