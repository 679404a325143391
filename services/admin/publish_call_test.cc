#include <vector>

#include "services/admin/publish_intake.h"
#include "services/admin/test_socket.h"

namespace entente::admin {
namespace {

using exchange::testing::Indicator;

std::string Object(int number) {
  std::string tail = std::to_string(number);
  tail.insert(0, 12 - tail.size(), '0');
  return Indicator(tail, "v" + std::to_string(number) + ".example", model::Label::kGreen);
}

v1::PublishChunk Chunk(const std::vector<std::string>& objects, bool first) {
  v1::PublishChunk chunk;
  if (first) chunk.mutable_options();
  for (const std::string& object : objects) chunk.add_objects()->set_content(object);
  return chunk;
}

class Publish : public TestSocket {
 protected:
  void SetUp() override {
    TestSocket::SetUp();
    stream_ = stub_->Publish(&context_);
  }
  // Everything that is told until the end; the stream's status is in status_.
  std::vector<v1::PublishProgress> ReadAll() {
    stream_->WritesDone();
    std::vector<v1::PublishProgress> told;
    for (v1::PublishProgress progress; stream_->Read(&progress);) told.push_back(progress);
    status_ = stream_->Finish();
    return told;
  }
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PublishChunk, v1::PublishProgress>> stream_;
  grpc::Status status_;
};

TEST_F(Publish, TellsRunningTotalsInOrderEachAfterItsChunk) {
  for (int chunk = 0; chunk < 12; ++chunk) {
    ASSERT_TRUE(stream_->Write(Chunk({Object(2 * chunk), Object(2 * chunk + 1)}, chunk == 0)));
  }
  const auto told = ReadAll();
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  ASSERT_EQ(told.size(), 13u);
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(told[i].published(), 2 * (i + 1));
  EXPECT_EQ(told.back().objects(), 24u);
  EXPECT_EQ(node_.journal->Count().objects, 24u);
}

TEST_F(Publish, AClientThatWaitsForEachChunkIsToldBeforeItSendsTheNext) {
  for (int chunk = 0; chunk < 3; ++chunk) {
    ASSERT_TRUE(stream_->Write(Chunk({Object(chunk)}, chunk == 0)));
    v1::PublishProgress progress;
    ASSERT_TRUE(stream_->Read(&progress));
    EXPECT_EQ(progress.published(), static_cast<uint64_t>(chunk + 1));
    EXPECT_EQ(node_.journal->Count().objects, static_cast<uint64_t>(chunk + 1));
  }
  ReadAll();
  EXPECT_TRUE(status_.ok());
}

TEST_F(Publish, CountsAddUpForAPeerThatComesHalfWay) {
  v1::PublishProgress progress;
  ASSERT_TRUE(stream_->Write(Chunk({Object(1), Object(2)}, true)) && stream_->Read(&progress));
  const exchange::testing::TestNode estovia("cert.estovia", "XE");
  node_.Accept(estovia);
  ASSERT_TRUE(stream_->Write(Chunk({Object(3)}, false)));
  const auto told = ReadAll();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().permitted().at("cert.estovia"), 1u);
  EXPECT_EQ(told.back().withheld().at("cert.estovia"), 2u);
  EXPECT_EQ(told.back().positions().at("cert.estovia"), node_.journal->NewestOutboxPosition(estovia.org()));
}

TEST_F(Publish, RefusedObjectsAreCountedNamedAndNumbered) {
  v1::PublishChunk chunk = Chunk({Object(1), "{\"type\":1}"}, true);
  chunk.add_objects()->set_refused("E_LIMIT");
  ASSERT_TRUE(stream_->Write(chunk));
  const auto told = ReadAll();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].objects(), 3u);
  EXPECT_EQ(told[1].published(), 1u);
  EXPECT_EQ(told[1].rejected(), 2u);
  ASSERT_EQ(told[0].notable_size(), 2);
  EXPECT_EQ(told[0].notable(1).reason(), "E_LIMIT");
  EXPECT_EQ(told[0].notable(1).index(), 2u);
}

TEST_F(Publish, AFileThatBreaksOffIsCountedAndIsNoObject) {
  v1::PublishChunk chunk = Chunk({Object(1)}, true);
  chunk.set_broke_off("E_JSON");
  ASSERT_TRUE(stream_->Write(chunk));
  const auto told = ReadAll();
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(told.back().objects(), 1u);
  EXPECT_EQ(node_.counters.Rejects(exchange::Door::kPublish, RejectReason::kJson), 1u);
  EXPECT_EQ(node_.counters.Of(exchange::Counters::kRejected), 0u);
}

TEST_F(Publish, ABreakForNoKnownReasonIsRefused) {
  v1::PublishChunk chunk = Chunk({Object(1)}, true);
  chunk.set_broke_off("BECAUSE");
  ASSERT_TRUE(stream_->Write(chunk));
  ReadAll();
  EXPECT_EQ(Reason(context_), "USAGE");
}

TEST_F(Publish, AnEmptyPublishEndsWithZeros) {
  ASSERT_TRUE(stream_->Write(Chunk({}, true)));
  const auto told = ReadAll();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].objects(), 0u);
  EXPECT_TRUE(status_.ok());
}

TEST_F(Publish, OptionsBelongToTheFirstChunkAlone) {
  ASSERT_TRUE(stream_->Write(Chunk({Object(1)}, true)));
  ASSERT_TRUE(stream_->Write(Chunk({Object(2)}, true)));
  const auto told = ReadAll();
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Reason(context_), "USAGE");
  EXPECT_EQ(told.back().published(), 1u);  // what came before stays, and is told
  EXPECT_EQ(node_.journal->Count().objects, 1u);
}

TEST_F(Publish, AFirstChunkWithoutOptionsIsRefused) {
  stream_->Write(Chunk({Object(1)}, false));
  EXPECT_TRUE(ReadAll().empty());
  EXPECT_EQ(Reason(context_), "USAGE");
  EXPECT_EQ(node_.journal->Count().objects, 0u);
}

TEST_F(Publish, AJournalThatRefusesEndsTheCallWithItsReason) {
  node_.journal->Stop();
  stream_->Write(Chunk({Object(1)}, true));
  EXPECT_TRUE(ReadAll().empty());
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Reason(context_), "UNAVAILABLE");
}

TEST_F(Publish, AClientThatGoesLeavesWhatItSentInWholeChunks) {
  v1::PublishProgress progress;
  ASSERT_TRUE(stream_->Write(Chunk({Object(1), Object(2)}, true)) && stream_->Read(&progress));
  context_.TryCancel();
  ReadAll();
  EXPECT_EQ(node_.journal->Count().objects, 2u);
  grpc::ClientContext context;
  v1::StatusReply reply;
  EXPECT_TRUE(stub_->Status(&context, {}, &reply).ok());
}

}  // namespace
}  // namespace entente::admin
