#include "services/peer/inbound.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "base/testing/peak_memory.h"
#include "envelope/envelope.h"

namespace entente::peer {
namespace {

v1::EnvelopeChunk Piece(uint64_t position, const Bytes& piece, bool last, uint64_t total) {
  v1::EnvelopeChunk chunk;
  chunk.set_position(position);
  chunk.set_piece(piece);
  chunk.set_last(last);
  chunk.set_total_bytes(total);
  return chunk;
}
v1::EnvelopeChunk Whole(uint64_t position, size_t bytes) { return Piece(position, Bytes(bytes, 'x'), true, bytes); }
RejectReason Refusal(Inbound& inbound, const v1::EnvelopeChunk& chunk) {
  return ReasonOf(inbound.Take(chunk).status());
}

TEST(Inbound, PiecesBecomeTheEnvelope) {
  const Bytes envelope = Bytes(kMaxPieceBytes, 'a') + Bytes(kMaxPieceBytes, 'b') + "c";
  ASSERT_EQ(PieceCount(envelope.size()), 3u);
  Inbound inbound;
  EXPECT_FALSE(inbound.Take(MakePiece(7, envelope, 0).envelope())->has_value());
  EXPECT_TRUE(inbound.assembling());
  EXPECT_FALSE(inbound.Take(MakePiece(7, envelope, 1).envelope())->has_value());
  const auto whole = inbound.Take(MakePiece(7, envelope, 2).envelope());
  ASSERT_TRUE(whole.ok() && whole->has_value());
  EXPECT_EQ((*whole)->position, 7u);
  EXPECT_EQ((*whole)->wire, envelope);
  EXPECT_FALSE(inbound.assembling());
}

// Protobuf merges what is there twice: the last of each field counts, and no piece is put behind another.
TEST(Inbound, P57TwoPiecesInOneFrameAreTheSecond) {
  const Bytes twice = MakePiece(7, "first", 0).SerializeAsString() + MakePiece(8, "other", 0).SerializeAsString();
  v1::Frame frame;
  ASSERT_TRUE(frame.ParseFromString(twice));
  Inbound inbound;
  const auto whole = inbound.Take(frame.envelope());
  ASSERT_TRUE(whole.ok() && whole->has_value());
  EXPECT_EQ((*whole)->position, 8u);
  EXPECT_EQ((*whole)->wire, "other");
}

TEST(Inbound, P57FramesThatLieAboutLengthOrDepthDoNotParse) {
  const entente::test::PeakMemory memory;
  v1::Frame frame;
  EXPECT_FALSE(frame.ParseFromString("\x12\xff\xff\xff\xff\x07x"));            // an envelope of 2 GiB
  EXPECT_FALSE(frame.ParseFromString("\x12\x08\x12\xff\xff\xff\xff\x07xx"));  // a piece of 2 GiB
  Bytes groups;
  for (int i = 0; i < 1'000'000; ++i) groups += "\xa3\x06";  // field 100 opens a group, a million times
  EXPECT_FALSE(frame.ParseFromString(groups));
  EXPECT_TRUE(memory.GrewLessThan(16u << 20)) << memory.Growth();
}

TEST(Inbound, MalformedBeginningsAreRefused) {
  const auto first = [](const v1::EnvelopeChunk& chunk) {
    Inbound inbound;
    return Refusal(inbound, chunk);
  };
  EXPECT_EQ(first(Piece(0, "x", true, 1)), RejectReason::kParse);
  EXPECT_EQ(first(Piece(1, "x", true, 0)), RejectReason::kParse);
  EXPECT_EQ(first(Piece(1, "", false, 5)), RejectReason::kParse);
  EXPECT_EQ(first(Piece(1, "xx", true, 1)), RejectReason::kParse);
  EXPECT_EQ(first(Piece(1, "x", true, 2)), RejectReason::kParse);
  EXPECT_EQ(first(Piece(1, "xx", false, 2)), RejectReason::kParse);
}

TEST(Inbound, AnotherEnvelopeInBetweenIsRefused) {
  for (const auto& [position, total] : {std::pair<uint64_t, uint64_t>{2, 4}, {1, 5}}) {
    Inbound inbound;
    ASSERT_TRUE(inbound.Take(Piece(1, "xx", false, 4)).ok());
    EXPECT_EQ(Refusal(inbound, Piece(position, "x", false, total)), RejectReason::kParse);
  }
}

TEST(Inbound, SizeLimitsHoldToTheByte) {
  Inbound inbound;
  EXPECT_EQ(Refusal(inbound, Piece(1, "x", false, envelope::kMaxEnvelopeBytes + 1)), RejectReason::kLimit);
  EXPECT_EQ(Refusal(inbound, Whole(1, kMaxPieceBytes + 1)), RejectReason::kLimit);
  inbound.Grant(1);
  EXPECT_TRUE(inbound.Take(Piece(1, Bytes(kMaxPieceBytes, 'x'), false, envelope::kMaxEnvelopeBytes)).ok());
}

TEST(Inbound, AnUnansweredPositionDoesNotComeAgain) {
  Inbound inbound;
  inbound.Grant(100);
  ASSERT_TRUE(inbound.Take(Whole(1, 10)).ok());
  EXPECT_EQ(Refusal(inbound, Whole(1, 10)), RejectReason::kParse);
  inbound.Answered(1);
  EXPECT_TRUE(inbound.Take(Whole(1, 10)).ok());
}

TEST(Inbound, CreditHoldsToTheByte) {
  Inbound inbound;
  inbound.Grant(100);
  ASSERT_TRUE(inbound.Take(Whole(1, 60)).ok());
  ASSERT_TRUE(inbound.Take(Whole(2, 40)).ok());
  EXPECT_EQ(Refusal(inbound, Whole(3, 1)), RejectReason::kBudget);
  inbound.Answered(1);
  inbound.Grant(60);
  EXPECT_TRUE(inbound.Take(Whole(3, 60)).ok());
}

TEST(Inbound, AnEnvelopeOverTheWholeCreditPassesAlone) {
  Inbound inbound;
  inbound.Grant(100);
  ASSERT_TRUE(inbound.Take(Whole(1, 5000)).ok());
  EXPECT_EQ(Refusal(inbound, Whole(2, 1)), RejectReason::kBudget);
  inbound.Answered(1);
  inbound.Grant(5000);
  EXPECT_TRUE(inbound.Take(Whole(3, 100)).ok());
}

TEST(Inbound, BeforeAnyCreditOnlyOneOrdinaryEnvelope) {
  Inbound inbound;
  EXPECT_EQ(Refusal(inbound, Piece(1, "x", false, kUncreditedBytes + 1)), RejectReason::kBudget);
  ASSERT_TRUE(inbound.Take(Whole(1, 10)).ok());
  EXPECT_EQ(Refusal(inbound, Whole(2, 10)), RejectReason::kBudget);
  Inbound other;
  ASSERT_TRUE(other.Take(Piece(1, "x", false, kUncreditedBytes)).ok());
}

TEST(Inbound, UnansweredEnvelopesAreCounted) {
  Inbound inbound;
  inbound.Grant(1 << 20);
  for (uint64_t i = 1; i <= kMaxUnanswered; ++i) ASSERT_TRUE(inbound.Take(Whole(i, 1)).ok()) << i;
  EXPECT_EQ(Refusal(inbound, Whole(kMaxUnanswered + 1, 1)), RejectReason::kBudget);
}

TEST(Credit, SaturatesInsteadOfWrapping) {
  Credit credit;
  credit.Grant(UINT64_MAX);
  credit.Grant(UINT64_MAX);
  EXPECT_TRUE(credit.Covers(1));
  credit.Begin(10);
  EXPECT_TRUE(credit.Covers(1));
  EXPECT_FALSE(Credit().Covers(1));
}

}  // namespace
}  // namespace entente::peer
