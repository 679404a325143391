// Tunnels over real sockets with a real TLS client; the test plays gRPC.
#include "services/peer/tunnels.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/un.h>

#include <algorithm>
#include <thread>

#include "base/reject.h"
#include "exchange/testing/test_node.h"
#include "services/peer/credentials.h"
#include "services/peer/listener.h"
#include "services/peer/testing/http2_frames.h"
#include "services/peer/testing/pipe.h"
#include "services/peer/testing/tls.h"

namespace entente::peer {
namespace {

using exchange::testing::TestNode;
using std::chrono::milliseconds;
using testing::Eventually;
using testing::Frame;
using testing::TlsClient;

const std::string kGreeting = std::string(testing::kClientPreface) + Frame('\4', 0, 0, "");

// Handshakes end in time however slow the machine is.
constexpr TunnelLimits kPatient{.handshake = std::chrono::seconds(30)};

const std::string kCall = Frame('\1', 4, 1, "h");

class TunnelsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    certificate_ = *crypto::MakeTransportCertificate(estovia_.org(), estovia_.self->key_id,
                                                     *estovia_.self->statement_key, norlandia_.clock.now);
    Start(kPatient);
  }
  void Start(TunnelLimits limits) {
    listener_.reset();
    tunnels_ = *Tunnels::Start(
        Credentials::Make(room_)->identity, limits,
        {.check = [this](ByteView pem, const auto& expected) { return CheckAndCount(room_, pem, expected); },
         .may_connect =
             [this](const OrgId& org) {
               EXPECT_EQ(org, estovia_.org());
               ++asked_;
               return may_connect_;
             },
         .hand_over =
             [this](int fd) {
               fcntl(fd, F_SETFL, 0);  // blocking, for the test
               std::lock_guard lock(mutex_);
               taken_.emplace_back(fd);
             },
         .on_refused = [](exchange::HandshakeRefusal) {},
         .on_cut =
             [this](const OrgId& org, const Http2Breach& breach) {
               std::lock_guard lock(mutex_);
               cuts_.push_back(org == estovia_.org() ? std::string(breach.what) : "of another");
             }});
    listener_ = *Listener::Open("127.0.0.1:0", {.connections = 1000, .per_address = 1000, .fd_reserve = 0},
                                {[this](int fd, auto place) { tunnels_->Take(fd, std::move(place)); }, [](Drop) {}});
  }
  TlsClient& Client() {
    const size_t before = Taken();
    clients_.push_back(std::make_unique<TlsClient>(testing::PortOf(listener_->address()), certificate_));
    EXPECT_TRUE(Eventually([&] { return Taken() == before + 1; }));
    return *clients_.back();
  }
  size_t Taken() {
    std::lock_guard lock(mutex_);
    return taken_.size();
  }
  int Grpc() {  // the newest end
    std::lock_guard lock(mutex_);
    return taken_.back().get();
  }
  std::vector<std::string> Cuts() {
    std::lock_guard lock(mutex_);
    return cuts_;
  }
  static std::string ReadAll(int fd, size_t size) {
    std::string out(size, '\0');
    const ssize_t got = recv(fd, out.data(), size, MSG_WAITALL);
    out.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return out;
  }
  TestNode norlandia_{"cert.norlandia"}, estovia_{"cert.estovia"};
  exchange::Room room_ = norlandia_.room();
  crypto::TransportCertificate certificate_;
  std::mutex mutex_;
  std::atomic<int> asked_{0};
  absl::Status may_connect_;
  std::vector<Descriptor> taken_;
  std::vector<std::string> cuts_;
  std::vector<std::unique_ptr<TlsClient>> clients_;
  std::unique_ptr<Tunnels> tunnels_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(TunnelsTest, BytesComeThroughBothWaysThoughOneSideIsSlow) {
  TlsClient& client = Client();
  std::string sent = kGreeting;
  for (int i = 0; i < 200; ++i) sent += Frame('\0', 0, 1, std::string(16'000, static_cast<char>('a' + i % 26)));
  std::thread sender([&] { EXPECT_TRUE(client.Send(sent)); });
  EXPECT_EQ(ReadAll(Grpc(), sent.size()), sent);
  sender.join();
  std::thread answer([&, fd = Grpc()] { EXPECT_EQ(send(fd, sent.data(), sent.size(), 0), ssize_t(sent.size())); });
  EXPECT_EQ(client.Read(sent.size()), sent);
  answer.join();
  const TunnelUse use = tunnels_->Uses().at(estovia_.org());
  EXPECT_EQ(use.connections, 1u);
  EXPECT_GE(use.bytes_in, sent.size());
  EXPECT_TRUE(Eventually([&] { return tunnels_->Uses().at(estovia_.org()).bytes_out >= sent.size(); }));
  EXPECT_GT(use.cpu.count(), 0);
  EXPECT_TRUE(Cuts().empty());
}

TEST_F(TunnelsTest, TheNameOfTheSocketIsTheOrganisationWhileItLives) {
  TlsClient& client = Client();
  sockaddr_un peer{};
  socklen_t size = sizeof peer;
  ASSERT_EQ(getpeername(Grpc(), reinterpret_cast<sockaddr*>(&peer), &size), 0);
  const std::string name(peer.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1);
  EXPECT_EQ(tunnels_->OrgOf("unix-abstract:" + name), estovia_.org());
  for (const std::string& other : {name, "unix:" + name, "unix-abstract:" + name + "0", std::string("unix-abstract:")}) {
    EXPECT_FALSE(tunnels_->OrgOf(other)) << other;
  }
  shutdown(client.fd(), SHUT_RDWR);
  EXPECT_TRUE(Eventually([&] { return !tunnels_->OrgOf("unix-abstract:" + name); }));
  EXPECT_EQ(ReadAll(Grpc(), 1), "");
}

TEST_F(TunnelsTest, ABreachCutsBothEndsAndNothingOfItGetsThrough) {
  TlsClient& client = Client();
  client.Send(kGreeting + Frame('\0', 0, 1, std::string(kMaxFrameBytes + 1, 'd')));
  EXPECT_TRUE(client.Ended());
  EXPECT_EQ(ReadAll(Grpc(), 1), "");
  EXPECT_TRUE(Eventually([&] { return Cuts() == std::vector<std::string>{"frame bytes"}; }));
  EXPECT_EQ(tunnels_->Uses().at(estovia_.org()).cuts, 1u);
}

TEST_F(TunnelsTest, WhatGrpcSaidLastArrivesThoughItClosedAtOnce) {
  Start({.handshake = kPatient.handshake, .linger = std::chrono::seconds(20)});
  TlsClient& client = Client();
  client.Send(kGreeting);
  EXPECT_EQ(ReadAll(Grpc(), kGreeting.size()), kGreeting);
  const std::string last = Frame('\0', 1, 1, std::string(100'000, 'l'));
  EXPECT_EQ(send(Grpc(), last.data(), last.size(), 0), ssize_t(last.size()));
  {
    std::lock_guard lock(mutex_);
    taken_.clear();
  }
  EXPECT_EQ(client.Read(last.size()), last);
  EXPECT_TRUE(client.Ended());
}

// What costs the most is done by then, so whoever begins nothing but handshakes pays for them, too.
TEST_F(TunnelsTest, AHandshakeThatEndsInItsLastTurnIsCharged) {
  // The end comes with the last flight, in one piece.
  for (const std::string& last : {std::string("no preface, but a breach at once"), std::string()}) {
    const int before = asked_;
    testing::HandshakeAndEnd(testing::PortOf(listener_->address()), certificate_, last);
    EXPECT_TRUE(Eventually([&] { return asked_ == before + 1; })) << last;
  }
  EXPECT_EQ(Taken(), 0u);
}

TEST_F(TunnelsTest, KeyUpdatesAreABudget) {
  TlsClient& client = Client();
  client.Send(kGreeting);
  for (int i = 0; i <= kMaxKeyUpdates; ++i) client.UpdateKeys();
  client.Send(Frame('\6', 0, 0, "12345678"));
  EXPECT_TRUE(Eventually([&] { return Cuts() == std::vector<std::string>{"TLS key updates"}; }));
}

TEST_F(TunnelsTest, RecordsAreABudgetThatWholeOnesEarn) {
  TlsClient& client = Client();
  std::thread reader([grpc = Grpc()] { ReadAll(grpc, 200 << 20); });
  client.Send(kGreeting + kCall);
  const std::string whole = Frame('\0', 0, 1, std::string(kMaxFrameBytes, '\0'));
  for (int i = 0; i < 6000; ++i) ASSERT_TRUE(client.Send(whole)) << i;
  EXPECT_TRUE(Cuts().empty());
  for (int i = 0; i < 100'000 && client.Send(whole.substr(static_cast<size_t>(i) % whole.size(), 1)); ++i) {
  }
  EXPECT_TRUE(Eventually([&] { return Cuts() == std::vector<std::string>{"TLS records"}; }));
  reader.join();
}

// H71: what waits for a peer that does not read is bounded, and so is the wait.
TEST_F(TunnelsTest, H71APeerThatNeverReadsIsCutAndHoldsLittle) {
  Start({.handshake = kPatient.handshake, .stall = milliseconds(300)});
  TlsClient& client = Client();
  client.Send(kGreeting);
  const std::string data = Frame('\0', 0, 1, std::string(16'000, 'd'));
  const timeval patience{10, 0};
  setsockopt(Grpc(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  size_t taken = 0;
  for (ssize_t sent = 1; sent > 0;) {
    sent = send(Grpc(), data.data(), data.size(), MSG_NOSIGNAL);
    taken += static_cast<size_t>(std::max<ssize_t>(sent, 0));
  }
  EXPECT_TRUE(Eventually([&] { return Cuts() == std::vector<std::string>{"time without reading"}; }));
  EXPECT_LT(taken, 16u << 20);  // the kernel's socket buffers
}

TEST_F(TunnelsTest, OneConnectionTooManyOfAPeerCutsItsOldest) {
  for (size_t i = 0; i < kConnectionsPerPeer; ++i) Client();
  EXPECT_FALSE(clients_.front()->fd() < 0);
  Client();
  EXPECT_TRUE(clients_.front()->Ended());
  EXPECT_TRUE(clients_.back()->Send(kGreeting));
  EXPECT_EQ(ReadAll(Grpc(), kGreeting.size()), kGreeting);
}

TEST_F(TunnelsTest, WhoIsCutHearsTheLastWordAndIsNotRead) {
  Start({.handshake = kPatient.handshake, .linger = std::chrono::seconds(20)});
  TlsClient& client = Client();
  client.Send(kGreeting);
  EXPECT_EQ(ReadAll(Grpc(), kGreeting.size()), kGreeting);
  tunnels_->CutAll(estovia_.org());
  const std::string bye = Frame('\0', 1, 1, std::string(100'000, 'b'));
  EXPECT_EQ(send(Grpc(), bye.data(), bye.size(), 0), ssize_t(bye.size()));
  EXPECT_EQ(client.Read(bye.size()), bye);
  client.Send(Frame('\6', 0, 0, "12345678"));
  shutdown(Grpc(), SHUT_WR);
  EXPECT_TRUE(client.Ended());
  shutdown(client.fd(), SHUT_WR);
  EXPECT_EQ(ReadAll(Grpc(), 1), "") << "nothing more of it is read";
}

TEST_F(TunnelsTest, WhoIsCutLosesEachConnection) {
  Start({.handshake = kPatient.handshake, .linger = milliseconds(50)});
  TlsClient &first = Client(), &second = Client();
  for (TlsClient* client : {&first, &second}) client->Send(kGreeting);
  EXPECT_EQ(ReadAll(Grpc(), kGreeting.size()), kGreeting);
  tunnels_->CutAll(estovia_.org());
  EXPECT_TRUE(first.Ended());
  EXPECT_TRUE(second.Ended());
  EXPECT_TRUE(Cuts().empty()) << "no breach of its own";
  EXPECT_TRUE(Client().Send(kGreeting)) << "the next one is may_connect's affair";
}

TEST_F(TunnelsTest, ACrowdOfHandshakesDoesNotHoldUpASession) {
  TlsClient& session = Client();
  const int grpc = Grpc();
  session.Send(kGreeting + kCall);
  const timeval patience{10, 0};
  setsockopt(grpc, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ASSERT_EQ(ReadAll(grpc, (kGreeting + kCall).size()), kGreeting + kCall);
  // A stranger's, so that none takes the place of the session.
  TestNode stranger("stranger");
  const auto unknown = *crypto::MakeTransportCertificate(stranger.org(), stranger.self->key_id,
                                                         *stranger.self->statement_key, norlandia_.clock.now);
  std::atomic<bool> over{false};
  std::vector<std::thread> crowd;
  for (int i = 0; i < 32; ++i) {
    crowd.emplace_back([&] {
      while (!over) testing::ListenAsClient(testing::PortOf(listener_->address()), &unknown, 1);
    });
  }
  const auto handshakes = [this] { return norlandia_.counters.Rejects(RejectReason::kUnknownParty); };
  const std::string ping = Frame('\0', 0, 1, std::string(1000, '\0'));  // large enough for its budget
  std::vector<uint64_t> meanwhile;  // handshakes, for each ping: what a thread that waits for its turn does not change
  while (!HasFailure() && (meanwhile.size() < 100 || handshakes() < 256)) {
    const uint64_t before = handshakes();
    session.Send(ping);
    EXPECT_EQ(ReadAll(grpc, ping.size()), ping);
    meanwhile.push_back(handshakes() - before);
  }
  over = true;
  for (std::thread& thread : crowd) thread.join();
  std::nth_element(meanwhile.begin(), meanwhile.begin() + 50, meanwhile.end());
  RecordProperty("median_handshakes", static_cast<int>(meanwhile[50]));
  EXPECT_LT(meanwhile[50], 16u);
}

}  // namespace
}  // namespace entente::peer
