#include "base/reject.h"

#include <gtest/gtest.h>

#include <set>

namespace entente {
namespace {

TEST(Reject, EveryReasonHasItsOwnRowNameAndCode) {
  std::set<std::string_view> names, codes;
  for (size_t i = 0; i < AllRejectReasons().size(); ++i) {
    const RejectEntry& info = AllRejectReasons()[i];
    EXPECT_EQ(static_cast<size_t>(info.reason), i) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(codes.insert(info.code).second) << info.code;
    EXPECT_FALSE(info.meaning.empty()) << info.name;
  }
}

TEST(Reject, APeersFaultIsNeverInternal) {
  for (const RejectEntry& info : AllRejectReasons()) {
    if (info.reason == RejectReason::kInternal) continue;
    EXPECT_NE(info.grpc, absl::StatusCode::kInternal) << info.name;
    EXPECT_NE(info.http, 500) << info.name;
  }
}

TEST(Reject, AStatusCarriesItsReason) {
  for (const RejectEntry& info : AllRejectReasons()) {
    if (info.reason == RejectReason::kNone) continue;
    const absl::Status status = Reject(info.reason, "what, why, what to do");
    EXPECT_EQ(ReasonOf(status), info.reason) << info.name;
    EXPECT_EQ(status.code(), info.grpc) << info.name;
  }
  EXPECT_EQ(ReasonOf(absl::OkStatus()), RejectReason::kNone);
  EXPECT_EQ(ReasonOf(absl::UnknownError("no reason attached")), RejectReason::kInternal);
}

}  // namespace
}  // namespace entente
