// One real session against a peer that a test plays by hand, frame by frame.
#include <gtest/gtest.h>

#include "envelope/envelope.h"
#include "exchange/heads.h"
#include "services/peer/testing/by_hand.h"

namespace entente::peer {
namespace {

using exchange::testing::Indicator;
using model::Label;
using testing::Eventually;

class Hostile : public testing::ByHand {};

TEST_F(Hostile, TheFirstFrameMustBeAHello) {
  Open();
  EXPECT_EQ(ByeAfter(AckFrame(1)), "E_PARSE");
  EXPECT_EQ(Rejected(RejectReason::kParse), 1u);
}
TEST_F(Hostile, AnEmptyFirstFrame) {
  Open();
  EXPECT_EQ(ByeAfter(v1::Frame()), "E_PARSE");
}
TEST_F(Hostile, AnEmptyLaterFrame) {
  Greet();
  EXPECT_EQ(ByeAfter(v1::Frame()), "E_PARSE");
}

TEST_F(Hostile, AFrameThatOnlyLaterLevelsKnow) {
  v1::Frame want, document, hello = HelloFrame();
  want.mutable_want();
  document.mutable_document();
  hello.mutable_hello()->clear_level();
  for (const v1::Frame& frame : {want, document}) {
    Open();
    EXPECT_EQ(ByeAfter(frame), "E_PARSE") << "before the hello";
    Hangup();
    Open();
    Say(hello);
    ASSERT_TRUE(Next(v1::Frame::kCredit));
    EXPECT_EQ(ByeAfter(frame), "E_PARSE");
    Hangup();
  }
}
TEST_F(Hostile, ASecondHello) {
  Greet();
  EXPECT_EQ(ByeAfter(HelloFrame()), "E_PARSE");
}
TEST_F(Hostile, AnotherProtocol) {
  EXPECT_EQ(ByeAfterHello([](v1::Hello& hello) { hello.set_protocol(2); }), "E_SUITE");
}
TEST_F(Hostile, AnotherOrganisationThanTheCertificates) {
  EXPECT_EQ(ByeAfterHello([&](v1::Hello& hello) { hello.set_org_id(norlandia_.org().str()); }), "E_PARTY");
}
TEST_F(Hostile, AnotherIdentityDocument) {
  EXPECT_EQ(ByeAfterHello([](v1::Hello& hello) { hello.set_identity_hash(Bytes(32, 'x')); }), "E_IDENTITY");
}
TEST_F(Hostile, ALongSoftwareName) {
  EXPECT_EQ(ByeAfterHello([](v1::Hello& hello) { hello.set_software(std::string(kMaxSoftwareBytes + 1, 'x')); }),
            "E_LIMIT");
}
TEST_F(Hostile, APrekeyOfSomebodyElse) {
  EXPECT_EQ(ByeAfterHello([&](v1::Hello& hello) { *hello.mutable_prekey() = norlandia_.prekeys->Offer(); }),
            "E_PREKEY");
}
TEST_F(Hostile, AHeadWithABrokenSignature) {
  EXPECT_EQ(ByeAfterHello([](v1::Hello& hello) { (*hello.mutable_head()->mutable_signature())[0] ^= 1; }), "E_SIG");
}
TEST_F(Hostile, NoHead) {
  EXPECT_EQ(ByeAfterHello([](v1::Hello& hello) { hello.clear_head(); }), "E_PARSE");
}

TEST_F(Hostile, AProofOfANewerOwnHeadStopsTheNode) {
  const v1::SignedBody newer = *trust::MakeHead(*norlandia_.self, 1'000'000, Digest(), norlandia_.clock.now);
  EXPECT_EQ(ByeAfterHello([&](v1::Hello& hello) { *hello.mutable_seen_head() = newer; }), "ROLLED_BACK");
  EXPECT_TRUE(rolled_back_);
}
TEST_F(Hostile, AnUnprovenNewerOwnHeadDoesNot) {
  v1::SignedBody forged = *trust::MakeHead(*norlandia_.self, 1'000'000, Digest(), norlandia_.clock.now);
  (*forged.mutable_signature())[0] ^= 1;
  v1::Frame frame = HelloFrame();
  *frame.mutable_hello()->mutable_seen_head() = forged;
  Open();
  Say(frame);
  EXPECT_TRUE(Next(v1::Frame::kCredit));
  EXPECT_FALSE(rolled_back_);
}
TEST_F(Hostile, APeerWhoseJournalWentBackIsRefused) {
  const v1::SignedBody newer = *trust::MakeHead(*estovia_.self, 1'000'000, Digest(), estovia_.clock.now);
  ASSERT_TRUE(norlandia_.journal
                  ->CommitAndWait([&](storage::Transaction& transaction) {
                    return transaction.AppendDelivered(estovia_.org(), {.position = 1, .head = newer}).status();
                  })
                  .ok());
  EXPECT_EQ(ByeAfterHello([](v1::Hello&) {}), "ROLLED_BACK");
  EXPECT_FALSE(rolled_back_);
}

TEST_F(Hostile, AnOlderHelloBesideALiveSessionIsOnlyStale) {
  const v1::SignedBody newer = *trust::MakeHead(*estovia_.self, 1'000'000, Digest(), estovia_.clock.now);
  exchange::RememberHead(norlandia_.room(), estovia_.org(), newer);
  ASSERT_TRUE(norlandia_.journal->CommitAndWait([](storage::Transaction&) { return absl::OkStatus(); }).ok());
  norlandia_.room().counters.Peer(estovia_.org()).up = true;
  EXPECT_EQ(ByeAfterHello([](v1::Hello&) {}), "UNAVAILABLE");
}

TEST_F(Hostile, AHeadIsKeptThoughNoEnvelopeFollowed) {
  const v1::SignedBody head = *trust::MakeHead(*estovia_.self, 77, Digest(), estovia_.clock.now);
  v1::Frame frame = HelloFrame();
  *frame.mutable_hello()->mutable_head() = head;
  Open();
  Say(frame);
  ASSERT_TRUE(Next(v1::Frame::kCredit));
  EXPECT_TRUE(Eventually([&] {
    const auto cursor = norlandia_.journal->Cursor(estovia_.org());
    return cursor.ok() && cursor->seen_head && cursor->seen_head->body() == head.body();
  }));
}

// What is not signed is not kept: a head is stored as its body and signature, whatever else a peer puts beside them.
TEST_F(Hostile, P57UnknownFieldsOfAFrameAreNotStored) {
  v1::SignedBody head = *trust::MakeHead(*estovia_.self, 78, Digest(), estovia_.clock.now);
  const size_t size = head.ByteSizeLong();
  head.GetReflection()->MutableUnknownFields(&head)->AddLengthDelimited(100, Bytes(1 << 20, 'x'));
  v1::Frame frame = HelloFrame();
  *frame.mutable_hello()->mutable_head() = head;
  Open();
  Say(frame);
  ASSERT_TRUE(Next(v1::Frame::kCredit));
  std::optional<v1::SignedBody> seen;
  EXPECT_TRUE(Eventually([&] {
    seen = norlandia_.journal->Cursor(estovia_.org())->seen_head;
    return seen && seen->body() == head.body();
  }));
  EXPECT_EQ(seen->ByteSizeLong(), size);
  EXPECT_LT(MakeHello(norlandia_.room(), estovia_.org())->ByteSizeLong(), 8u << 10);  // nor said back
}

TEST_F(Hostile, PiecesOutOfOrder) {
  Greet();
  Say(MakePiece(1, Bytes(kMaxPieceBytes + 5, 'x'), 0));
  EXPECT_EQ(ByeAfter(MakePiece(2, "y", 0)), "E_PARSE");
}
TEST_F(Hostile, AnEnvelopeOver64MiB) {
  Greet();
  v1::Frame frame = MakePiece(1, "x", 0);
  frame.mutable_envelope()->set_last(false);
  frame.mutable_envelope()->set_total_bytes(envelope::kMaxEnvelopeBytes + 1);
  EXPECT_EQ(ByeAfter(frame), "E_LIMIT");
}

// The test reads nothing while it floods, so answers cannot make room: the session must cut it off.
TEST_F(Hostile, BytesBeyondTheCredit) {
  Open(/*credit=*/1024);
  Say(HelloFrame());
  for (uint64_t i = 1; i <= 20; ++i) Say(MakePiece(i, Bytes(600, 'x'), 0));
  EXPECT_EQ(Bye(), "E_BUDGET");
  EXPECT_EQ(Rejected(RejectReason::kBudget), 1u);
}
TEST_F(Hostile, TinyEnvelopesWithoutEnd) {
  Open();
  Say(HelloFrame());
  for (uint64_t i = 1; i <= 2 * kMaxUnanswered; ++i) Say(MakePiece(i, "x", 0));
  EXPECT_EQ(Bye(), "E_BUDGET");
}

TEST_F(Hostile, ABadEnvelopeIsRefusedInOneSentenceAndTheSessionLives) {
  Greet();
  Say(MakePiece(1, "garbage", 0));
  const std::optional<v1::Frame> ack = Next(v1::Frame::kAck);
  ASSERT_TRUE(ack && ack->ack().refused());
  EXPECT_EQ(ack->ack().refusal(), kPeerRefusal);
  EXPECT_EQ(norlandia_.counters.Peer(estovia_.org()).envelopes_refused, 1u);
  ASSERT_EQ(estovia_.Publish({Indicator("1", "a.example", Label::kGreen)}).published(), 1u);
  exchange::Delivery delivery(estovia_.room(), norlandia_.org());
  const auto good = delivery.Next(norlandia_.OfferedPrekey());
  Say(MakePiece(2, (*good)->envelope, 0));
  const std::optional<v1::Frame> second = Next(v1::Frame::kAck);
  ASSERT_TRUE(second && !second->ack().refused());
  EXPECT_TRUE(trust::CheckHead(trust::HistoryOf(*norlandia_.self), second->ack().head()).ok());
}

TEST_F(Hostile, AnAckForAnUnknownPositionIsCountedAndIgnored) {
  Greet();
  Say(AckFrame(77));
  Say(MakePiece(1, "garbage", 0));
  EXPECT_TRUE(Next(v1::Frame::kAck));
  EXPECT_EQ(Rejected(RejectReason::kNotFound), 1u);
}
TEST_F(Hostile, AnAckWithAForgedHead) {
  ASSERT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}).published(), 1u);
  Greet();
  const std::optional<v1::Frame> sent = Next(v1::Frame::kEnvelope);
  ASSERT_TRUE(sent);
  v1::Frame ack = AckFrame(sent->envelope().position());
  *ack.mutable_ack()->mutable_head() = *trust::MakeHead(*norlandia_.self, 5, Digest(), norlandia_.clock.now);
  EXPECT_EQ(ByeAfter(ack), "E_PARTY");
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 1u);
}

