#include "services/admin/callers.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <thread>

#include "base/reject.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "services/admin/test_socket.h"

namespace entente::admin {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Answers who calls; a call for "wait" stays until it is let go.
class WhoAmI final : public Health::Service {
 public:
  explicit WhoAmI(const std::unique_ptr<Callers>& callers) : callers_(callers) {}
  grpc::Status Check(grpc::ServerContext* context, const HealthCheckRequest* request, HealthCheckResponse*) override {
    const auto caller = callers_->Of(*context);
    if (request->service() == "wait") {
      entered.set_value();
      let_go.get_future().wait();
      still = callers_->Of(*context);
    }
    return caller.ok() ? grpc::Status(grpc::StatusCode::ABORTED, exchange::Written(*caller))
                       : grpc::Status(grpc::StatusCode::PERMISSION_DENIED, std::string(caller.status().message()));
  }
  std::promise<void> entered, let_go;
  absl::StatusOr<exchange::Caller> still;

 private:
  const std::unique_ptr<Callers>& callers_;
};

class CallersTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = std::make_unique<SocketPath>(*SocketPath::Open(folder_ + "/admin.sock"));
    callers_ = *Callers::Listen(*path_, std::nullopt);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    callers_->Serve(*server_);
  }
  void TearDown() override {
    callers_->Stop();
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    std::filesystem::remove_all(folder_);
  }
  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    return grpc::CreateCustomChannel(path_->address(), grpc::InsecureChannelCredentials(), arguments);
  }
  static std::string Ask(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                         const std::string& service = "") {
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse reply;
    return Health::NewStub(channel)->Check(&context, request, &reply).error_message();
  }
  // A connection that says nothing, as its descriptor.
  int ConnectSilently() const {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_->file().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  std::string folder_;
  std::unique_ptr<SocketPath> path_;
  std::unique_ptr<Callers> callers_;
  WhoAmI service_{callers_};
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(CallersTest, ACallIsThatOfWhoOpenedItsConnection) {
  grpc::ClientContext context;
  const std::string told = Ask(Connect(), context);
  EXPECT_NE(told.find("uid " + std::to_string(geteuid())), std::string::npos) << told;
}

// What Callers::Of relies on: were the number free before the call has ended, somebody else's connection could get it.
TEST_F(CallersTest, AConnectionsNumberIsNobodyElsesWhileACallOfItRuns) {
  auto channel = Connect();
  grpc::ClientContext context;
  std::thread asking([&] { Ask(channel, context, "wait"); });
  service_.entered.get_future().wait();
  const size_t open = callers_->open();
  context.TryCancel();
  asking.join();
  channel.reset();
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext another;
    EXPECT_FALSE(Ask(Connect(), another).empty());
  }
  EXPECT_GE(callers_->open(), open);
  service_.let_go.set_value();
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(10));
  server_->Wait();
  ASSERT_TRUE(service_.still.ok()) << service_.still.status();
  EXPECT_EQ(service_.still->uid, geteuid());
}

TEST_F(CallersTest, ACallThatCameAnotherWayIsNobodys) {
  grpc::ServerBuilder builder;
  WhoAmI elsewhere(callers_);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&elsewhere);
  const auto server = builder.BuildAndStart();
  grpc::ClientContext context;
  const auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  EXPECT_NE(Ask(channel, context).find("not known whose connection"), std::string::npos);
}

TEST_F(CallersTest, OneUserHasABoundedNumberOfConnections) {
  std::vector<int> open;
  for (size_t i = 0; i < kMaxConnectionsPerUser; ++i) open.push_back(ConnectSilently());
  // Accepted in order: this one is over the bound, and is closed.
  const int over = ConnectSilently();
  char byte;
  while (recv(over, &byte, 1, 0) > 0) {
  }
  EXPECT_EQ(recv(over, &byte, 1, 0), 0);
  EXPECT_EQ(callers_->open(), kMaxConnectionsPerUser);
  for (const int fd : open) close(fd);
  close(over);
  for (bool answered = false; !answered;) {  // room again once gRPC has seen them go
    grpc::ClientContext context;
    answered = !Ask(Connect(), context).empty() && callers_->open() < kMaxConnectionsPerUser;
  }
}

TEST_F(CallersTest, StopIsCleanAndAcceptsNoMore) {
  callers_->Stop();
  callers_->Stop();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  EXPECT_EQ(Ask(Connect(), context).find("uid"), std::string::npos);
}

TEST_F(CallersTest, ASocketOfAGroupIsItsMembersToo) {
  callers_->Stop();
  const auto shared = Callers::Listen(*path_, getegid());
  ASSERT_TRUE(shared.ok()) << shared.status();
  struct stat found {};
  ASSERT_EQ(stat((folder_ + "/admin.sock").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0660u);
  EXPECT_EQ(found.st_gid, getegid());
}

TEST(Officer, IsWhomTheFileNames) {
  exchange::Seats seats;
  seats.officers = {1001};
  EXPECT_TRUE(CheckOfficer(nullptr, {7, ""}, "it").ok());
  EXPECT_TRUE(CheckOfficer(&seats, {1001, ""}, "it").ok());
  EXPECT_EQ(ReasonOf(CheckOfficer(&seats, {1002, ""}, "it")), RejectReason::kRole);
}

class Who : public TestSocket {};

TEST_F(Who, StandsInTheRecordOfWhatIsAskedFor) {
  grpc::ClientContext context;
  v1::PolicyRequest request;
  request.mutable_apply()->mutable_rules()->set_text("version = 1\n");
  const auto reader = stub_->Policy(&context, request);
  v1::PolicyReply reply, last;
  while (reader->Read(&reply)) last = reply;
  ASSERT_TRUE(reader->Finish().ok());
  const std::string uid = "uid " + std::to_string(geteuid());
  EXPECT_NE(last.in_force().by().find(uid), std::string::npos) << last.in_force().by();
  const auto record = *node_.journal->FindRecord(node_.journal->Head().sequence);
  EXPECT_EQ(record->by(), last.in_force().by());
  exchange::RuleBook book;
  exchange::RuleChanges again(node_.room(), book);
  ASSERT_TRUE(again.Load().ok());
  EXPECT_EQ(again.Show(1).in_force().by(), record->by()) << "and comes back at the start";
}

}  // namespace
}  // namespace entente::admin
