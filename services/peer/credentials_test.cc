#include "services/peer/credentials.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "crypto/transport_certificate.h"
#include "exchange/testing/test_node.h"
#include "base/reject.h"
#include "services/peer/dial.h"
#include "services/peer/grpc_transport.h"
#include "services/peer/listener.h"
#include "services/peer/peer_server.h"
#include "services/peer/testing/dialling.h"
#include "services/peer/testing/http2_frames.h"
#include "services/peer/testing/pipe.h"
#include "services/peer/testing/tls.h"
#include "trust/key_maker.h"

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
TEST_F(CertificateCheck, TheNextKeyAndTheOneThatGoesBothProveUntilTheCutOff) {
  const crypto::TransportCertificate before = CertificateOf(estovia_, now_);
  const trust::Self next = estovia_.Next();
  const auto after = *crypto::MakeTransportCertificate(next.org(), next.key_id, *next.statement_key, now_);
  EXPECT_EQ(Check(after), RejectReason::kNoKey);
  norlandia_.Learn(next);
  EXPECT_EQ(Check(after), RejectReason::kNone);
  EXPECT_EQ(Check(before), RejectReason::kNone);
  now_ += trust::kKeyOverlap;
  EXPECT_EQ(Check(after), RejectReason::kNone);
  EXPECT_EQ(Check(before), RejectReason::kRevoked);
}
TEST_F(CertificateCheck, AStolenKeyProvesNothingOnceItsOwnerSaysSo) {
  const crypto::TransportCertificate stolen = CertificateOf(estovia_, now_);
  const trust::Self next = estovia_.Next(/*stolen=*/true);
  EXPECT_EQ(Check(stolen), RejectReason::kNone);
  norlandia_.Learn(next);
  EXPECT_EQ(Check(stolen), RejectReason::kRevoked);
  EXPECT_EQ(Check(*crypto::MakeTransportCertificate(next.org(), next.key_id, *next.statement_key, now_)), RejectReason::kNone);
}
// Estovia's next document and key, and its certificate with these documents beside the claim.
struct Carried {
  Carried(const TestNode& estovia, absl::Time now)
      : next(estovia.Next()), chain(trust::ChainOf(trust::HistoryOf(next))), at(now) {}
  std::string Certificate() const { return Certificate(chain.SerializeAsString()); }
  std::string Certificate(const Bytes& documents) const {
    return crypto::MakeTransportCertificate(next.org(), next.key_id, *next.statement_key, at, documents)->certificate_pem;
  }
  const trust::Self next;
  v1::IdentityChain chain;
  const absl::Time at;
};
TEST_F(CertificateCheck, WhoWasAwayLearnsTheNextKeyFromTheCertificate) {
  const Carried carried(estovia_, now_);
  EXPECT_EQ(*CheckAndCount(norlandia_.room(), carried.Certificate(), estovia_.org()), estovia_.org());
  EXPECT_EQ(norlandia_.directory->Find(estovia_.org())->identity.version(), 2u);
  norlandia_.Restart();
  EXPECT_TRUE(norlandia_.journal->Fsck(false)->problems.empty());
  EXPECT_EQ(*CheckAndCount(norlandia_.room(), carried.Certificate(""), std::nullopt), estovia_.org());
}
TEST_F(CertificateCheck, WhatIsCarriedProvesItselfOrIsPassedOver) {
  const Carried carried(estovia_, now_);
  const auto refused = [&](const Bytes& documents) {
    const auto org = CheckAndCount(norlandia_.room(), carried.Certificate(documents), std::nullopt);
    EXPECT_EQ(norlandia_.directory->Find(estovia_.org())->identity.version(), 1u);
    return ReasonOf(org.status());
  };
  EXPECT_EQ(refused("no chain"), RejectReason::kNoKey);
  v1::IdentityChain bent = carried.chain;
  (*bent.mutable_documents(1)->mutable_document())[60] ^= 1;
  EXPECT_EQ(refused(bent.SerializeAsString()), RejectReason::kNoKey);
  EXPECT_EQ(refused(trust::ChainOf(trust::HistoryOf(volt_.Next())).SerializeAsString()), RejectReason::kNoKey);
  EXPECT_EQ(norlandia_.counters.Rejects(RejectReason::kNoKey), 3u);
  // The key on file still proves its owner, whatever stands beside.
  const auto known = crypto::MakeTransportCertificate(estovia_.org(), estovia_.self->key_id,
                                                      *estovia_.self->statement_key, now_, "no chain");
  EXPECT_EQ(*CheckAndCount(norlandia_.room(), known->certificate_pem, std::nullopt), estovia_.org());
}
TEST_F(CertificateCheck, DocumentsAreCarriedForAWhileBehindAChange) {
  EXPECT_EQ(Credentials::Make(estovia_.room())->renew_at, now_ + crypto::kTransportLifetime / 2);
  estovia_.Become(estovia_.Next());
  EXPECT_LE(Credentials::Make(estovia_.room())->renew_at, now_ + kCarriedFor + absl::Microseconds(1));
  estovia_.clock.now += kCarriedFor + absl::Microseconds(1);
  EXPECT_EQ(Credentials::Make(estovia_.room())->renew_at, estovia_.clock.now + crypto::kTransportLifetime / 2);
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
    server_ = *PeerServer::Start(
        [this](std::string_view grpc_peer) { return tunnels_->OrgOf(grpc_peer); },
        [this](const OrgId& org, const PeerServer::TakeStream& take) { on_session_(org, take); });
    tunnels_ = *Tunnels::Start(
        Credentials::Make(room_)->identity, testing::kPatientHandshake,
        {.check = [this](ByteView pem, const auto& expected) { return CheckAndCount(room_, pem, expected); },
         .may_connect = [this](const OrgId&) { return may_connect_; },
         .hand_over = [this](int fd) { ++handed_over_, server_->HandOver(fd); },
         .on_refused = [](exchange::HandshakeRefusal) {},
         .on_cut = [](const OrgId&, const Http2Breach&) {}});
    listener_ = *Listener::Open("127.0.0.1:0", {}, {[this](int fd, auto place) { tunnels_->Take(fd, std::move(place)); }, [](Drop) {}});
  }
  void TearDown() override {
    listener_->Stop();
    server_->Shutdown(absl::ZeroDuration());
    tunnels_->Stop(std::chrono::milliseconds(0));
  }
  int port() const { return testing::PortOf(listener_->address()); }
  exchange::Room room_ = norlandia_.room();
  absl::Status may_connect_;
  std::atomic<int> handed_over_{0};
  PeerServer::OnSession on_session_ = [](const OrgId&, const PeerServer::TakeStream&) {};
  std::unique_ptr<Tunnels> tunnels_;
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
  EXPECT_EQ(norlandia_.counters.Rejects(RejectReason::kUnknownParty), 1u);
}
TEST_F(PeerPort, AnAcceptedCertificateUnderTls12HearsNothing) {
  const crypto::TransportCertificate good = CertificateOf(estovia_, now_);
  const Heard heard = ListenAsClient(port(), &good, 1, TLS1_2_VERSION);
  EXPECT_FALSE(heard.handshake);
  EXPECT_EQ(heard.bytes, "");
}
TEST_F(PeerPort, AnAcceptedCertificateWithoutAlpnHearsNothing) {
  testing::TlsClient client(port(), CertificateOf(estovia_, now_), /*with_alpn=*/false);
  EXPECT_TRUE(client.Ended());
}

