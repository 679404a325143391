#include "storage/head.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/reject.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

class Head : public ::testing::Test {
 protected:
  Head() : self_(testing::MakeSelf("cert.norlandia", now_)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "entente-head-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = (folder_ / "store.head").string();
  }
  ~Head() override { std::filesystem::remove_all(folder_); }
  v1::SignedBody At(uint64_t sequence) { return *trust::MakeHead(self_, sequence, Digest(), now_); }
  // Sequence 0 in both slots, then 1 to `last` in turn: the newest stands in slot (last + 1) % 2.
  void WriteUpTo(uint64_t last) {
    ASSERT_TRUE(HeadFile::Create(path_, At(0)).ok());
    absl::StatusOr<HeadFile> file = HeadFile::Open(path_);
    ASSERT_TRUE(file.ok());
    for (uint64_t i = 1; i <= last; ++i) ASSERT_TRUE(file->Write(At(i)).ok());
  }
  absl::StatusOr<uint64_t> ReadSequence() {
    const auto head = HeadFile::Read(path_);
    if (!head.ok()) return head.status();
    const auto body = trust::CheckOwnHead(trust::HistoryOf(self_), (*head)->head);
    if (!body.ok()) return body.status();
    return body->sequence();
  }
  void Flip(size_t at) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 0x01));
  }

  absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
  trust::Self self_;
  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(Head, NoFileIsNoHead) {
  EXPECT_FALSE(HeadFile::Read(path_)->has_value());
}

TEST_F(Head, TheNewestIsRead) {
  for (const uint64_t last : {0, 1, 2, 7, 8}) {
    std::filesystem::remove(path_);
    WriteUpTo(last);
    EXPECT_EQ(*ReadSequence(), last);
  }
}

TEST_F(Head, AReopenedFileGoesOnInTheOlderSlot) {
  WriteUpTo(3);
  ASSERT_TRUE(HeadFile::Open(path_)->Write(At(4)).ok());
  EXPECT_EQ(*ReadSequence(), 4u);
  const size_t newest = (4 + 1) % 2 * HeadFile::kSlotBytes;
  Flip(newest + 20);
  EXPECT_EQ(*ReadSequence(), 3u);
}

TEST_F(Head, AnyFlippedByteOfTheNewestLeavesTheOther) {
  WriteUpTo(5);
  for (size_t at = 0; at < HeadFile::kSlotBytes; at += 13) {
    Flip(at);  // 5 is odd: slot 0
    EXPECT_EQ(*ReadSequence(), 4u) << at;
    Flip(at);
  }
  EXPECT_EQ(*ReadSequence(), 5u);
}

TEST_F(Head, ATornWriteLeavesTheOther) {
  WriteUpTo(4);  // even: slot 1
  for (size_t size = HeadFile::kSlotBytes; size < 2 * HeadFile::kSlotBytes; size += 97) {
    std::filesystem::resize_file(path_, size);
    EXPECT_EQ(*ReadSequence(), 3u) << size;
  }
}

TEST_F(Head, ADamagedSlotIsCountedWhicheverItIs) {
  WriteUpTo(5);
  EXPECT_EQ((*HeadFile::Read(path_))->damaged_slots, 0u);
  for (const size_t slot : {0, 1}) {
    Flip(slot * HeadFile::kSlotBytes + 100);
    EXPECT_EQ((*HeadFile::Read(path_, kHeadTries))->damaged_slots, 1u) << slot;
    Flip(slot * HeadFile::kSlotBytes + 100);
  }
  std::filesystem::resize_file(path_, HeadFile::kSlotBytes + 7);
  EXPECT_EQ((*HeadFile::Read(path_))->damaged_slots, 1u);
}

TEST_F(Head, BothSlotsDamagedRefuse) {
  WriteUpTo(4);
  Flip(100);
  Flip(HeadFile::kSlotBytes + 100);
  EXPECT_EQ(ReasonOf(HeadFile::Read(path_).status()), RejectReason::kStoreCorrupt);
  EXPECT_EQ(ReasonOf(HeadFile::Open(path_).status()), RejectReason::kStoreCorrupt);
}

TEST_F(Head, AnEmptyFileRefuses) {
  std::ofstream(path_).close();
  EXPECT_EQ(ReasonOf(HeadFile::Read(path_).status()), RejectReason::kStoreCorrupt);
}

TEST_F(Head, AnExistingFileIsNotReplaced) {
  WriteUpTo(6);
  EXPECT_TRUE(HeadFile::Create(path_, At(0)).ok());
  EXPECT_EQ(*ReadSequence(), 6u);
}

TEST_F(Head, ABodyOverTheLimitRefuses) {
  WriteUpTo(1);
  v1::SignedBody head = At(2);
  head.set_body(Bytes(HeadFile::kMaxBodyBytes + 1, 'x'));
  EXPECT_EQ(ReasonOf(HeadFile::Open(path_)->Write(head)), RejectReason::kInternal);
  EXPECT_EQ(*ReadSequence(), 1u);
}

}  // namespace
}  // namespace entente::storage
