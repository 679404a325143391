#include "services/peer/stream.h"

#include <gtest/gtest.h>

namespace entente::peer {
namespace {

// A call whose peer grants no window: a write is begun and never done.
class StalledCall final : public Wire {
 public:
  void Open() override {}
  void Read(v1::Frame*) override {}
  void Write(const v1::Frame*) override { ++writes; }
  void End(bool) override {}
  void Cancel() override { ++cancels; }
  bool reads_after_end() const override { return false; }
  int writes = 0, cancels = 0;
};

TEST(Stream, H71AWriteThatThePeerNeverTakesEndsTheStream) {
  StalledCall call;
  const auto stream = std::make_shared<Stream>(&call, absl::Milliseconds(20));
  EXPECT_TRUE(stream->Write({}));
  EXPECT_EQ(call.cancels, 0);
  EXPECT_FALSE(stream->Write({}));
  EXPECT_EQ(call.writes, 1);
  EXPECT_EQ(call.cancels, 1);
  EXPECT_FALSE(stream->Write({}));
  EXPECT_EQ(call.cancels, 1);
}

TEST(Stream, AWriteThatIsTakenInTimeMakesRoomForTheNext) {
  StalledCall call;
  const auto stream = std::make_shared<Stream>(&call, absl::Seconds(60));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(stream->Write({}));
    stream->WriteDone(true);
  }
  EXPECT_EQ(call.writes, 3);
  EXPECT_EQ(call.cancels, 0);
}

}  // namespace
}  // namespace entente::peer