// Not one byte behind the handshake, although the client speaks first.
TEST_F(PeerPort, K41CertificatesThatAreRefusedBeforeHttp2) {
  const crypto::TransportCertificate good = CertificateOf(estovia_, now_);
  struct {
    const char* name;
    crypto::TransportCertificate certificate;
    RejectReason reason;
  } const cases[] = {
      {"expired", CertificateOf(estovia_, now_ - crypto::kTransportLifetime - absl::Hours(1)), RejectReason::kTime},
      {"not yet valid", CertificateOf(estovia_, now_ + absl::Hours(1)), RejectReason::kTime},
      {"wrong EKU", Changed(good, testing::Change::kForSigningCode), RejectReason::kIdentity},
      {"unknown CA", Changed(good, testing::Change::kSignedByAnother), RejectReason::kIdentity},
      {"self-signed, claims nothing", Changed(good, testing::Change::kWithoutClaim), RejectReason::kIdentity},
      {"wrong claim",
       *crypto::MakeTransportCertificate(estovia_.org(), estovia_.self->key_id, *volt_.self->statement_key, now_),
       RejectReason::kSignature},
  };
  for (const auto& one : cases) {
    const uint64_t before = norlandia_.counters.Rejects(one.reason);
    testing::TlsClient client(port(), one.certificate);
    client.Send(std::string(testing::kClientPreface) + testing::Frame('\4', 0, 0, ""));
    EXPECT_TRUE(client.Ended()) << one.name;
    EXPECT_EQ(norlandia_.counters.Rejects(one.reason), before + 1) << one.name;
    EXPECT_EQ(handed_over_, 0) << one.name;
  }
  testing::TlsClient client(port(), good);
  EXPECT_EQ(client.Read(kFrameHeader).size(), kFrameHeader);
}
TEST_F(PeerPort, AProvenPeerThatMayNotConnectHearsNothing) {
  may_connect_ = Reject(RejectReason::kBudget, "it was cut off a moment ago");
  const crypto::TransportCertificate good = CertificateOf(estovia_, now_);
  EXPECT_EQ(ListenAsClient(port(), &good, 1).bytes, "");
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
  const auto tunnels = testing::DiallingTunnels(room);
  const auto channel = ChannelOver(
      tunnels->Dial(*Resolve(listener_->address()), {norlandia_.org(), [](const absl::Status&) {}})->release());
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
    const auto tunnels = testing::DiallingTunnels(room);
    const int listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(listen_fd, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listen_fd, 1) != 0 ||
        getsockname(listen_fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) abort();
    LookUps look_ups;
    const auto stream = DialStream(*tunnels, look_ups, "127.0.0.1:" + std::to_string(ntohs(at.sin_port)), expected, attempt_);
    std::promise<void> closed;
    stream->Start([](v1::Frame) {}, [&](absl::Status) { closed.set_value(); });
    const Heard heard = testing::ListenAsServer(listen_fd, server, kPreface.size());
    close(listen_fd);
    stream->Close();
    closed.get_future().wait();
    attempt_->Release();
    return heard;
  }
  std::shared_ptr<Attempt> attempt_ = std::make_shared<Attempt>();
};

