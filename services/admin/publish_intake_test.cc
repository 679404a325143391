#include "services/admin/publish_intake.h"

#include <gtest/gtest.h>

namespace entente::admin {
namespace {

using Items = std::vector<exchange::PublishItem>;

v1::PublishObject Piece(const std::string& content, bool continues) {
  v1::PublishObject object;
  object.set_content(content);
  object.set_continues(continues);
  return object;
}

v1::PublishChunk Chunk(const std::vector<v1::PublishObject>& objects) {
  v1::PublishChunk chunk;
  for (const auto& object : objects) *chunk.add_objects() = object;
  return chunk;
}

TEST(PublishIntake, JoinsPiecesAcrossChunksInOrder) {
  PublishIntake intake;
  Items items;
  auto first = Chunk({Piece("a", false), Piece("b", true)}), second = Chunk({Piece("c", true)}),
       third = Chunk({Piece("d", false), Piece("e", false)});
  for (auto* chunk : {&first, &second, &third}) ASSERT_TRUE(intake.Take(*chunk, items).ok());
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].content + "|" + items[1].content + "|" + items[2].content, "a|bcd|e");
  EXPECT_TRUE(intake.Finish().ok());
}

TEST(PublishIntake, AnObjectBeginsWhereItsFirstPieceSays) {
  PublishIntake intake;
  Items items;
  auto chunk = Chunk({Piece("a", true), Piece("b", false), Piece("c", false)});
  chunk.mutable_objects(0)->set_line(7);
  chunk.mutable_objects(0)->set_column(3);
  ASSERT_TRUE(intake.Take(chunk, items).ok());
  ASSERT_TRUE(items[0].start.has_value());
  EXPECT_EQ(items[0].start->line, 7u);
  EXPECT_EQ(items[0].start->column, 3u);
  EXPECT_FALSE(items[1].start.has_value());
}

TEST(PublishIntake, ObjectAtTheLimitPassesOneByteMoreIsRefusedAndTheNextIsUntouched) {
  for (const size_t extra : {0u, 1u}) {
    PublishIntake intake;
    Items items;
    const std::string half(kMaxObjectBytes / 2, 'x');
    auto chunk =
        Chunk({Piece(half, true), Piece(half, true), Piece(std::string(extra, 'y'), false), Piece("next", false)});
    ASSERT_TRUE(intake.Take(chunk, items).ok());
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(ReasonOf(items[0].refused), extra == 0 ? RejectReason::kNone : RejectReason::kLimit);
    EXPECT_EQ(items[0].content.size(), extra == 0 ? kMaxObjectBytes : 0);
    EXPECT_EQ(items[1].content, "next");
  }
}

TEST(PublishIntake, ReaderRefusesAnObjectInTheMiddleOfItsPieces) {
  PublishIntake intake;
  Items items;
  v1::PublishObject refused;
  refused.set_refused("E_LIMIT");
  auto chunk = Chunk({Piece("start", true), refused, Piece("next", false)});
  ASSERT_TRUE(intake.Take(chunk, items).ok());
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(ReasonOf(items[0].refused), RejectReason::kLimit);
  EXPECT_TRUE(items[0].content.empty());
  EXPECT_EQ(items[1].content, "next");
}

TEST(PublishIntake, UnknownRefusalIsUsage) {
  for (const std::string name : {"NO_SUCH_REASON", "NONE"}) {
    PublishIntake intake;
    Items items;
    v1::PublishObject refused;
    refused.set_refused(name);
    auto chunk = Chunk({refused});
    EXPECT_EQ(ReasonOf(intake.Take(chunk, items)), RejectReason::kUsage) << name;
  }
}

TEST(PublishIntake, TooManyObjectsInAChunkIsUsage) {
  for (const size_t count : {kMaxObjectsPerChunk, kMaxObjectsPerChunk + 1}) {
    PublishIntake intake;
    Items items;
    auto chunk = Chunk(std::vector<v1::PublishObject>(count, Piece("x", false)));
    EXPECT_EQ(intake.Take(chunk, items).ok(), count == kMaxObjectsPerChunk);
  }
}

TEST(PublishIntake, EndInsideAnObjectIsUsage) {
  PublishIntake intake;
  Items items;
  auto chunk = Chunk({Piece("a", true)});
  ASSERT_TRUE(intake.Take(chunk, items).ok());
  EXPECT_TRUE(items.empty());
  EXPECT_EQ(ReasonOf(intake.Finish()), RejectReason::kUsage);
}

}  // namespace
}  // namespace entente::admin
