#include "services/peer/links.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "crypto/transport_certificate.h"
#include "exchange/testing/test_node.h"
#include "services/peer/testing/linked.h"
#include "services/peer/testing/pipe.h"
#include "services/peer/testing/tls.h"

namespace entente::peer {
namespace {

using exchange::testing::Indicator;
using exchange::testing::TestNode;
using model::Label;
using testing::Eventually;
using testing::Linked;

class LinksTest : public ::testing::Test {
 protected:
  void Both(const LinkOptions& options = {}) {
    n_.Start("127.0.0.1:0", options);
    e_.Start("127.0.0.1:0", options);
    n_.Knows(e_, e_.address);
    e_.Knows(n_, n_.address);
  }
  bool BothUp() {
    return Eventually([&] { return n_.Up() && e_.Up(); });
  }
  void Publish(Linked& from, const std::string& tail) {
    ASSERT_EQ(from.node.Publish({Indicator(tail, tail + ".example", Label::kGreen)}).published(), 1u);
    from.links->Wake();
  }
  bool Delivered(Linked& from, Linked& to) {
    return Eventually([&] { return from.node.journal->Lag(to.node.org()) == 0; });
  }
  Linked n_{"cert.norlandia", "XN"}, e_{"cert.estovia", "XE"};
};

TEST_F(LinksTest, APartyAcceptedAtRunTimeIsDialledAndServed) {
  Both();
  ASSERT_TRUE(BothUp());
  Publish(n_, "1");
  Publish(e_, "2");
  EXPECT_TRUE(Delivered(n_, e_) && Delivered(e_, n_));
  EXPECT_EQ(n_.node.journal->Count().versions, 2u);
  EXPECT_EQ(e_.node.journal->Count().versions, 2u);
  EXPECT_GT(n_.First().last_contact_us(), 0);
}

// Whoever has a stolen key is served until the owner's word comes, and not a moment longer than it takes to look.
TEST_F(LinksTest, ANewDocumentOfAPeerEndsWhatARevokedKeyProved) {
  const trust::Self owner = e_.node.Next(/*stolen=*/true);
  Both();
  ASSERT_TRUE(BothUp());
  n_.node.Learn(owner);
  ASSERT_TRUE(Eventually([&] { return !n_.Up(); }));
  ASSERT_TRUE(Eventually([&] { return n_.node.counters.Rejects(RejectReason::kRevoked) > 0; }));
  EXPECT_FALSE(n_.Up());
  e_.Stop();
  e_.node.Become(owner);
  e_.Start(e_.address);
  ASSERT_TRUE(BothUp());
  Publish(n_, "1");
  Publish(e_, "2");
  EXPECT_TRUE(Delivered(n_, e_) && Delivered(e_, n_));
}

// The document that the session was proven with is known from then on, not from when somebody looks for a newer one.
TEST_F(LinksTest, ANewDocumentThatComesAtOnceEndsItToo) {
  const trust::Self owner = e_.node.Next(/*stolen=*/true);
  n_.Start();
  e_.Start("");
  n_.node.Accept(e_.node);  // and nobody is woken
  e_.Knows(n_, n_.address);
  ASSERT_TRUE(Eventually([&] { return n_.Up(); }));
  n_.node.Learn(owner);
  EXPECT_TRUE(Eventually([&] { return !n_.Up(); }));
  EXPECT_TRUE(Eventually([&] { return n_.node.counters.Rejects(RejectReason::kRevoked) > 0; }));
}

TEST_F(LinksTest, OneAddressIsEnoughWhicheverSideHasIt) {
  n_.Start();
  e_.Start("");
  n_.Knows(e_, "");
  e_.Knows(n_, n_.address);
  EXPECT_EQ(e_.links->address(), "");
  EXPECT_EQ(n_.First().detail(), "no address on file; waiting for the peer to dial");
  EXPECT_TRUE(BothUp());
}

// How soon: DialSchedule's tests.
TEST_F(LinksTest, ARestartedPeerIsBack) {
  Both();
  ASSERT_TRUE(BothUp());
  e_.Stop();
  ASSERT_TRUE(Eventually([&] { return !n_.Up(); }));
  Publish(n_, "1");
  EXPECT_EQ(n_.First().lag_objects(), 1u);
  e_.Start(e_.address);
  ASSERT_TRUE(BothUp());
  EXPECT_TRUE(Delivered(n_, e_));
}

TEST_F(LinksTest, BothDialledAndOneSessionStays) {
  Both();
  ASSERT_TRUE(BothUp());
  Publish(n_, "1");
  ASSERT_TRUE(Delivered(n_, e_));
  EXPECT_EQ(n_.node.counters.Peer(e_.node.org()).sessions, e_.node.counters.Peer(n_.node.org()).sessions);
}

TEST_F(LinksTest, AnotherOrganisationAtTheAddressIsRefusedAndSaid) {
  Linked volt("volt-energy", "XN");
  volt.Start();
  n_.Start();
  n_.Knows(volt, "");
  n_.Knows(e_, volt.address);
  volt.Knows(n_, "");
  ASSERT_TRUE(Eventually([&] { return n_.First().state() == "refused"; }));  // sorted by name: cert.estovia
  EXPECT_NE(n_.First().detail().find("another organisation answers"), std::string::npos) << n_.First().detail();
}

TEST_F(LinksTest, APeerThatDoesNotAcceptThisNodeNeverComesUp) {
  n_.Start();
  e_.Start();
  n_.Knows(e_, e_.address);
  ASSERT_TRUE(Eventually([&] { return e_.node.counters.Rejects(RejectReason::kUnknownParty) >= 2; }));
  EXPECT_FALSE(n_.Up());
  EXPECT_NE(n_.First().detail(), "");
}

TEST_F(LinksTest, NobodyThereIsConnectingWithTheReason) {
  n_.Start();
  n_.Knows(e_, "127.0.0.1:1");
  ASSERT_TRUE(Eventually([&] { return !n_.First().detail().empty(); }));
  EXPECT_EQ(n_.First().state(), "connecting");
}

class Handshakes : public LinksTest {
 protected:
  uint64_t Count(exchange::HandshakeRefusal why) const { return n_.node.counters.Handshakes(why); }
  // Every refusal by its reason, in the order of the enumeration.
  std::vector<uint64_t> All() const {
    std::vector<uint64_t> all;
    for (size_t i = 0; i < static_cast<size_t>(exchange::HandshakeRefusal::kCount); ++i) {
      all.push_back(Count(static_cast<exchange::HandshakeRefusal>(i)));
    }
    return all;
  }
  // Slow threads are no refusals.
  static LinkOptions Patient() {
    LinkOptions options;
    options.handshake_timeout = absl::Seconds(30);
    return options;
  }
  void StartListening() { n_.Start("127.0.0.1:0", Patient()); }
  int Connected() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(testing::PortOf(n_.address)));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    return fd;
  }
};

