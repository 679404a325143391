// What was taken in of groups: records, rows, what a start finds and what fsck says.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "storage/rocks_journal.h"
#include "storage/store_check.h"
#include "storage/testing/test_store.h"
#include "trust/payload_types.h"

namespace entente::storage {
namespace {

using testing::TestStore;

class GroupRecordsTest : public ::testing::Test {
 protected:
  static v1::GroupTaken Something(char of) {
    v1::GroupTaken taken;
    taken.set_group_id(Bytes(GroupId::kSize, of));
    return taken;
  }
  static v1::GroupTaken Slots(char of) {
    v1::GroupTaken taken = Something('g');
    taken.mutable_slots()->mutable_epoch()->set_body(Bytes(3, of));
    taken.mutable_slots()->set_slots(Bytes(1184, of));
    return taken;
  }
  static Bytes IdOf(char of) { return crypto::Sha256(crypto::Pae(trust::kEpochType, Bytes(3, of))).str(); }
  RejectReason Append(const v1::GroupTaken& taken) {
    return ReasonOf(store_.journal->CommitAndWait(
        [&](Transaction& transaction) { return transaction.AppendGroup(taken).status(); }));
  }
  TestStore store_;
};

TEST_F(GroupRecordsTest, AreReadBackInTheirOrderAndSlotsByTheirEpoch) {
  v1::GroupTaken entry = Something('g');
  entry.mutable_log_entry()->set_body("entry");
  v1::GroupTaken leave = Something('h');
  leave.mutable_leave()->set_body("leave");
  for (const v1::GroupTaken& taken : {entry, Slots('a'), leave, Slots('b')}) ASSERT_EQ(Append(taken), RejectReason::kNone);
  store_.Open();
  const auto seqs = store_.journal->GroupRecords(0, 10);
  ASSERT_TRUE(seqs.ok() && seqs->size() == 2) << seqs.status();
  EXPECT_EQ((*store_.journal->FindRecord(seqs->at(0)))->group().SerializeAsString(), entry.SerializeAsString());
  EXPECT_EQ((*store_.journal->FindRecord(seqs->at(1)))->group().SerializeAsString(), leave.SerializeAsString());
  EXPECT_EQ(store_.journal->GroupRecords(seqs->at(0), 10)->size(), 1u);
  EXPECT_EQ((*store_.journal->Slots(IdOf('b')))->SerializeAsString(), Slots('b').slots().SerializeAsString());
  EXPECT_FALSE(store_.journal->Slots(IdOf('c'))->has_value());
  EXPECT_TRUE(store_.journal->Parties()->empty());  // they stand in one family
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
}

TEST_F(GroupRecordsTest, NothingOfAGroupIsNoRecord) {
  EXPECT_EQ(Append(Something('g')), RejectReason::kInternal);
  v1::GroupTaken nobody = Slots('a');
  nobody.set_group_id("short");
  EXPECT_EQ(Append(nobody), RejectReason::kInternal);
  EXPECT_TRUE(store_.journal->GroupRecords(0, 10)->empty());
}

TEST_F(GroupRecordsTest, ALostRowIsFoundAndMadeAgain) {
  ASSERT_EQ(Append(Slots('a')), RejectReason::kNone);
  const uint64_t seq = store_.journal->Head().sequence;
  store_.Close();
  {
    const auto database = *Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    Database::Batch batch(*database);
    batch.Delete(Family::kParties, Keys(store_.at_rest).SlotsRow(IdOf('a'), seq));
    ASSERT_TRUE(database->Write(batch, true).ok());
  }
  store_.Open();
  EXPECT_EQ(store_.journal->Fsck(false)->problems, std::vector<std::string>{"view parties: 1 rows are missing"});
  EXPECT_FALSE(store_.journal->Slots(IdOf('a'))->has_value());
  EXPECT_TRUE(store_.journal->Fsck(true)->problems.empty());
  EXPECT_TRUE(store_.journal->Slots(IdOf('a'))->has_value());
}

}  // namespace
}  // namespace entente::storage
