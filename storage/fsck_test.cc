#include "storage/fsck.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/reject.h"
#include "storage/head.h"
#include "storage/layout.h"
#include "storage/rocks_journal.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

namespace fs = std::filesystem;
using testing::Indicator;
using testing::TestStore;

class FsckTest : public ::testing::Test {
 protected:
  FsckTest() : peer_(testing::MakeSelf("cert.estovia", store_.clock.now)) {
    EXPECT_TRUE(store_.Accept(peer_, "cert.estovia").ok());
    EXPECT_TRUE(store_.Publish({Indicator("1", "a"), Indicator("2", "b")}, {peer_.org()}).ok());
    EXPECT_TRUE(store_.Publish({Indicator("1", "c", 2'000'000'000)}).ok());
  }
  // Changes rows behind the journal's back.
  void Tamper(const std::function<void(Database&, Database::Batch&)>& change) {
    store_.Close();
    auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    Database::Batch batch(**database);
    change(**database, batch);
    ASSERT_TRUE((*database)->Write(batch, true).ok());
    database->reset();
  }
  Bytes Sealed(Family family, ByteView key, ByteView value) {
    return store_.at_rest.Seal(value, SealingContext(family, key));
  }
  std::vector<std::string> Problems() {
    store_.Open();
    return store_.journal->Fsck(false)->problems;
  }
  static void Rot(const fs::path& table) {
    std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20);
    file.write("\xff\xff\xff\xff", 4);
  }
  // One view has this problem; a rebuild cures it.
  void ExpectCured(const std::string& problem) {
    EXPECT_EQ(Problems(), std::vector<std::string>{problem});
    const auto report = store_.journal->Fsck(true);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->problems.empty());
    EXPECT_EQ(report->repaired, std::vector<std::string>{problem});
    EXPECT_TRUE(store_.Publish({Indicator("9", "z")}).ok());
    EXPECT_TRUE(Problems().empty());
  }

  TestStore store_;
  trust::Self peer_;
  Keys keys_{store_.at_rest};
};

TEST_F(FsckTest, AWholeStoreHasNoProblems) {
  const auto report = store_.journal->Fsck(false);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->problems, std::vector<std::string>{});
  EXPECT_EQ(report->records, 6u);
  EXPECT_FALSE(fs::exists(store_.store() + ".fsck/CURRENT"));
}

TEST_F(FsckTest, ADamagedHalfOfTheHeadFileIsToldWhileTheOtherServes) {
  for (const size_t slot : {0, 1}) {
    store_.Close();
    std::fstream file(store_.head_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(slot * HeadFile::kSlotBytes + 100));
    file.write("\xff\xff\xff\xff", 4);
    file.close();
    EXPECT_EQ(Problems(), std::vector<std::string>{std::string(kHeadHalfDamaged)}) << slot;
    EXPECT_EQ(store_.journal->FoundAtOpen(), kHeadHalfDamaged);
    for (const char* tail : {"7", "8"}) {  // one record for each half
      ASSERT_TRUE(store_.Publish({Indicator(tail + std::to_string(slot), "z")}).ok());
    }
    EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
    EXPECT_TRUE(Problems().empty());
    EXPECT_EQ(store_.journal->FoundAtOpen(), "");
  }
}

TEST_F(FsckTest, ADeletedRowIsFoundAndMadeAgain) {
  Tamper([&](Database&, Database::Batch& batch) {
    batch.Delete(Family::kOutbox, keys_.OutboxRow(keys_.Peer(peer_.org().view()), 3));
  });
  ExpectCured("view outbox: 1 rows are missing");
}

TEST_F(FsckTest, AnExtraRowIsFoundAndRemoved) {
  Tamper(
      [&](Database&, Database::Batch& batch) { batch.Put(Family::kValues, keys_.ValueRow(keys_.Value("x"), 3), {}); });
  ExpectCured("view values: 1 rows too many");
}

TEST_F(FsckTest, AChangedRowIsFoundAndCorrected) {
  const Bytes key(kCountersKey);
  Tamper([&](Database&, Database::Batch& batch) {
    batch.Put(Family::kMeta, key, Sealed(Family::kMeta, key, Bytes(24, '\1')));
  });
  ExpectCured("view meta: 1 rows differ from what the journal says");
  EXPECT_EQ(store_.journal->Count().objects, 3u);
}

TEST_F(FsckTest, AnUnreadableRowIsFoundAndCorrected) {
  const Bytes key = keys_.Object(Indicator("1", "").facts.id);
  Tamper([&](Database&, Database::Batch& batch) { batch.Put(Family::kVersions, key, "garbage"); });
  store_.Open();
  EXPECT_EQ(ReasonOf(store_.journal->NewestVersion(Indicator("1", "").facts.id).status()), RejectReason::kStoreCorrupt);
  ExpectCured("view versions: 1 rows differ from what the journal says");
}

TEST_F(FsckTest, DamageThatKeepsAStoreShutIsRepairedOnRequest) {
  Tamper([&](Database&, Database::Batch& batch) { batch.Put(Family::kMeta, kCountersKey, "garbage"); });
  EXPECT_EQ(ReasonOf(store_.TryOpen().status()), RejectReason::kStoreCorrupt);
  store_.options.repair = true;
  store_.Open();
  EXPECT_EQ(ReasonOf(store_.Publish({Indicator("7", "z")})), RejectReason::kStoreCorrupt);
  EXPECT_TRUE(store_.journal->Fsck(true)->problems.empty());
  EXPECT_TRUE(store_.Publish({Indicator("7", "z")}).ok());
  EXPECT_EQ(store_.journal->Count().objects, 3u);
  store_.options.repair = false;
  EXPECT_TRUE(Problems().empty());
}

TEST_F(FsckTest, AnInterruptedRebuildIsFinishedAtTheNextStart) {
  Tamper([&](Database& database, Database::Batch& batch) {
    batch.Put(Family::kStore, kRebuildKey, "1");
    ASSERT_TRUE(database.Replace(Family::kVersions).ok());
    ASSERT_TRUE(database.Replace(Family::kMeta).ok());
  });
  EXPECT_TRUE(Problems().empty());
  EXPECT_EQ(store_.journal->Count().versions, 3u);
  EXPECT_TRUE(store_.journal->NewestVersion(Indicator("2", "").facts.id)->has_value());
}

TEST_F(FsckTest, AChangedRecordIsNamedAndNothingIsMadeFromIt) {
  Tamper([&](Database& database, Database::Batch& batch) {
    Bytes row = **database.Get(Family::kJournal, SeqBytes(4));
    row.back() = static_cast<char>(row.back() ^ 1);
    batch.Put(Family::kJournal, SeqBytes(4), row);
  });
  EXPECT_EQ(ReasonOf(store_.TryOpen().status()), RejectReason::kStoreCorrupt);
  const auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
  const auto report = RunFsck(**database, store_.at_rest, store_.self, store_.store(), /*rebuild=*/true);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_GE(report->problems.size(), 3u);
  EXPECT_EQ(report->problems[0], "journal record 4: the hash chain does not hold here");
  EXPECT_EQ(report->problems[1], "journal record 4: it does not open; it was changed on disk");
  EXPECT_EQ(report->problems.back(), "views: not rebuilt, because the journal itself is damaged");
  EXPECT_TRUE(report->repaired.empty());
}

// A record that somebody with the storage key, but not the origin's signing key, rewrote together with everything over
// it.
TEST_F(FsckTest, AForgedStatementIsFound) {
  Tamper([&](Database& database, Database::Batch& batch) {
    Digest chain;
    for (uint64_t seq = 1; seq <= 6; ++seq) {
      const Bytes key = SeqBytes(seq);
      v1::Record record;
      ASSERT_TRUE(record.ParseFromString(**SealedRows(database, store_.at_rest).Get(Family::kJournal, key)));
      if (seq == 4) {
        record.mutable_object()->mutable_content()->back() = ']';
        record.mutable_object()->set_content_digest(crypto::Sha256(record.object().content()).str());
      }
      const Bytes sealed = Sealed(Family::kJournal, key, record.SerializeAsString());
      chain = NextChain(chain, seq, sealed);
      batch.Put(Family::kJournal, key, chain.str() + sealed);
    }
    ASSERT_TRUE(
        HeadFile::Open(store_.head_file())->Write(*trust::MakeHead(store_.self, 6, chain, store_.clock.now)).ok());
  });
  const std::vector<std::string> problems = Problems();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(problems[0].starts_with("journal record 4: its statement does not verify")) << problems[0];
  EXPECT_EQ(problems[1], "view versions: 1 rows differ from what the journal says");
}

TEST_F(FsckTest, BitRotInATableIsFound) {
  store_.Open();
  store_.Close();
  store_.Keep("whole");
  for (const fs::path& table : store_.Files(".sst")) {
    store_.Restore("whole");
    Rot(table);
    const auto journal = store_.TryOpen();
    if (!journal.ok()) {
      EXPECT_EQ(ReasonOf(journal.status()), RejectReason::kStoreCorrupt) << journal.status();
      continue;
    }
    const auto report = (*journal)->Fsck(false);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_FALSE(report->problems.empty()) << table;
    for (const std::string& problem : report->problems) EXPECT_NE(problem.find(": "), std::string::npos);
  }
}

TEST_F(FsckTest, ARottenViewIsMadeAgain) {
  store_.Open();
  store_.Close();
  store_.Keep("whole");
  size_t repaired = 0;
  for (const fs::path& table : store_.Files(".sst")) {
    store_.Close();
    store_.Restore("whole");
    Rot(table);
    store_.journal = store_.TryOpen().value_or(nullptr);
    if (!store_.journal) continue;  // needed to open: see DamageThatKeepsAStoreShutIsRepairedOnRequest
    const auto report = store_.journal->Fsck(true);
    ASSERT_TRUE(report.ok()) << report.status();
    if (!report->problems.empty()) continue;  // journal or format row
    EXPECT_FALSE(report->repaired.empty());
    EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
    EXPECT_TRUE(Problems().empty());
    ++repaired;
  }
  EXPECT_GE(repaired, 5u);  // versions, values, statements, outbox, objects at least
}

TEST_F(FsckTest, ItRunsBesideCommits) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 100; !stop; ++i) EXPECT_TRUE(store_.Publish({Indicator(std::to_string(i), "w")}, {peer_.org()}).ok());
  });
  for (int i = 0; i < 5; ++i) {
    const auto report = store_.journal->Fsck(false);
    EXPECT_TRUE(report.ok() && report->problems.empty()) << (report.ok() ? report->problems.front() : "refused");
  }
  stop = true;
  writer.join();
}