TEST_F(Handshakes, NoTlsNoCertificateAndAnotherVersionAreToldApart) {
  StartListening();
  EXPECT_EQ(testing::ListenAsClient(testing::PortOf(n_.address), nullptr, 1).bytes, "");
  EXPECT_EQ(testing::ListenAsClient(testing::PortOf(n_.address), nullptr, 1, TLS1_2_VERSION).bytes, "");
  const int fd = Connected();
  const std::string http = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(send(fd, http.data(), http.size(), MSG_NOSIGNAL), static_cast<ssize_t>(http.size()));
  ASSERT_TRUE(Eventually([&] { return Count(exchange::HandshakeRefusal::kNoTls) == 1; }));
  EXPECT_EQ(All(), (std::vector<uint64_t>{0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0}));
  close(fd);
}

TEST_F(Handshakes, SilenceIsATimeout) {
  LinkOptions options;
  options.handshake_timeout = absl::Milliseconds(200);
  n_.Start("127.0.0.1:0", options);
  const int fd = Connected();
  ASSERT_TRUE(Eventually([&] { return Count(exchange::HandshakeRefusal::kTimeout) == 1; }));
  EXPECT_EQ(All(), (std::vector<uint64_t>{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0}));
  close(fd);
}

TEST_F(Handshakes, AStrangersCertificateIsCountedOnce) {
  StartListening();
  const auto stranger = *crypto::MakeTransportCertificate(e_.node.org(), e_.node.self->key_id,
                                                          *e_.node.self->statement_key, n_.node.clock.now);
  EXPECT_EQ(testing::ListenAsClient(testing::PortOf(n_.address), &stranger, 1).bytes, "");
  const int fd = Connected();
  close(fd);  // behind it: when this one is counted, the stranger's end was seen, too
  ASSERT_TRUE(Eventually([&] { return Count(exchange::HandshakeRefusal::kTls) == 1; }));
  EXPECT_EQ(All(), (std::vector<uint64_t>{0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}));
}

