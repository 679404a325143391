// Local rules in the journal: what was put in force comes back in its order, and fsck knows its rows.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/rocks_journal.h"
#include "storage/store_check.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

class RulesRecordsTest : public ::testing::Test {
 protected:
  RejectReason Append(uint64_t number, const std::string& text) {
    v1::RulesChanged rules;
    rules.set_number(number);
    rules.set_text(text);
    return ReasonOf(store_.journal->CommitAndWait(
        [&](Transaction& transaction) { return transaction.AppendRules(rules).status(); }));
  }
  testing::TestStore store_;
};

TEST_F(RulesRecordsTest, ComeBackInTheirOrder) {
  for (const uint64_t number : {1, 2, 3}) {
    ASSERT_EQ(Append(number, "text " + std::to_string(number)), RejectReason::kNone);
  }
  store_.Open();
  const auto seqs = store_.journal->RulesRecords(0, 10);
  ASSERT_TRUE(seqs.ok() && seqs->size() == 3) << seqs.status();
  EXPECT_EQ((*store_.journal->FindRecord(seqs->back()))->rules().text(), "text 3");
  EXPECT_EQ(store_.journal->RulesRecords(seqs->front(), 1)->size(), 1u);
  EXPECT_TRUE(store_.journal->Parties()->empty());  // they stand in one family
  EXPECT_TRUE(store_.journal->GroupRecords(0, 10)->empty());
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
}

TEST_F(RulesRecordsTest, ALostRowIsFoundAndMadeAgain) {
  ASSERT_EQ(Append(1, "text"), RejectReason::kNone);
  const uint64_t seq = store_.journal->Head().sequence;
  store_.Close();
  {
    const auto database = *Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    Database::Batch batch(*database);
    batch.Delete(Family::kParties, Keys(store_.at_rest).RulesRow(seq));
    ASSERT_TRUE(database->Write(batch, true).ok());
  }
  store_.Open();
  EXPECT_EQ(store_.journal->Fsck(false)->problems, std::vector<std::string>{"view parties: 1 rows are missing"});
  EXPECT_TRUE(store_.journal->Fsck(true)->problems.empty());
  EXPECT_EQ(store_.journal->RulesRecords(0, 10)->size(), 1u);
}

}  // namespace
}  // namespace entente::storage
