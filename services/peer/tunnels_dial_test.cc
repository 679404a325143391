// Tunnels that dial, against a TLS server by hand.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <set>
#include <thread>

#include "base/reject.h"
#include "exchange/testing/test_node.h"
#include "services/peer/socket_address.h"
#include "services/peer/testing/dialling.h"
#include "services/peer/testing/tls.h"

namespace entente::peer {
namespace {

using exchange::testing::TestNode;
using std::chrono::milliseconds;

// A socket that listens on a loopback port. What is in its queue is never taken.
class Port {
 public:
  explicit Port(int queue) : listening_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(fd(), queue), 0);
  }
  int fd() const { return listening_.get(); }
  Endpoint endpoint() const { return Resolve(AddressOf(fd()))->front(); }

 private:
  const Descriptor listening_;
};

// Neither takes a connection nor refuses one: the kernel answers no SYN while the queue is full.
class DeadEnd : public Port {
 public:
  DeadEnd() : Port(0) {
    for (Descriptor& one : queue_) one = BeginConnect(endpoint());
  }

 private:
  std::array<Descriptor, 4> queue_;
};

class DiallingTest : public ::testing::Test {
 protected:
  void SetUp() override { estovia_.Accept(norlandia_); }
  void Start(TunnelLimits limits) {
    tunnels_ = testing::DiallingTunnels(room_, limits, [this](const OrgId&, const Http2Breach& breach) {
      cut_.set_value(std::string(breach.what));
    });
  }
  absl::Status Dial(std::vector<Endpoint> addresses) {
    std::promise<absl::Status> verdict;
    grpc_ = *tunnels_->Dial(std::move(addresses), {norlandia_.org(), [&](const absl::Status& v) { verdict.set_value(v); }});
    return verdict.get_future().get();
  }
  // Norlandia takes one connection there, until its end.
  std::thread Answer(const Port& port, int tickets = 0) {
    return std::thread([this, fd = port.fd(), tickets] { testing::ListenAsServer(fd, certificate_, 1 << 20, tickets); });
  }
  TestNode norlandia_{"cert.norlandia"}, estovia_{"cert.estovia"};
  exchange::Room room_ = estovia_.room();
  const crypto::TransportCertificate certificate_ = *crypto::MakeTransportCertificate(
      norlandia_.org(), norlandia_.self->key_id, *norlandia_.self->statement_key, norlandia_.clock.now);
  std::promise<std::string> cut_;
  std::unique_ptr<Tunnels> tunnels_;
  Descriptor grpc_;
};

TEST_F(DiallingTest, EachAddressIsTriedAndWhyNoneWorkedIsSaid) {
  Start(testing::kPatientHandshake);
  const Endpoint nobody = Resolve("127.0.0.1:1")->front();
  const absl::Status refused = Dial({nobody});
  EXPECT_EQ(ReasonOf(refused), RejectReason::kPeerDown);
  EXPECT_NE(refused.message().find("Connection refused"), absl::string_view::npos) << refused.message();
  const Port good(1);
  std::thread answering = Answer(good);
  EXPECT_TRUE(Dial({nobody, good.endpoint()}).ok());
  grpc_ = Descriptor();
  answering.join();
}

TEST_F(DiallingTest, DeadAddressesInFrontLeaveTimeForAGoodOne) {
  constexpr milliseconds kWhole{4500};
  Start({.handshake = kWhole});
  const DeadEnd first, second;
  const Port good(1);
  std::thread answering = Answer(good);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(Dial({first.endpoint(), second.endpoint(), good.endpoint()}).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2 * kWhole) << "each had the whole time";
  grpc_ = Descriptor();
  answering.join();
  Start({.handshake = milliseconds(200)});
  const absl::Status none = Dial({first.endpoint(), second.endpoint()});
  EXPECT_NE(none.message().find("no answer in time"), absl::string_view::npos) << none.message();
}

// OpenSSL derives keys for each; no node of ours sends one.
TEST_F(DiallingTest, SessionTicketsAreABudget) {
  for (const int tickets : {kMaxKeyUpdates, kMaxKeyUpdates + 1}) {
    Start(testing::kPatientHandshake);
    const Port port(1);
    std::thread answering = Answer(port, tickets);
    EXPECT_TRUE(Dial({port.endpoint()}).ok());
    if (tickets > kMaxKeyUpdates) {
      EXPECT_EQ(cut_.get_future().get(), "TLS key updates");
    } else {
      const timeval patience{0, 300'000};
      fcntl(grpc_.get(), F_SETFL, 0);
      setsockopt(grpc_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      char byte;
      EXPECT_LT(recv(grpc_.get(), &byte, 1, 0), 0) << "open, and silent";
    }
    grpc_ = Descriptor();
    answering.join();
  }
}

// A local user who knew the next name could take it first.
TEST(GrpcPairs, NobodyGuessesTheirNames) {
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) {
    const auto pair = MakeGrpcPair();
    ASSERT_TRUE(pair.ok());
    EXPECT_TRUE(names.insert(pair->name).second);
    EXPECT_EQ(pair->name.size(), std::string("entente-").size() + 32) << pair->name;
    EXPECT_EQ(pair->name.find("-" + std::to_string(getpid())), std::string::npos) << pair->name;
  }
}

TEST(Resolve, NamesAndNumbers) {
  EXPECT_EQ(Resolve("127.0.0.1:7443")->front().address.ss_family, AF_INET);
  EXPECT_EQ(Resolve("[::1]:7443")->front().address.ss_family, AF_INET6);
  EXPECT_TRUE(Resolve("localhost:7443").ok());
  for (const std::string wrong : {"127.0.0.1", "host.invalid:7443", "127.0.0.1:http", ""}) {
    EXPECT_EQ(ReasonOf(Resolve(wrong).status()), RejectReason::kPeerDown) << wrong;
  }
}

}  // namespace
}  // namespace entente::peer