TEST_F(Handshakes, SessionsThatServedAreNotRefusals) {
  Both(Patient());
  ASSERT_TRUE(BothUp());
  e_.Stop();
  ASSERT_TRUE(Eventually([&] { return !n_.Up(); }));
  const int fd = Connected();
  close(fd);
  ASSERT_TRUE(Eventually([&] { return Count(exchange::HandshakeRefusal::kTls) == 1; }));
  EXPECT_EQ(Count(exchange::HandshakeRefusal::kTimeout), 0u);
}

TEST_F(Handshakes, TooManyFromOneAddressIsCounted) {
  LinkOptions options = Patient();
  options.max_connections_per_address = 1;
  n_.Start("127.0.0.1:0", options);
  const int first = Connected(), second = Connected();
  ASSERT_TRUE(Eventually([&] { return Count(exchange::HandshakeRefusal::kAddress) == 1; }));
  close(first);
  close(second);
}

TEST_F(LinksTest, StopIsBounded) {
  Both();
  ASSERT_TRUE(BothUp());
  const auto begun = std::chrono::steady_clock::now();
  n_.links->Stop(absl::Seconds(20));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
  n_.links->Stop(absl::Seconds(2));  // again: nothing
}

TEST_F(LinksTest, AnAddressInUseIsRefusedWithIt) {
  n_.Start();
  LinkOptions options;
  options.listen = n_.address;
  const auto second = Links::Start(e_.node.room(), {*e_.node.admission, *e_.node.groups}, options, [](absl::Status) {});
  EXPECT_EQ(ReasonOf(second.status()), RejectReason::kConfig);
  EXPECT_NE(second.status().message().find(n_.address), absl::string_view::npos);
}

// A clock that a test moves while nodes run.
class MovingClock final : public Clock {
 public:
  explicit MovingClock(absl::Time start) : micros_(absl::ToUnixMicros(start)) {}
  absl::Time Now() const override { return absl::FromUnixMicros(micros_); }
  void Forward(absl::Duration by) { micros_ += absl::ToInt64Microseconds(by); }

 private:
  std::atomic<int64_t> micros_;
};

TEST_F(LinksTest, WhatWaitsForAnEmbargoIsSentWithoutBeingCalledFor) {
  exchange::PublishTerms terms;
  terms.constraints.embargo_until = n_.node.clock.now + absl::Hours(1);
  terms.constraints.post_embargo_label = Label::kGreen;
  MovingClock clock(terms.constraints.embargo_until + exchange::kEmbargoMargin - absl::Milliseconds(200));
  exchange::Room room{
      *n_.node.self, *n_.node.directory, *n_.node.prekeys, *n_.node.group_directory, *n_.node.journal, n_.node.rules,
      clock,         n_.node.counters, n_.node.group_envelopes, n_.node.warning_lists};
  e_.node.clock.now = clock.Now();
  e_.Start();
  e_.Knows(n_, "");
  n_.Knows(e_, e_.address);
  ASSERT_EQ(n_.node.Publish({Indicator("1", "a.example", Label::kGreen)}, terms).withheld().at("cert.estovia"), 1u);
  const auto links = *Links::Start(room, {*n_.node.admission, *n_.node.groups}, {}, [](absl::Status) {});
  ASSERT_TRUE(Eventually([&] { return links->Status().at(0).state() == "up"; }));
  EXPECT_EQ(links->Status().at(0).embargoed_objects(), 1u);
  EXPECT_EQ(links->Status().at(0).lag_objects(), 0u);
  clock.Forward(absl::Seconds(1));
  EXPECT_TRUE(Eventually([&] { return links->Status().at(0).embargoed_objects() == 0; }));
  EXPECT_EQ(e_.node.journal->Count().objects, 1u);
  links->Stop(absl::Seconds(2));
}

TEST_F(LinksTest, ACertificatePastHalfItsLifeIsMadeAnew) {
  MovingClock clock(n_.node.clock.now);
  exchange::Room room{
      *n_.node.self, *n_.node.directory, *n_.node.prekeys, *n_.node.group_directory, *n_.node.journal, n_.node.rules,
      clock,         n_.node.counters, n_.node.group_envelopes, n_.node.warning_lists};
  LinkOptions options;
  options.listen = "127.0.0.1:0";
  const auto links = *Links::Start(room, {*n_.node.admission, *n_.node.groups}, options, [](absl::Status) {});
  const auto certificate = [port = testing::PortOf(links->address())] {
    return testing::ListenAsClient(port, nullptr, 1).certificate;
  };
  const std::string before = certificate();
  ASSERT_NE(before, "");
  EXPECT_EQ(certificate(), before);
  clock.Forward(crypto::kTransportLifetime / 2);
  EXPECT_TRUE(Eventually([&] { return certificate() != before; }));
}

}  // namespace
}  // namespace entente::peer
