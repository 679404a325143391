#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/metrics/test_node.h"

namespace entente::metrics {
namespace {

// One TCP connection to the server under test.
class Client {
 public:
  explicit Client(const std::string& address) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Client() {
    if (fd_ >= 0) close(fd_);
  }
  void Send(const std::string& text) { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Until `end` was seen or the server closed.
  std::string ReceiveUntil(const std::string& end) {
    std::string got;
    char piece[4096];
    while (end.empty() || got.find(end) == std::string::npos) {
      const ssize_t n = recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) break;
      got.append(piece, static_cast<size_t>(n));
    }
    return got;
  }

 private:
  int fd_;
};

class HttpServer : public TestNode {
 protected:
  void SetUp() override {
    TestNode::SetUp();
    auto server = MetricsServer::Start("127.0.0.1:0", Sources());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void TearDown() override {
    server_.reset();
    TestNode::TearDown();
  }
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(HttpServer, AnswersSeveralRequestsOnOneConnection) {
  Client client(server_->address());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string got = client.ReceiveUntil("\r\n\r\nlive\n");
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
  }
}

TEST_F(HttpServer, HeadSendsTheLengthWithoutTheBody) {
  Client client(server_->address());
  client.Send("HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string got = client.ReceiveUntil("");
  EXPECT_NE(got.find("Content-Length: 5\r\n"), std::string::npos) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\n")) << got;
}

TEST_F(HttpServer, OtherMethodsAreRefused) {
  Client client(server_->address());
  client.Send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
  const std::string got = client.ReceiveUntil("");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 405 ")) << got;
  EXPECT_NE(got.find("Allow: GET, HEAD\r\n"), std::string::npos) << got;
}

TEST_F(HttpServer, OversizedHeaderAndNoHttpEndTheConnection) {
  for (const std::string& bad : {"GET / HTTP/1.1\r\nX: " + std::string(kMaxRequestBytes, 'a') + "\r\n\r\n",
                                 std::string("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 11)}) {
    Client client(server_->address());
    client.Send(bad);
    EXPECT_EQ(client.ReceiveUntil(""), "");
  }
}

TEST_F(HttpServer, ARequestThatNeverEndsIsCutOff) {
  Client client(server_->address());
  client.Send("GET /livez HTTP/1.1\r\nX: ");
  const absl::Time started = absl::Now();
  EXPECT_EQ(client.ReceiveUntil(""), "");
  EXPECT_LT(absl::Now() - started, 4 * kHttpPatience);
}

TEST_F(HttpServer, ConnectionsBeyondTheLimitAreClosedAndServiceGoesOnAfterwards) {
  {
    std::vector<Client> idle;
    for (size_t i = 0; i < kMaxHttpConnections; ++i) {
      Client client(server_->address());
      client.Send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
      ASSERT_NE(client.ReceiveUntil("live\n"), "");
      idle.push_back(std::move(client));
    }
    EXPECT_EQ(Client(server_->address()).ReceiveUntil(""), "");
  }
  std::string got;
  while (got.empty()) {
    Client client(server_->address());
    client.Send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    got = client.ReceiveUntil("live\n");
  }
  EXPECT_TRUE(got.ends_with("live\n"));
}

TEST_F(HttpServer, StopClosesConnectionsAndThePortIsFree) {
  Client client(server_->address());
  const std::string address = server_->address();
  server_->Stop();
  EXPECT_EQ(client.ReceiveUntil(""), "");
  const auto again = MetricsServer::Start(address, Sources());
  EXPECT_TRUE(again.ok()) << again.status();
}

TEST_F(HttpServer, APortInUseIsRefusedAsConfiguration) {
  EXPECT_EQ(ReasonOf(MetricsServer::Start(server_->address(), Sources()).status()), RejectReason::kConfig);
  EXPECT_EQ(ReasonOf(MetricsServer::Start("no port", Sources()).status()), RejectReason::kConfig);
}

}  // namespace
}  // namespace entente::metrics
