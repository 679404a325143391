#include "services/admin/under_way.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/reject.h"

namespace entente::admin {
namespace {

v1::PublishProgress Progress(uint64_t objects) {
  v1::PublishProgress progress;
  progress.set_objects(objects);
  return progress;
}

TEST(UnderWay, OutcomesComeInTheOrderOfTheChunks) {
  UnderWay under_way;
  const auto first = under_way.Enter(1), second = under_way.Enter(1);
  under_way.Settle(*second, Progress(2));
  under_way.Settle(*first, Progress(1));
  under_way.Close();
  EXPECT_EQ((*under_way.Next())->objects(), 1u);
  EXPECT_EQ((*under_way.Next())->objects(), 2u);
  EXPECT_FALSE(under_way.Next().has_value());
}

TEST(UnderWay, RoomEndsAtTheLimitOfChunksAndReturnsWithTheFirstOutcome) {
  UnderWay under_way;
  std::shared_ptr<UnderWay::Slot> first;
  for (size_t i = 0; i < kMaxChunksUnderWay; ++i) {
    EXPECT_TRUE(under_way.HasRoom(1));
    const auto slot = under_way.Enter(1);
    if (i == 0) first = slot;
  }
  EXPECT_FALSE(under_way.HasRoom(1));
  under_way.Settle(*first, Progress(1));
  EXPECT_FALSE(under_way.HasRoom(1));  // settled, not yet told
  under_way.Next();
  EXPECT_TRUE(under_way.HasRoom(1));
}

TEST(UnderWay, RoomEndsAtTheLimitOfBytesButOneChunkAlwaysMayEnter) {
  UnderWay under_way;
  EXPECT_TRUE(under_way.HasRoom(kMaxBytesUnderWay + 1));
  under_way.Enter(kMaxBytesUnderWay - 1);
  EXPECT_TRUE(under_way.HasRoom(1));
  EXPECT_FALSE(under_way.HasRoom(2));
}

TEST(UnderWay, AWaitingReaderEntersWhenRoomReturns) {
  UnderWay under_way;
  const auto first = under_way.Enter(kMaxBytesUnderWay);
  std::thread reader([&] { under_way.Settle(*under_way.Enter(1), Progress(2)); });
  under_way.Settle(*first, Progress(1));
  EXPECT_EQ((*under_way.Next())->objects(), 1u);
  EXPECT_EQ((*under_way.Next())->objects(), 2u);
  reader.join();
}

TEST(UnderWay, OneRefusalIsRememberedAndHandedOut) {
  UnderWay under_way;
  const auto first = under_way.Enter(1), second = under_way.Enter(1);
  under_way.Settle(*first, Reject(RejectReason::kDiskFull, "no space"));
  under_way.Settle(*second, Progress(1));
  EXPECT_TRUE(under_way.failed());
  EXPECT_EQ(ReasonOf(under_way.Next()->status()), RejectReason::kDiskFull);
  EXPECT_TRUE(under_way.Next()->ok());
}

}  // namespace
}  // namespace entente::admin
