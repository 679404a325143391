// What people do at the node, in the journal: who asked for a record, steps of drafts, who opened what.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/rocks_journal.h"
#include "storage/store_check.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

class OfficeRecordsTest : public ::testing::Test {
 protected:
  // One step of each kind, by `by`.
  RejectReason Append(uint64_t number, const std::string& by) {
    v1::DraftStep step;
    step.set_number(number);
    step.set_dropped("why");
    v1::ContentOpened opened;
    opened.set_how("get");
    return ReasonOf(store_.journal->CommitAndWait([&](Transaction& transaction) {
      transaction.ActFor(by);
      if (absl::Status status = transaction.AppendDraft(step).status(); !status.ok()) return status;
      return transaction.AppendOpened(opened).status();
    }));
  }
  testing::TestStore store_;
};

TEST_F(OfficeRecordsTest, ComeBackInTheirOrderWithWhoAskedForThem) {
  for (const uint64_t number : {1, 2, 3}) ASSERT_EQ(Append(number, "anna (uid 1001)"), RejectReason::kNone);
  store_.Open();
  const auto drafts = store_.journal->DraftRecords(0, 10), opened = store_.journal->OpenedRecords(0, 10);
  ASSERT_TRUE(drafts.ok() && drafts->size() == 3) << drafts.status();
  ASSERT_TRUE(opened.ok() && opened->size() == 3) << opened.status();
  const auto draft = *store_.journal->FindRecord(drafts->back()), content = *store_.journal->FindRecord(opened->back());
  EXPECT_EQ(draft->draft().number(), 3u);
  EXPECT_EQ(draft->by(), "anna (uid 1001)");
  EXPECT_EQ(content->by(), "anna (uid 1001)");
  EXPECT_EQ(content->opened().how(), "get");
  EXPECT_EQ(store_.journal->DraftRecords(drafts->front(), 1)->size(), 1u);
  EXPECT_TRUE(store_.journal->Parties()->empty());  // they stand in one family
  EXPECT_TRUE(store_.journal->RulesRecords(0, 10)->empty());
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
}

TEST_F(OfficeRecordsTest, ALostRowIsFoundAndMadeAgain) {
  ASSERT_EQ(Append(1, "anna (uid 1001)"), RejectReason::kNone);
  const uint64_t seq = store_.journal->Head().sequence;
  store_.Close();
  {
    const auto database = *Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    Database::Batch batch(*database);
    batch.Delete(Family::kParties, Keys(store_.at_rest).OpenedRow(seq));
    batch.Delete(Family::kParties, Keys(store_.at_rest).DraftRow(seq - 1));
    ASSERT_TRUE(database->Write(batch, true).ok());
  }
  store_.Open();
  EXPECT_EQ(store_.journal->Fsck(false)->problems, std::vector<std::string>{"view parties: 2 rows are missing"});
  EXPECT_TRUE(store_.journal->Fsck(true)->problems.empty());
  EXPECT_EQ(store_.journal->DraftRecords(0, 10)->size(), 1u);
  EXPECT_EQ(store_.journal->OpenedRecords(0, 10)->size(), 1u);
}

TEST_F(OfficeRecordsTest, NobodyOpensAnythingWithoutAName) {
  EXPECT_EQ(Append(1, ""), RejectReason::kInternal);
  EXPECT_EQ(store_.journal->Head().sequence, 0u) << "and nothing of the commit is kept";
}

TEST_F(OfficeRecordsTest, WhoAskedIsCutAtItsBound) {
  ASSERT_EQ(Append(1, std::string(3 * kMaxByBytes, 'x')), RejectReason::kNone);
  EXPECT_EQ((*store_.journal->FindRecord(1))->by(), std::string(kMaxByBytes, 'x'));
}

}  // namespace
}  // namespace entente::storage
