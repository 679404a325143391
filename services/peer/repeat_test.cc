// A peer that repeats and reorders whole envelopes: the test speaks for Estovia to a real session of Norlandia.
#include <gtest/gtest.h>

#include "services/peer/testing/two_rooms.h"

namespace entente::peer {
namespace {

using testing::Eventually;
using testing::Pipe;
using testing::Side;
using testing::TwoRooms;

constexpr uint64_t kTimes = 1000;

class Repeats : public ::testing::Test {
 protected:
  void Greet() {
    side_.emplace(rooms_.node(0), rooms_.node(1), pipe_, 0);
    v1::Frame frame;
    *frame.mutable_hello() = *MakeHello(rooms_.node(1).room(), rooms_.node(0).org());
    Say(frame);
    ASSERT_TRUE(Next(v1::Frame::kCredit));
  }
  void TearDown() override { pipe_->Close(); }
  void Say(const v1::Frame& frame) { pipe_->Write(1, frame); }
  std::optional<v1::Frame> Next(v1::Frame::KindCase kind) {
    for (;;) {
      std::optional<v1::Frame> frame = pipe_->Take(1);
      if (!frame || frame->kind_case() == kind) return frame;
    }
  }
  // The answer to a small envelope under the next position, without the head, which grows.
  std::string Answer(const Bytes& envelope) {
    Say(MakePiece(++position_, envelope, 0));
    std::optional<v1::Frame> ack = Next(v1::Frame::kAck);
    if (!ack || ack->ack().position() != position_) return "another answer";
    return ack->ack().refused() ? "refused: " + ack->ack().refusal() : "accepted";
  }
  // What Estovia has to send, newly sealed, each envelope as it would go.
  std::vector<Bytes> Seal() {
    exchange::Delivery delivery(rooms_.node(1).room(), rooms_.node(0).org());
    std::vector<Bytes> envelopes;
    while (std::optional<exchange::Outgoing> next = *delivery.Next(rooms_.node(0).OfferedPrekey())) {
      envelopes.push_back(std::move(next->envelope));
    }
    return envelopes;
  }
  testing::TestNode& Norlandia() { return rooms_.node(0); }
  exchange::PeerCounters& FromEstovia() { return Norlandia().counters.Peer(rooms_.node(1).org()); }

  TwoRooms rooms_;
  std::shared_ptr<Pipe> pipe_ = Pipe::Make();
  std::optional<Side> side_;
  uint64_t position_ = 0;
};

TEST_F(Repeats, N28TheSameEnvelopeAThousandTimesIsOneEntryAndOneAnswer) {
  rooms_.Publish(1);
  Greet();
  const Bytes envelope = Seal().at(0);
  ASSERT_EQ(Answer(envelope), "accepted");
  const uint64_t length = Norlandia().journal->Head().sequence;
  const std::string refused = "refused: " + std::string(kPeerRefusal);
  for (uint64_t i = 1; i < kTimes; ++i) ASSERT_EQ(Answer(envelope), refused) << i;
  EXPECT_EQ(Norlandia().counters.Rejects(RejectReason::kReplay), kTimes - 1);
  EXPECT_EQ(Norlandia().journal->Head().sequence, length);
  EXPECT_TRUE(rooms_.Exact());
  rooms_.Publish(1);
  EXPECT_EQ(Answer(Seal().at(1)), "accepted") << "the session lives";
}

// As an honest peer repeats: what it had no answer for is sealed anew.
TEST_F(Repeats, N28TheSameStatementSealedAThousandTimesIsOneEntryAndOneAnswer) {
  rooms_.Publish(1);
  Greet();
  ASSERT_EQ(Answer(Seal().at(0)), "accepted");
  const uint64_t length = Norlandia().journal->Head().sequence;
  for (uint64_t i = 1; i < kTimes; ++i) ASSERT_EQ(Answer(Seal().at(0)), "accepted") << i;
  EXPECT_EQ(Norlandia().journal->Head().sequence, length);
  EXPECT_EQ(Norlandia().counters.Of(exchange::Counters::kReceived), 1u);
  EXPECT_EQ(Norlandia().counters.Of(exchange::Counters::kDuplicate), kTimes - 1);
  EXPECT_TRUE(rooms_.Exact());
  EXPECT_TRUE(rooms_.Sound());
}

// docs/adr/0005: what stands behind a gap is admitted, the gap is counted, and what fills it is admitted, too.
TEST_F(Repeats, N29EnvelopesInAnotherOrderAreAllAdmittedAndTheGapsCounted) {
  for (int i = 0; i < 6; ++i) rooms_.Publish(1);
  Greet();
  const std::vector<Bytes> envelopes = Seal();
  ASSERT_EQ(envelopes.size(), 6u);
  for (size_t place : {3, 1, 6, 2, 5, 4}) EXPECT_EQ(Answer(envelopes[place - 1]), "accepted") << place;
  EXPECT_EQ(FromEstovia().sequence_gaps, 4u);  // 1 and 2 in front of 3, 4 and 5 in front of 6
  EXPECT_TRUE(rooms_.Exact(/*in_order=*/false));
  EXPECT_TRUE(rooms_.Sound());
}

TEST_F(Repeats, N29EnvelopesInterleavedByPiecesEndTheSessionByNameAndComeAgain) {
  rooms_.Publish(1, 1, /*large=*/true);
  rooms_.Publish(1, 1, /*large=*/true);
  Greet();
  const std::vector<Bytes> envelopes = Seal();
  ASSERT_EQ(PieceCount(envelopes.at(1).size()), 2u);
  ASSERT_EQ(envelopes[0].size(), envelopes[1].size());
  Say(MakePiece(1, envelopes[0], 0));
  Say(MakePiece(2, envelopes[1], 1));  // which would fit
  std::optional<v1::Frame> end = pipe_->Take(1);
  while (end && !end->has_bye() && !end->has_ack()) end = pipe_->Take(1);
  ASSERT_TRUE(end && end->has_bye());
  EXPECT_EQ(end->bye().reason(), "E_PARSE");
  EXPECT_TRUE(Eventually([&] { return side_->over(); }));
  EXPECT_TRUE(rooms_.Converge());
  EXPECT_TRUE(rooms_.Exact());
}

}  // namespace
}  // namespace entente::peer