TEST_F(FsckTest, CancelledItEndsAtOnceAndChangesNothing) {
  store_.Open();
  // At the first look, in the middle, and at the last: never a report, and the store serves on.
  int looks = 0;
  ASSERT_TRUE(store_.journal->Fsck(false, [&] { return ++looks, false; }).ok());
  for (const int at : {1, looks / 2, looks}) {
    for (const bool rebuild : {false, true}) {
      int look = 0;
      const auto report = store_.journal->Fsck(rebuild, [&] { return ++look >= at; });
      EXPECT_EQ(ReasonOf(report.status()), RejectReason::kUnavailable) << at;
      EXPECT_EQ(look, at);
    }
    EXPECT_TRUE(store_.Publish({Indicator(std::to_string(1000 + at), "w")}).ok());
  }
  EXPECT_TRUE(Problems().empty());
}

TEST_F(FsckTest, ProblemsAreBounded) {
  Tamper([&](Database& database, Database::Batch& batch) {
    for (uint64_t seq = 7; seq < 7 + 2 * kMaxProblems; ++seq) batch.Put(Family::kJournal, SeqBytes(seq), "short");
    (void)database;
  });
  EXPECT_EQ(ReasonOf(store_.TryOpen().status()), RejectReason::kStoreCorrupt);
  auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
  EXPECT_EQ(RunFsck(**database, store_.at_rest, store_.self, store_.store(), false)->problems.size(),
            kMaxProblems);
}

}  // namespace
}  // namespace entente::storage
