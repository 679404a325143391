// Peers that want too much of a session, and what becomes of them.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "services/peer/testing/by_hand.h"
#include "services/peer/testing/http2_frames.h"
#include "services/peer/testing/linked.h"
#include "services/peer/testing/tls.h"

namespace entente::peer {
namespace {

using exchange::Budget;
using exchange::testing::Indicator;
using model::Label;
using testing::Eventually;
using testing::Linked;
using Clk = std::chrono::steady_clock;

constexpr Allowance kAmple{1e6, 1e6};

class OverBudget : public testing::ByHand {
 protected:
  exchange::PeerCounters& Counters() { return norlandia_.counters.Peer(estovia_.org()); }
  void Limit(BudgetLimits limits) {
    limits.first_back_off = std::chrono::minutes(1);  // it lasts until it is looked at
    budget_ = std::make_shared<PeerBudget>(limits, Counters(), Clk::now());
  }
  uint64_t Breaches(Budget budget) { return Counters().over_budget[static_cast<size_t>(budget)]; }
  void ExpectCutFor(Budget budget) {
    EXPECT_EQ(Bye(), "E_BUDGET");
    EXPECT_EQ(Breaches(budget), 1u);
    EXPECT_EQ(Rejected(RejectReason::kBudget), 1u);
    EXPECT_EQ(budget_->KeptOut(Clk::now())->why, exchange::Counters::Name(budget));
    EXPECT_TRUE(Hangup().refused);
  }
  void Publish(int objects) {
    for (int i = 1; i <= objects; ++i) {
      ASSERT_EQ(norlandia_.Publish({Indicator(std::to_string(i), "a.example", Label::kGreen)}).published(), 1u);
    }
  }
};

TEST_F(OverBudget, AFloodOfFramesIsCut) {
  Limit({.frames = {1, 100}, .bytes = kAmple});
  Greet();
  for (int i = 0; i < 200; ++i) Say(AckFrame(77));
  ExpectCutFor(Budget::kFrames);
}

TEST_F(OverBudget, AFloodOfBytesIsCut) {
  Limit({.frames = kAmple, .bytes = {1, 64 << 10}});
  Greet();
  v1::Frame frame = AckFrame(77);
  frame.mutable_ack()->set_refusal(std::string(10'000, 'x'));
  for (int i = 0; i < 20; ++i) Say(frame);
  ExpectCutFor(Budget::kBytes);
}

TEST_F(OverBudget, WorkForNothingIsCut) {
  Limit({.cpu_seconds = {0, 0.02}});
  Greet();
  const Bytes garbage(64 << 10, 'x');
  for (uint64_t i = 1; i < 10'000 && !budget_->KeptOut(Clk::now()); ++i) {
    Say(MakePiece(i, garbage, 0));
    if (i % 16 == 0) Next(v1::Frame::kCredit);
  }
  ExpectCutFor(Budget::kCpu);
}

TEST_F(OverBudget, BeyondItsCreditIsCutAndKeptOut) {
  Limit({});
  Open(/*credit=*/1024);
  Say(HelloFrame());
  for (uint64_t i = 1; i <= 20; ++i) Say(MakePiece(i, Bytes(600, 'x'), 0));
  ExpectCutFor(Budget::kUnanswered);
}

// What is admitted is what the node is for; what is refused counts, whichever thread did the work.
TEST_F(OverBudget, CpuIsAccountedToThePeerAndByWhatCameOfIt) {
  exchange::PeerCounters& counters = Counters();
  const std::string big = Indicator("1", "a.example", Label::kGreen, "2026-01-02T03:04:05.678Z",
                                    ",\"description\":\"" + std::string(1 << 20, 'x') + "\"");
  ASSERT_EQ(estovia_.Publish({big}).published(), 1u);
  exchange::Delivery delivery(estovia_.room(), norlandia_.org());
  Bytes envelope = (*delivery.Next(norlandia_.OfferedPrekey()))->envelope;
  ASSERT_TRUE(norlandia_.Admit(estovia_.org(), envelope).ok());
  const uint64_t fruitful = counters.cpu_ns;
  EXPECT_GT(fruitful, 500'000u);  // a mebibyte decrypted, hashed and parsed
  EXPECT_EQ(counters.fruitless_cpu_ns, 0u);
  envelope.back() ^= 1;
  ASSERT_FALSE(norlandia_.Admit(estovia_.org(), envelope).ok());
  EXPECT_GT(counters.fruitless_cpu_ns, 10'000u);
  EXPECT_EQ(counters.cpu_ns, fruitful + counters.fruitless_cpu_ns);
}

// It answers all others, so that its session lives; the one it leaves out ends it, and comes again at the pace of refusals.
TEST_F(OverBudget, OneEnvelopeThatIsNeverAnsweredEndsTheSession) {
  answer_patience_ = std::chrono::seconds(5);  // for the first one, while the other is under way
  Publish(1);
  Greet();
  const std::optional<v1::Frame> first = Next(v1::Frame::kEnvelope);
  ASSERT_TRUE(first);
  v1::Frame credit;
  credit.mutable_credit()->set_bytes(16u << 20);
  Say(credit);
  ASSERT_EQ(norlandia_.Publish({Indicator("2", "a.example", Label::kGreen)}).published(), 1u);
  session_->Wake();
  const std::optional<v1::Frame> second = Next(v1::Frame::kEnvelope);
  ASSERT_TRUE(second);
  Say(AckFrame(second->envelope().position()));
  EXPECT_EQ(Bye(), "PEER_DOWN");
  const SessionEnd end = Hangup();
  EXPECT_NE(end.why.message().find("left an envelope unanswered"), absl::string_view::npos) << end.why;
  EXPECT_EQ(Rejected(RejectReason::kPeerDown), 1u);
  EXPECT_TRUE(pace_->Spent());
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 2u);

  norlandia_.clock.now += exchange::RefusalPace::kFirstWait;
  Greet();
  for (int i = 0; i < 2; ++i) {
    const std::optional<v1::Frame> again = Next(v1::Frame::kEnvelope);
    ASSERT_TRUE(again);
    Say(AckFrame(again->envelope().position()));
  }
  EXPECT_TRUE(Eventually([&] { return norlandia_.journal->Lag(estovia_.org()) == 0; }));
}

TEST_F(OverBudget, BeforeThePaceAllowsNothingIsSentAgain) {
  answer_patience_ = std::chrono::milliseconds(100);
  Publish(1);
  Greet();
  EXPECT_EQ(Bye(), "PEER_DOWN");
  Hangup();
  Greet();
  session_->Wake();
  Say(MakePiece(1, "garbage", 0));
  const std::optional<v1::Frame> next = pipe_->Take(1);  // had it sent the envelope, that would be first
  ASSERT_TRUE(next);
  EXPECT_EQ(next->kind_case(), v1::Frame::kAck);
}

TEST_F(OverBudget, APeerThatStopsReadingIsClosed) {
  answer_patience_ = -std::chrono::seconds(kMaxPieceBytes / kSlowestLink) + std::chrono::milliseconds(100);
  Publish(3);
  Open();
  Say(HelloFrame());
  ASSERT_TRUE(Eventually([&] {
    session_->CloseWhenOverdue();
    return Rejected(RejectReason::kPeerDown) == 1;
  }));
  const SessionEnd end = Hangup();
  EXPECT_NE(end.why.message().find("stopped reading"), absl::string_view::npos) << end.why;
}

constexpr absl::Duration kAmplePatience = absl::Seconds(30);  // for a handshake

class KeptOut : public ::testing::Test {
 protected:
  // Norlandia listens, with these options; Estovia dials.
  void Start(LinkOptions options) {
    options.handshake_timeout = kAmplePatience;
    n_.Start("127.0.0.1:0", options);
    n_.Knows(e_, "");
    e_.Start("");
    e_.Knows(n_, n_.address);
    ASSERT_TRUE(Eventually([&] { return n_.Up() && e_.Up(); }));
  }
  void PublishAtEstovia(int first, int last) {
    for (int i = first; i <= last; ++i) {
      ASSERT_EQ(e_.node.Publish({Indicator(std::to_string(i), "a.example", Label::kGreen)}).published(), 1u);
      e_.links->Wake();
    }
  }
  crypto::TransportCertificate Certificate() const {  // of Estovia
    return *crypto::MakeTransportCertificate(e_.node.org(), e_.node.self->key_id, *e_.node.self->statement_key,
                                             e_.node.clock.now);
  }
  bool KeptOutFor(const std::string& budget) {
    v1::PeerStatus status;
    const bool out = Eventually([&] { return status = n_.First(), status.state() == "over budget"; });
    EXPECT_EQ(status.detail().substr(0, 8), "back in ");
    EXPECT_NE(status.detail().find("(" + budget + ")"), std::string::npos) << status.detail();
    return out;
  }
  // By Norlandia, behind whatever gRPC said.
  static bool Closed(testing::TlsClient& client) {
    client.Read(1 << 20);
    char byte;
    return recv(client.fd(), &byte, 1, MSG_DONTWAIT) == 0;
  }
  exchange::PeerCounters& FromEstovia() { return n_.node.counters.Peer(e_.node.org()); }
  uint64_t Handshakes(exchange::HandshakeRefusal why) const { return n_.node.counters.Handshakes(why); }
  Linked n_{"cert.norlandia", "XN"}, e_{"cert.estovia", "XE"};
};

TEST_F(KeptOut, APeerOverItsBudgetIsRefusedAtTheHandshakeAndComesBack) {
  LinkOptions options;
  options.budget.frames = {0.01, 50};
  options.budget.first_back_off = std::chrono::milliseconds(4000);
  Start(options);
  PublishAtEstovia(1, 60);
  ASSERT_TRUE(KeptOutFor("frames"));
  ASSERT_TRUE(Eventually([&] { return Handshakes(exchange::HandshakeRefusal::kBudget) >= 1; }));
  EXPECT_TRUE(Eventually([&] { return e_.node.journal->Lag(n_.node.org()) == 0; }));  // let in again, it goes on
  EXPECT_EQ(n_.node.journal->Count().objects, 60u);
}

// A connection beside its session does not wait until it ends by itself.
TEST_F(KeptOut, APeerOverItsBudgetLosesEveryConnection) {
  LinkOptions options;
  options.budget.frames = {0.01, 50};
  options.budget.first_back_off = std::chrono::minutes(1);
  Start(options);
  testing::TlsClient other(testing::PortOf(n_.address), Certificate());
  other.Send(std::string(testing::kClientPreface) + testing::Frame('\4', 0, 0, ""));
  EXPECT_EQ(other.Read(1).size(), 1u) << "gRPC's greeting";
  PublishAtEstovia(1, 60);
  ASSERT_TRUE(KeptOutFor("frames"));
  EXPECT_TRUE(Closed(other));
}

// What it costs in TLS, and never reaches a session, is its CPU, too: the handshake, then every record.
TEST_F(KeptOut, CpuBelowTheSessionIsThePeersOwn) {
  LinkOptions options;
  options.handshake_timeout = kAmplePatience;
  options.budget.cpu_seconds = {0, 1000};
  n_.Start("127.0.0.1:0", options);
  n_.Knows(e_, "");
  testing::TlsClient client(testing::PortOf(n_.address), Certificate());
  client.Send(std::string(testing::kClientPreface) + testing::Frame('\4', 0, 0, ""));
  EXPECT_EQ(client.Read(1).size(), 1u) << "gRPC's greeting";
  ASSERT_TRUE(Eventually([&] { return FromEstovia().fruitless_cpu_ns > 0; }));
  // Of a type that gRPC skips without an answer, so that nothing but the records costs anything.
  const std::string frame = testing::Frame('\xb', 0, 0, std::string(100, '\0'));
  for (int frames = 0; frames < 10; ++frames) {
    const uint64_t before = FromEstovia().fruitless_cpu_ns;
    for (const char byte : frame) ASSERT_TRUE(client.Send({&byte, 1}));
    ASSERT_TRUE(Eventually([&] { return FromEstovia().fruitless_cpu_ns > before; })) << frames;
  }
  const uint64_t fruitless = FromEstovia().fruitless_cpu_ns;
  EXPECT_LE(fruitless, FromEstovia().cpu_ns);
}

TEST_F(KeptOut, CpuBelowTheSessionMeetsTheBudget) {
  LinkOptions options;
  options.handshake_timeout = kAmplePatience;
  options.budget.cpu_seconds = {0, 1e-6};
  options.budget.first_back_off = std::chrono::minutes(1);
  n_.Start("127.0.0.1:0", options);
  n_.Knows(e_, "");
  testing::TlsClient client(testing::PortOf(n_.address), Certificate());
  ASSERT_TRUE(KeptOutFor("cpu"));
  EXPECT_TRUE(Closed(client));
}

TEST_F(KeptOut, NoSessionBeginsWhileMemoryIsShort) {
  Start({});
  n_.links->OnMemory(96, 100);
  e_.Stop();
  e_.Start("");
  ASSERT_TRUE(Eventually([&] { return Handshakes(exchange::HandshakeRefusal::kMemory) >= 1; }));
  EXPECT_FALSE(n_.Up());
  n_.links->OnMemory(50, 100);
  EXPECT_TRUE(Eventually([&] { return n_.Up(); }));
}

TEST_F(KeptOut, WhoSentMuchIsShedWhenMemoryRunsShort) {
  LinkOptions options;
  options.budget.first_back_off = std::chrono::minutes(1);
  Start(options);
  n_.links->OnMemory(86, 100);
  EXPECT_TRUE(n_.Up()) << "it is not the cause";
  const std::string big = Indicator("1", "a.example", Label::kGreen, "2026-01-02T03:04:05.678Z",
                                    ",\"description\":\"" + std::string(2 << 20, 'x') + "\"");
  ASSERT_EQ(e_.node.Publish({big}).published(), 1u);
  e_.links->Wake();
  ASSERT_TRUE(Eventually([&] { return n_.node.journal->Count().objects == 1; }));
  n_.links->OnMemory(86, 100);
  ASSERT_TRUE(KeptOutFor("memory"));
  EXPECT_EQ(n_.node.counters.Rejects(RejectReason::kBudget), 1u);
}

TEST_F(KeptOut, AnHonestPeerIsLeftAloneAtItsFullSpeed) {
  Start({});
  ASSERT_TRUE(Eventually([&] { return FromEstovia().fruitless_cpu_ns > 0; }));
  const uint64_t handshake = FromEstovia().fruitless_cpu_ns, all_before = FromEstovia().cpu_ns;
  std::vector<std::string> objects;
  for (int i = 1; i <= 2000; ++i) objects.push_back(Indicator(std::to_string(i), "a.example", Label::kGreen));
  ASSERT_EQ(e_.node.Publish(objects).published(), 2000u);
  ASSERT_EQ(n_.node.Publish(objects).published(), 2000u);
  e_.links->Wake();
  n_.links->Wake();
  EXPECT_TRUE(Eventually([&] { return e_.node.journal->Lag(n_.node.org()) + n_.node.journal->Lag(e_.node.org()) == 0; }));
  for (const auto& breaches : n_.node.counters.Peer(e_.node.org()).over_budget) EXPECT_EQ(breaches, 0u);
  for (const auto& breaches : e_.node.counters.Peer(n_.node.org()).over_budget) EXPECT_EQ(breaches, 0u);
  EXPECT_EQ(n_.node.counters.Peer(e_.node.org()).sessions, 1u);
  // Little beside admission, however fast the machine is. Where 15,000 objects a second take half a core, this is about
  // the tenth of the budget of 0.5 s that the configuration page promises.
  const double fruitless_ns = static_cast<double>(FromEstovia().fruitless_cpu_ns - handshake);
  const double all_ns = static_cast<double>(FromEstovia().cpu_ns - all_before);
  EXPECT_LT(fruitless_ns, all_ns / 8) << "CPU nanoseconds, of " << all_ns << " for 2,000 objects";
}

}  // namespace
}  // namespace entente::peer
