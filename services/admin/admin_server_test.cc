#include "services/admin/admin_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "services/admin/test_socket.h"

namespace entente::admin {
namespace {

using exchange::testing::Indicator;
using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class Admin : public TestSocket {
 protected:
  HealthCheckResponse::ServingStatus HealthOf(const std::string& service) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse reply;
    const grpc::Status status = Health::NewStub(channel_)->Check(&context, request, &reply);
    return status.ok() ? reply.status() : HealthCheckResponse::SERVICE_UNKNOWN;
  }
  v1::StatusReply StatusNow() {
    grpc::ClientContext context;
    v1::StatusReply reply;
    EXPECT_TRUE(stub_->Status(&context, {}, &reply).ok());
    return reply;
  }
};

TEST_F(Admin, SocketIsPrivateAndAnswersWithItsPid) {
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(PidBehind(path_, absl::Seconds(5)), getpid());
}

TEST_F(Admin, StopRemovesTheSocketAndASecondStartReplacesAStaleOne) {
  server_->Stop(absl::ZeroDuration());
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
  ASSERT_EQ(mknod(path_.c_str(), S_IFREG | 0600, 0), 0);
  const auto again = AdminServer::Start(path_, Sources());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(PidBehind(path_, absl::Seconds(5)), getpid());
}

TEST_F(Admin, HealthAndStatusFollowReadiness) {
  for (const std::string name : {"", "entente.v1.Admin", "entente.v1.Peer"}) {
    EXPECT_EQ(HealthOf(name), HealthCheckResponse::SERVING) << name;
  }
  EXPECT_EQ(HealthOf("no.such.Service"), HealthCheckResponse::SERVICE_UNKNOWN);
  EXPECT_EQ(StatusNow().state(), "ready");
  broken_ = true;
  EXPECT_EQ(HealthOf(""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(StatusNow().state(), "read-only");
  EXPECT_EQ(StatusNow().detail(), "no space [ENT-4008]");
}

TEST_F(Admin, HealthWatchTellsChanges) {
  grpc::ClientContext context;
  const auto changes = Health::NewStub(channel_)->Watch(&context, {});
  HealthCheckResponse change;
  ASSERT_TRUE(changes->Read(&change));
  EXPECT_EQ(change.status(), HealthCheckResponse::SERVING);
  broken_ = true;
  ASSERT_TRUE(changes->Read(&change));
  EXPECT_EQ(change.status(), HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
}

TEST_F(Admin, ReflectionNamesTheServicesOfThisSocket) {
  using namespace grpc::reflection::v1alpha;
  grpc::ClientContext context;
  const auto stream = ServerReflection::NewStub(channel_)->ServerReflectionInfo(&context);
  ServerReflectionRequest question;
  question.set_list_services("");
  ServerReflectionResponse answer;
  ASSERT_TRUE(stream->Write(question) && stream->Read(&answer));
  EXPECT_EQ(answer.list_services_response().service_size(), 3);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(Admin, RefusalsCarryReasonAndCodeAndAreNeverInternal) {
  grpc::ClientContext context;
  v1::GetRequest request;
  request.set_id("indicator--00000000-0000-4000-8000-000000000001");
  v1::ObjectPiece piece;
  const auto pieces = stub_->Get(&context, request);
  EXPECT_FALSE(pieces->Read(&piece));
  const grpc::Status status = pieces->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(status.error_message().ends_with(" [ENT-4001]")) << status.error_message();
  EXPECT_EQ(Reason(context), "NOT_FOUND");
}

TEST_F(Admin, ALargeObjectComesInPiecesThatJoinToItsBytes) {
  const std::string tail = "000000000001";
  const std::string object = Indicator(tail, "big.example", model::Label::kGreen, "2026-01-02T03:04:05.678Z",
                                       ",\"description\":\"" + std::string(1'000'000, 'd') + "\"");
  ASSERT_EQ(node_.Publish({object}).published(), 1u);
  const auto seqs = node_.journal->NewestObjects(1);
  const auto stored = node_.reading->At(seqs->front());
  grpc::ClientContext context;
  v1::GetRequest request;
  request.set_id((**stored).row.id());
  const auto pieces = stub_->Get(&context, request);
  std::string joined;
  int count = 0;
  for (v1::ObjectPiece piece; pieces->Read(&piece); ++count) {
    EXPECT_EQ(piece.has_row(), count == 0);
    joined += piece.content();
  }
  EXPECT_EQ(joined, object);
  EXPECT_EQ(count, 4);
}

TEST_F(Admin, SearchRefusesAnEmptyValue) {
  grpc::ClientContext context;
  v1::SearchReply reply;
  EXPECT_EQ(stub_->Search(&context, {}, &reply).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Reason(context), "USAGE");
}

TEST_F(Admin, TailShowsTheNewestThatMatch) {
  for (int i = 1; i <= 5; ++i) {
    const std::string digit = std::to_string(i);
    node_.Publish({Indicator("00000000000" + digit, "v" + digit + ".example", model::Label::kGreen)});
  }
  grpc::ClientContext context;
  v1::TailRequest request;
  request.set_last(2);
  request.set_type("indicator");
  request.set_peer("cert.norlandia");
  std::vector<uint64_t> seqs;
  const auto rows = stub_->Tail(&context, request);
  for (v1::ObjectRow row; rows->Read(&row);) seqs.push_back(row.journal_seq());
  EXPECT_TRUE(rows->Finish().ok());
  EXPECT_EQ(seqs, *node_.journal->NewestObjects(2));
}

TEST_F(Admin, TailFollowsAndEndsWhenTheNodeStops) {
  grpc::ClientContext context;
  v1::TailRequest request;
  request.set_follow(true);
  const auto rows = stub_->Tail(&context, request);
  v1::ObjectRow row;
  for (int i = 1; i <= 2; ++i) {
    node_.Publish({Indicator("00000000000" + std::to_string(i), "v.example", model::Label::kGreen)});
    ASSERT_TRUE(rows->Read(&row));
    EXPECT_EQ(row.journal_seq(), node_.journal->NewestObjects(1)->front());
  }
  server_->NotifyGroup();  // nothing new: nobody is woken for good
  server_->Stop(absl::Seconds(5));
  EXPECT_FALSE(rows->Read(&row));
  EXPECT_EQ(rows->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(Admin, TailOfAnUnknownPartySuggests) {
  grpc::ClientContext context;
  v1::TailRequest request;
  request.set_peer("cert.norlandja");
  const auto rows = stub_->Tail(&context, request);
  v1::ObjectRow row;
  EXPECT_FALSE(rows->Read(&row));
  EXPECT_NE(rows->Finish().error_message().find("did you mean 'cert.norlandia'?"), std::string::npos);
}

TEST_F(Admin, AMessageOverTheLimitIsRefusedAndServiceGoesOn) {
  grpc::ClientContext context;
  v1::SearchRequest request;
  request.set_value(std::string(kMaxMessageBytes, 'x'));
  v1::SearchReply reply;
  EXPECT_EQ(stub_->Search(&context, request, &reply).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(StatusNow().name(), "cert.norlandia");
}

TEST_F(Admin, CallsBeyondTheLimitAreToldToComeBackAndServiceReturns) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::ObjectRow>>> tails;
  v1::TailRequest request;
  request.set_follow(true);
  const auto ask = [this] {
    grpc::ClientContext context;
    v1::StatusReply reply;
    return stub_->Status(&context, {}, &reply).error_code();
  };
  // One refusal may be of a moment: the thread of the question before had not gone yet.
  constexpr int kForGood = 5;
  int refused = 0;
  while (refused < kForGood && tails.size() <= 4 * kMaxThreads) {
    if (ask() != grpc::StatusCode::OK) {
      ++refused;
      continue;
    }
    refused = 0;
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    tails.push_back(stub_->Tail(contexts.back().get(), request));
  }
  EXPECT_EQ(ask(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& context : contexts) context->TryCancel();
  while (ask() != grpc::StatusCode::OK) std::this_thread::yield();
}

}  // namespace
}  // namespace entente::admin