TEST_F(Dialling, TheExpectedOrganisationHearsThePreface) {
  const Heard heard = DialAgainst(CertificateOf(estovia_, now_), estovia_.org());
  EXPECT_EQ(heard.bytes.substr(0, kPreface.size()), kPreface);
  EXPECT_TRUE(attempt_->verdict().has_value() && attempt_->verdict()->ok());
}
TEST_F(Dialling, AnotherAcceptedOrganisationHearsNothing) {
  norlandia_.Accept(volt_);
  EXPECT_EQ(DialAgainst(CertificateOf(volt_, now_), estovia_.org()).bytes, "");
  ASSERT_TRUE(attempt_->verdict().has_value());
  EXPECT_EQ(ReasonOf(*attempt_->verdict()), RejectReason::kUnknownParty);
}
TEST_F(Dialling, AnExpiredCertificateHearsNothing) {
  const auto old = CertificateOf(estovia_, now_ - crypto::kTransportLifetime - absl::Hours(1));
  EXPECT_EQ(DialAgainst(old, estovia_.org()).bytes, "");
  ASSERT_TRUE(attempt_->verdict().has_value());
  EXPECT_EQ(ReasonOf(*attempt_->verdict()), RejectReason::kTime);
}

}  // namespace
}  // namespace entente::peer
