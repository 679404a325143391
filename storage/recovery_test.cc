#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>

#include "base/reject.h"
#include "storage/head.h"
#include "storage/sealed_rows.h"
#include "storage/testing/test_store.h"

// Damage and loss, each named; and what a crash leaves, accepted.
namespace entente::storage {
namespace {

namespace fs = std::filesystem;
using testing::Indicator;
using testing::TestStore;

class Recovery : public ::testing::Test {
 protected:
  void Fill(int from, int to) {
    for (int i = from; i < to; ++i)
      ASSERT_TRUE(store_.Publish({Indicator(std::to_string(i), "v" + std::to_string(i))}).ok());
  }
  RejectReason OpenReason() {
    store_.Close();
    const auto journal = store_.TryOpen();
    if (!journal.ok()) message_ = std::string(journal.status().message());
    return ReasonOf(journal.status());
  }
  static void Flip(const fs::path& path, size_t at, char bits = 0x10) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ bits));
  }
  fs::path Log() { return store_.Files(".log").back(); }

  TestStore store_;
  std::string message_;
};

TEST_F(Recovery, D11TwoHundredFlipsInTheMiddleOfTheLogAreRefusedAndPlaced) {
  Fill(0, 20);
  const size_t last = fs::file_size(Log());  // what comes behind may be torn by a crash
  Fill(20, 21);
  store_.Close();
  store_.Keep("whole");
  const std::string log = Log().filename().string();
  std::mt19937_64 random(11);
  std::map<RejectReason, int> reasons;
  for (int i = 0; i < 200; ++i) {
    store_.Restore("whole");
    const size_t at = random() % last;
    Flip(Log(), at, static_cast<char>(1 << random() % 8));
    const RejectReason reason = OpenReason();
    ++reasons[reason];
    // A flipped length may end the log early: the signed head knows which records are gone.
    ASSERT_TRUE(reason == RejectReason::kStoreCorrupt || reason == RejectReason::kStoreShort) << at << message_;
    const bool placed = message_.find(log) != std::string::npos || message_.find("at record ") != std::string::npos;
    EXPECT_TRUE(placed) << at << ": " << message_;
  }
  EXPECT_GT(reasons[RejectReason::kStoreCorrupt], 100);
}

TEST_F(Recovery, D12ADeletedLogIsAShortStore) {
  Fill(0, 5);
  store_.Close();
  fs::remove(Log());
  EXPECT_EQ(OpenReason(), RejectReason::kStoreShort);
  EXPECT_NE(message_.find("signed a head at 10"), std::string::npos) << message_;
}

TEST_F(Recovery, ADeletedStoreIsAShortStore) {
  Fill(0, 2);
  store_.Close();
  fs::remove_all(store_.store());
  EXPECT_EQ(OpenReason(), RejectReason::kStoreShort);
  EXPECT_FALSE(fs::exists(store_.store()));  // nothing new was made over the loss
}

TEST_F(Recovery, D10TornAnywhereItLosesOnlyTheUnacknowledgedGroup) {
  Fill(0, 2);
  store_.Keep("before");
  const size_t before = fs::file_size(Log());
  ASSERT_TRUE(store_.journal
                  ->CommitAndWait([&](Transaction& t) {
                    return t.AppendDelivered(store_.self.org(), {}).status();  // one small record
                  })
                  .ok());
  store_.Close();
  const size_t after = fs::file_size(Log());
  store_.Keep("torn");
  fs::copy_file(store_.folder / "before" / "store.head", store_.folder / "torn" / "store.head",
                fs::copy_options::overwrite_existing);
  ASSERT_GT(after, before);
  for (size_t size = before; size <= after; ++size) {
    store_.Restore("torn");
    fs::resize_file(Log(), size);
    const auto journal = store_.TryOpen();
    ASSERT_TRUE(journal.ok()) << size << ": " << journal.status();
    EXPECT_EQ((*journal)->Head().sequence, size == after ? 5u : 4u) << size;
  }
}

TEST_F(Recovery, D10TornInsideAnAcknowledgedGroupItIsRefused) {
  Fill(0, 2);
  const size_t before = fs::file_size(Log());
  Fill(2, 3);
  store_.Close();
  store_.Keep("whole");
  const size_t after = fs::file_size(Log());
  for (size_t size = before; size < after; size += 61) {
    store_.Restore("whole");
    fs::resize_file(Log(), size);
    EXPECT_EQ(OpenReason(), RejectReason::kStoreShort) << size;
  }
}

TEST_F(Recovery, AStoreLongerThanItsHeadGetsANewHead) {
  Fill(0, 2);
  store_.Keep("before");
  Fill(2, 4);
  store_.Close();
  fs::copy_file(store_.folder / "before" / "store.head", store_.head_file(), fs::copy_options::overwrite_existing);
  store_.Open();
  EXPECT_EQ(store_.journal->Head().sequence, 8u);
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
  const auto head = HeadFile::Read(store_.head_file());
  EXPECT_EQ(trust::CheckOwnHead(trust::HistoryOf(store_.self), (*head)->head)->sequence(), 8u);
}

TEST_F(Recovery, AMissingHeadRefuses) {
  Fill(0, 1);
  store_.Close();
  fs::remove(store_.head_file());
  EXPECT_EQ(OpenReason(), RejectReason::kStoreCorrupt);
  EXPECT_NE(message_.find("head file"), std::string::npos);
}

