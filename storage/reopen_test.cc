#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/fsck.h"
#include "storage/group_writer.h"
#include "storage/store_check.h"
#include "storage/testing/file_size_limit.h"
#include "storage/testing/test_store.h"

// A store that is closed and opened again while the node runs.
namespace entente::storage {
namespace {

namespace fs = std::filesystem;
using testing::FileSizeLimit;
using testing::Indicator;
using testing::TestStore;

class Reopen : public ::testing::Test {
 protected:
  void Fill(int from, int to) {
    for (int i = from; i < to; ++i)
      ASSERT_TRUE(store_.Publish({Indicator(std::to_string(i), "v" + std::to_string(i))}).ok());
  }
  std::unique_ptr<Database> OpenDatabase() {
    store_.Close();
    auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }
  static Bytes Row(const Database& database, uint64_t seq) {
    const auto row = database.Get(Family::kJournal, SeqBytes(seq));
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() ? row->value_or("") : "";
  }

  TestStore store_;
};

TEST_F(Reopen, IsDoneInPlaceUnlessSomebodyReads) {
  Fill(0, 2);
  store_.Close();
  const auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
  const auto last = [&] { return (*database)->Get(Family::kJournal, SeqBytes(4)); };
  const Bytes before = **last();
  {
    Database::Cursor cursor = (*database)->Iterate(Family::kJournal, {}, {});
    EXPECT_EQ(ReasonOf((*database)->Reopen(4)), RejectReason::kUnavailable);
    cursor.SeekToFirst();
    EXPECT_TRUE(cursor.Valid());
  }
  EXPECT_TRUE((*database)->Reopen(4).ok());
  EXPECT_EQ(**last(), before);
  fs::rename(store_.store() + "/CURRENT", store_.store() + "/aside");
  EXPECT_EQ(ReasonOf((*database)->Reopen(4)), RejectReason::kStoreCorrupt);
  EXPECT_EQ(ReasonOf(last().status()), RejectReason::kStoreIo);  // and no crash
  EXPECT_EQ(ReasonOf((*database)->Iterate(Family::kJournal, {}, {}).status()), RejectReason::kStoreIo);
  fs::rename(store_.store() + "/aside", store_.store() + "/CURRENT");
  EXPECT_TRUE((*database)->Reopen(4).ok());
  EXPECT_EQ(**last(), before);
}

TEST_F(Reopen, WhatCannotBeOpenedForWritingIsReadAllTheSame) {
  Fill(0, 2);
  const auto database = OpenDatabase();
  const Bytes before = Row(*database, 4);
  Database::Batch batch(*database);
  const Bytes large(200'000, 'x');
  batch.Put(Family::kStore, "large", large);
  ASSERT_TRUE(database->Write(batch, true).ok());  // in the log alone: opening writes it to a table
  {
    const FileSizeLimit limit(16);
    for (int attempt = 0; attempt < 2; ++attempt) {
      EXPECT_EQ(ReasonOf(database->Reopen(4)), RejectReason::kStoreIo);
      EXPECT_TRUE(Row(*database, 4) == before);
      EXPECT_GE(database->UnflushedBytes(), large.size());  // what the next attempt needs room for
      EXPECT_EQ(ReasonOf(database->Write(batch, true)), RejectReason::kStoreIo);
      EXPECT_EQ(ReasonOf(database->Replace(Family::kObjects)), RejectReason::kStoreIo);
      EXPECT_TRUE(database->VerifyTables(Family::kJournal, [] { return absl::OkStatus(); }).ok());
    }
  }
  ASSERT_TRUE(database->Reopen(4).ok());
  EXPECT_TRUE(**database->Get(Family::kStore, "large") == large);
  EXPECT_TRUE(database->Write(batch, true).ok());
}

// The log may hold a group whose sync failed: whole, and gone after a power cut.
TEST_F(Reopen, OpenForReadingAloneItShowsNoGroupBehindTheHead) {
  Fill(0, 2);
  const auto database = OpenDatabase();
  const Bytes large(200'000, 'x');
  Database::Batch batch(*database);
  batch.Put(Family::kStore, "durable", large);
  ASSERT_TRUE(database->Write(batch, true).ok());
  for (const uint64_t seq : {5, 6}) {  // as groups are: views among the records, and what an earlier one left is gone
    batch.Clear();
    batch.Delete(Family::kObjects, SeqBytes(seq - 3));
    batch.Put(Family::kJournal, SeqBytes(seq), large);
    batch.Put(Family::kOutbox, SeqBytes(seq), "");
    ASSERT_TRUE(database->Write(batch, true).ok());
  }
  const auto there = [&](Family family, uint64_t seq) { return (*database->Get(family, SeqBytes(seq))).has_value(); };
  {
    const FileSizeLimit limit(16);
    EXPECT_EQ(ReasonOf(database->Reopen(4)), RejectReason::kStoreIo);
  }
  for (const uint64_t seq : {5, 6}) {
    EXPECT_FALSE(there(Family::kJournal, seq)) << seq;
    EXPECT_FALSE(there(Family::kOutbox, seq)) << seq;
  }
  EXPECT_TRUE(there(Family::kObjects, 2));
  EXPECT_TRUE(**database->Get(Family::kStore, "durable") == large);
  EXPECT_EQ(*LastSequence(*database), 4u);
  EXPECT_GE(database->UnflushedBytes(), 3 * large.size());  // opening writes all of it
  ASSERT_TRUE(database->Reopen(4).ok());
  for (const uint64_t seq : {5, 6}) {
    EXPECT_TRUE(there(Family::kJournal, seq)) << seq;
    EXPECT_TRUE(there(Family::kOutbox, seq)) << seq;
  }
  EXPECT_FALSE(there(Family::kObjects, 2));
}

TEST_F(Reopen, NobodyElseHasTheStoreMeanwhile) {
  Fill(0, 2);
  const auto database = OpenDatabase();
  const auto second = [&] {
    return ReasonOf(Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore).status());
  };
  EXPECT_EQ(second(), RejectReason::kStoreLocked);
  Database::Batch batch(*database);
  batch.Put(Family::kStore, "large", Bytes(200'000, 'x'));
  ASSERT_TRUE(database->Write(batch, true).ok());
  {
    const FileSizeLimit limit(16);
    ASSERT_EQ(ReasonOf(database->Reopen(4)), RejectReason::kStoreIo);
  }
  EXPECT_EQ(second(), RejectReason::kStoreLocked) << "open for reading";
  fs::rename(store_.store() + "/CURRENT", store_.store() + "/aside");
  ASSERT_FALSE(database->Reopen(4).ok());
  fs::rename(store_.store() + "/aside", store_.store() + "/CURRENT");
  EXPECT_EQ(second(), RejectReason::kStoreLocked) << "not open at all";
  ASSERT_TRUE(database->Reopen(4).ok());
  EXPECT_EQ(second(), RejectReason::kStoreLocked);
}

TEST_F(Reopen, OverARebuildThatWasCutShortIsRefused) {
  Fill(0, 2);
  auto database = OpenDatabase();
  const SealedRows rows(*database, store_.at_rest);
  GroupWriter writer(*database, store_.at_rest, store_.self, store_.clock, *HeadFile::Open(store_.head_file()), {});
  const auto reopened = writer.Reopen(rows, store_.head_file());
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ(reopened->head.sequence, 4u);
  Database::Batch mark(*database);
  mark.Put(Family::kStore, kRebuildKey, "");
  ASSERT_TRUE(database->Write(mark, true).ok());
  const auto refused = writer.Reopen(rows, store_.head_file());
  EXPECT_EQ(ReasonOf(refused.status()), RejectReason::kStoreCorrupt);
  EXPECT_NE(refused.status().message().find("cut short; start this node again"), std::string::npos) << refused.status();
  database.reset();
  store_.Open();  // aborts unless the start ends the rebuild
}

}  // namespace
}  // namespace entente::storage
