#include "services/peer/credentials.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "crypto/transport_certificate.h"
#include "exchange/testing/test_node.h"
#include "services/peer/grpc_transport.h"
#include "services/peer/listener.h"
#include "services/peer/peer_server.h"
#include "services/peer/testing/pipe.h"
#include "services/peer/testing/tls.h"

namespace entente::peer {
namespace {

using exchange::testing::TestNode;
using testing::Eventually;
using testing::Heard;
using testing::ListenAsClient;

constexpr size_t kFrameHeader = 9;  // HTTP/2; the fourth byte is the type, 4 is SETTINGS
constexpr std::string_view kPreface = "PRI * HTTP/2.0";

crypto::TransportCertificate CertificateOf(const TestNode& node, absl::Time at) {
  return *crypto::MakeTransportCertificate(node.org(), node.self->key_id, *node.self->statement_key, at);
}

class CertificateCheck : public ::testing::Test {
 protected:
  void SetUp() override { norlandia_.Accept(estovia_); }
  RejectReason Check(const crypto::TransportCertificate& certificate, std::optional<OrgId> expected = std::nullopt) {
    return ReasonOf(CheckPeerCertificate(*norlandia_.directory, certificate.certificate_pem, now_, expected).status());
  }
  TestNode norlandia_{"cert.norlandia"}, estovia_{"cert.estovia"}, volt_{"volt-energy"};
  absl::Time now_ = norlandia_.clock.now;
};

TEST_F(CertificateCheck, ProvesTheOrganisation) {
  const crypto::TransportCertificate good = CertificateOf(estovia_, now_);
  EXPECT_EQ(*CheckPeerCertificate(*norlandia_.directory, good.certificate_pem, now_, std::nullopt), estovia_.org());
  EXPECT_EQ(Check(good, estovia_.org()), RejectReason::kNone);
}
TEST_F(CertificateCheck, AnotherThanExpected) {
  norlandia_.Accept(volt_);
  EXPECT_EQ(Check(CertificateOf(estovia_, now_), volt_.org()), RejectReason::kUnknownParty);
}
TEST_F(CertificateCheck, NotAccepted) { EXPECT_EQ(Check(CertificateOf(volt_, now_)), RejectReason::kUnknownParty); }
TEST_F(CertificateCheck, OneselfIsNoPeer) {
  EXPECT_EQ(Check(CertificateOf(norlandia_, now_)), RejectReason::kUnknownParty);
}
TEST_F(CertificateCheck, OutOfItsTime) {
  EXPECT_EQ(Check(CertificateOf(estovia_, now_ - crypto::kTransportLifetime - absl::Seconds(2))), RejectReason::kTime);
  EXPECT_EQ(Check(CertificateOf(estovia_, now_ + 3 * kClockSkew)), RejectReason::kTime);
}
TEST_F(CertificateCheck, SignedByAKeyThatIsNotTheOrganisations) {
  const auto forged =
      *crypto::MakeTransportCertificate(estovia_.org(), estovia_.self->key_id, *volt_.self->statement_key, now_);
  EXPECT_EQ(Check(forged), RejectReason::kSignature);
  const auto own_key =
      *crypto::MakeTransportCertificate(estovia_.org(), volt_.self->key_id, *volt_.self->statement_key, now_);
  EXPECT_EQ(Check(own_key), RejectReason::kNoKey);
}
TEST_F(CertificateCheck, NoCertificateAtAll) {
  EXPECT_EQ(ReasonOf(CheckPeerCertificate(*norlandia_.directory, "", now_, std::nullopt).status()),
            RejectReason::kIdentity);
}

// Norlandia's peer port without sessions: enough to see what comes out of it.
class PeerPort : public CertificateCheck {
 protected:
  void SetUp() override {
    CertificateCheck::SetUp();
    credentials_ = *Credentials::Make(norlandia_.room(), gate_);
    server_ = *PeerServer::Start(*credentials_, absl::Seconds(3),
                                 [this](const OrgId& org, const PeerServer::TakeStream& take) {
                                   on_session_(org, take);
                                 });
    listener_ = *Listener::Open("127.0.0.1:0", {}, [this](int fd) { server_->HandOver(fd); }, [](Drop) {});
  }
  void TearDown() override {
    listener_->Stop();
    server_->Shutdown(absl::ZeroDuration());
    gate_->Close();
  }
  int port() const { return testing::PortOf(listener_->address()); }
  exchange::Room room_ = norlandia_.room();
  std::shared_ptr<HandshakeGate> gate_ = std::make_shared<HandshakeGate>(room_);
  PeerServer::OnSession on_session_ = [](const OrgId&, const PeerServer::TakeStream&) {};
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<PeerServer> server_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(PeerPort, AnAcceptedCertificateHearsHttp2) {
  const crypto::TransportCertificate good = CertificateOf(estovia_, now_);
  const Heard heard = ListenAsClient(port(), &good, kFrameHeader);
  ASSERT_GE(heard.bytes.size(), kFrameHeader);
  EXPECT_EQ(heard.bytes[3], 4);
}
TEST_F(PeerPort, NoCertificateHearsNothing) {
  EXPECT_EQ(ListenAsClient(port(), nullptr, 1).bytes, "");
  EXPECT_EQ(ListenAsClient(port(), nullptr, 1, TLS1_2_VERSION).bytes, "");
}
TEST_F(PeerPort, AnUnknownCertificateHearsNothing) {
  const crypto::TransportCertificate stranger = CertificateOf(volt_, now_);
  EXPECT_EQ(ListenAsClient(port(), &stranger, 1).bytes, "");
  EXPECT_EQ(ListenAsClient(port(), &stranger, 1, TLS1_2_VERSION).bytes, "");
  EXPECT_GE(norlandia_.counters.Rejects(RejectReason::kUnknownParty), 2u);
}
TEST_F(PeerPort, AnExpiredCertificateHearsNothing) {
  const crypto::TransportCertificate old = CertificateOf(estovia_, now_ - crypto::kTransportLifetime - absl::Hours(1));
  EXPECT_EQ(ListenAsClient(port(), &old, 1).bytes, "");
  EXPECT_EQ(norlandia_.counters.Rejects(RejectReason::kTime), 1u);
}
TEST_F(PeerPort, AClosedGateLetsNobodyIn) {
  gate_->Close();
  const crypto::TransportCertificate good = CertificateOf(estovia_, now_);
  EXPECT_EQ(ListenAsClient(port(), &good, 1).bytes, "");
}
TEST_F(PeerPort, TheCertificateAgesAtHalfItsLife) {
  EXPECT_FALSE(credentials_->IsAgeing(now_ + crypto::kTransportLifetime / 2 - absl::Seconds(1)));
  EXPECT_TRUE(credentials_->IsAgeing(now_ + crypto::kTransportLifetime / 2));
}

// Close may come before Start, as when a node stops while a peer dials: both ends still say that it is over.
TEST_F(PeerPort, AStreamClosedBeforeItsStartStillEnds) {
  std::promise<std::unique_ptr<FrameTransport>> taken;
  on_session_ = [&](const OrgId&, const PeerServer::TakeStream& take) {
    std::unique_ptr<FrameTransport> stream = take();
    stream->Close();
    taken.set_value(std::move(stream));
  };
  const exchange::Room room = estovia_.room();
  estovia_.Accept(norlandia_);
  const auto credentials = *Credentials::Make(room, std::make_shared<HandshakeGate>(room));
  const auto channel = DialChannel(listener_->address(), credentials->ForDialling(norlandia_.org(), nullptr));
  std::promise<void> dialled_over, early_over, served_over;
  const auto dialled = DialStream(channel), early = DialStream(channel);
  dialled->Start([](v1::Frame) {}, [&](absl::Status) { dialled_over.set_value(); });
  dialled_over.get_future().wait();
  taken.get_future().get()->Start([](v1::Frame) {}, [&](absl::Status) { served_over.set_value(); });
  served_over.get_future().wait();
  on_session_ = [](const OrgId&, const PeerServer::TakeStream&) {};
  early->Close();
  early->Start([](v1::Frame) {}, [&](absl::Status) { early_over.set_value(); });
  early_over.get_future().wait();
}

// The other direction: what Norlandia says to a server before it knows who that is.
class Dialling : public CertificateCheck {
 protected:
  Heard DialAgainst(const crypto::TransportCertificate& server, const OrgId& expected) {
    const exchange::Room room = norlandia_.room();
    const auto credentials = *Credentials::Make(room, std::make_shared<HandshakeGate>(room));
    const int listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(listen_fd, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listen_fd, 1) != 0 ||
        getsockname(listen_fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) abort();
    const auto channel = DialChannel("127.0.0.1:" + std::to_string(ntohs(at.sin_port)),
                                     credentials->ForDialling(expected, verdict_));
    const auto stream = DialStream(channel);
    std::promise<void> closed;
    stream->Start([](v1::Frame) {}, [&](absl::Status) { closed.set_value(); });
    const Heard heard = testing::ListenAsServer(listen_fd, server, kPreface.size());
    close(listen_fd);
    stream->Close();
    closed.get_future().wait();
    return heard;
  }
  std::shared_ptr<Verdict> verdict_ = std::make_shared<Verdict>();
};

TEST_F(Dialling, TheExpectedOrganisationHearsThePreface) {
  const Heard heard = DialAgainst(CertificateOf(estovia_, now_), estovia_.org());
  EXPECT_EQ(heard.bytes.substr(0, kPreface.size()), kPreface);
  EXPECT_TRUE(verdict_->Get().has_value() && verdict_->Get()->ok());
}
TEST_F(Dialling, AnotherAcceptedOrganisationHearsNothing) {
  norlandia_.Accept(volt_);
  EXPECT_EQ(DialAgainst(CertificateOf(volt_, now_), estovia_.org()).bytes, "");
  ASSERT_TRUE(verdict_->Get().has_value());
  EXPECT_EQ(ReasonOf(*verdict_->Get()), RejectReason::kUnknownParty);
}
TEST_F(Dialling, AnExpiredCertificateHearsNothing) {
  const auto old = CertificateOf(estovia_, now_ - crypto::kTransportLifetime - absl::Hours(1));
  EXPECT_EQ(DialAgainst(old, estovia_.org()).bytes, "");
  ASSERT_TRUE(verdict_->Get().has_value());
  EXPECT_EQ(ReasonOf(*verdict_->Get()), RejectReason::kTime);
}

}  // namespace
}  // namespace entente::peer