TEST_F(Recovery, AnotherHistoryRefuses) {
  Fill(0, 1);
  store_.Close();
  store_.Keep("fork");
  store_.Open();
  Fill(1, 2);
  store_.Close();
  fs::copy_file(store_.head_file(), store_.folder / "fork.head");
  store_.Restore("fork");
  store_.Open();
  Fill(5, 6);
  store_.Close();
  fs::copy_file(store_.folder / "fork.head", store_.head_file(), fs::copy_options::overwrite_existing);
  EXPECT_EQ(OpenReason(), RejectReason::kStoreShort);
  EXPECT_NE(message_.find("another history"), std::string::npos) << message_;
}

TEST_F(Recovery, AHoleInTheJournalRefuses) {
  Fill(0, 4);
  store_.Close();
  {
    const auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    Database::Batch batch(**database);
    batch.Delete(Family::kJournal, SeqBytes(3));
    ASSERT_TRUE((*database)->Write(batch, true).ok());
  }
  EXPECT_EQ(OpenReason(), RejectReason::kStoreCorrupt);
  EXPECT_NE(message_.find("record 3"), std::string::npos) << message_;
}

TEST_F(Recovery, AnotherStorageKeyRefuses) {
  Fill(0, 1);
  store_.Close();
  store_.at_rest = crypto::AtRest(crypto::SecretBytes::Random(crypto::kKeySize));
  EXPECT_EQ(OpenReason(), RejectReason::kStoreCorrupt);
}

TEST_F(Recovery, AnotherNodesStoreRefuses) {
  Fill(0, 1);
  store_.Close();
  store_.self = testing::MakeSelf("cert.other", store_.clock.now);
  EXPECT_EQ(OpenReason(), RejectReason::kStoreCorrupt);
}

TEST_F(Recovery, D20ASecondOpenIsLocked) {
  const auto second = store_.TryOpen();
  EXPECT_EQ(ReasonOf(second.status()), RejectReason::kStoreLocked) << second.status();
  EXPECT_TRUE(store_.Publish({Indicator("1", "v")}).ok());
}

TEST_F(Recovery, NothingIsMadeUnlessAskedFor) {
  store_.Close();
  store_.options.path = (store_.folder / "elsewhere").string();
  store_.options.create = false;
  EXPECT_EQ(OpenReason(), RejectReason::kNotFound);
  EXPECT_FALSE(fs::exists(store_.folder / "elsewhere"));
}

TEST_F(Recovery, D12ALostTableFileRefuses) {
  Fill(0, 3);
  store_.Open();  // recovery writes tables
  store_.Close();
  const auto tables = store_.Files(".sst");
  ASSERT_FALSE(tables.empty());
  for (const fs::path& table : tables) fs::remove(table);
  EXPECT_EQ(OpenReason(), RejectReason::kStoreCorrupt);
}

TEST_F(Recovery, D13AFlippedByteOfATableIsATypedReadErrorAndFsckFindsIt) {
  Fill(0, 10);
  store_.Open();
  store_.Close();
  store_.Keep("whole");
  fs::path journal_table;
  for (const fs::path& table : store_.Files(".sst")) {
    if (journal_table.empty() || fs::file_size(table) > fs::file_size(journal_table)) journal_table = table;
  }
  const size_t size = fs::file_size(journal_table);  // an open store may compact it away
  for (size_t at = 50; at < size; at += 997) {
    store_.Restore("whole");
    Flip(journal_table, at);
    const auto journal = store_.TryOpen();
    if (!journal.ok()) {
      EXPECT_EQ(ReasonOf(journal.status()), RejectReason::kStoreCorrupt) << journal.status();
      continue;
    }
    for (uint64_t seq = 1; seq <= 20; ++seq) {
      const auto record = (*journal)->FindRecord(seq);
      ASSERT_TRUE(!record.ok() || record->has_value()) << seq;  // never absent
      EXPECT_TRUE(record.ok() || ReasonOf(record.status()) == RejectReason::kStoreCorrupt) << record.status();
    }
    const auto report = (*journal)->Fsck(false);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_FALSE(report->problems.empty()) << at << " of " << size;
  }
}

TEST_F(Recovery, RawFilesShowNoIdValueContentOrKey) {
  const trust::Self peer = testing::MakeSelf("cert.estovia", store_.clock.now);
  ASSERT_TRUE(store_.Accept(peer, "party-on-file").ok());
  ASSERT_TRUE(store_.Publish({Indicator("abcdef", "secret-value.example")}, {peer.org()}).ok());
  store_.Open();  // tables and logs
  ASSERT_TRUE(store_.Publish({Indicator("fedcba", "other-value.example")}, {peer.org()}).ok());
  store_.Close();
  const std::vector<Bytes> never = {"abcdef",        "fedcba",         "secret-value",
                                    "other-value",   "indicator--",    "\"n\":",
                                    "party-on-file", peer.org().str(), peer.statement_key->public_key()};
  for (const auto& entry : fs::recursive_directory_iterator(store_.folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const Bytes content((std::istreambuf_iterator<char>(file)), {});
    for (const Bytes& word : never) EXPECT_EQ(content.find(word), Bytes::npos) << entry.path();
  }
}

}  // namespace
}  // namespace entente::storage