TEST_F(Hostile, WithoutCreditOneEnvelopeIsUnderWayAtATime) {
  for (int i = 1; i <= 3; ++i) {
    ASSERT_EQ(norlandia_.Publish({Indicator(std::to_string(i), "a.example", Label::kGreen)}).published(), 1u);
  }
  Greet();
  const std::optional<v1::Frame> first = Next(v1::Frame::kEnvelope);
  ASSERT_TRUE(first && first->envelope().last());
  Say(MakePiece(1, "garbage", 0));  // what comes next is our answer, not another envelope
  const std::optional<v1::Frame> next = pipe_->Take(1);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->kind_case(), v1::Frame::kAck);
  Say(AckFrame(first->envelope().position()));
  EXPECT_TRUE(Next(v1::Frame::kEnvelope));
}

TEST_F(Hostile, WhatCameWholeIsAnsweredBeforeTheBye) {
  Greet();
  Say(MakePiece(1, "garbage", 0));
  ASSERT_TRUE(Eventually([&] { return norlandia_.counters.Peer(estovia_.org()).envelopes_received == 1; }));
  session_->Stop();
  const std::optional<v1::Frame> ack = pipe_->Take(1);
  ASSERT_TRUE(ack && ack->kind_case() == v1::Frame::kAck);
  EXPECT_EQ(Bye(), "stopping");
}

TEST_F(Hostile, ANodeThatCannotStoreSaysSoAndAnswersNothing) {
  ASSERT_EQ(estovia_.Publish({Indicator("1", "a.example", Label::kGreen)}).published(), 1u);
  exchange::Delivery delivery(estovia_.room(), norlandia_.org());
  const auto good = delivery.Next(norlandia_.OfferedPrekey());
  Greet();
  norlandia_.journal->Stop();
  Say(MakePiece((*good)->position, (*good)->envelope, 0));
  const std::optional<v1::Frame> next = pipe_->Take(1);
  ASSERT_TRUE(next && next->kind_case() == v1::Frame::kBye);
  EXPECT_EQ(next->bye().reason(), "UNAVAILABLE");
}

}  // namespace
}  // namespace entente::peer
