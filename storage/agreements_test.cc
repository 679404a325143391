// Agreements in the journal: they come back in their order, each party's its own, and fsck knows their rows.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/rocks_journal.h"
#include "storage/store_check.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

class AgreementRecordsTest : public ::testing::Test {
 protected:
  void Accept(const OrgId& org) {
    v1::PartyAccepted party;
    party.set_org_id(org.str());
    ASSERT_TRUE(store_.journal->CommitAndWait([&](Transaction& transaction) { return transaction.AppendParty(party).status(); }).ok());
  }
  absl::Status Append(const OrgId& org, const std::string& body) {
    v1::AgreementTaken taken;
    taken.set_org_id(org.str());
    taken.mutable_agreement()->set_body(body);
    return store_.journal->CommitAndWait(
        [&](Transaction& transaction) { return transaction.AppendAgreement(org, taken).status(); });
  }
  std::vector<std::string> Bodies(const OrgId& org, uint64_t after = 0, size_t limit = 10) {
    const auto found = store_.journal->Agreements(org, after, limit);
    EXPECT_TRUE(found.ok()) << found.status();
    last_ = after;
    std::vector<std::string> out;
    for (const v1::AgreementTaken& one : *found) out.push_back(one.agreement().body());
    return out;
  }
  const OrgId one_ = *OrgId::From(Bytes(32, 'a')), other_ = *OrgId::From(Bytes(32, 'b'));
  uint64_t last_ = 0;
  testing::TestStore store_;
};

TEST_F(AgreementRecordsTest, ComeBackInTheirOrderAndByPages) {
  Accept(one_);
  Accept(other_);
  for (const char* body : {"1", "2", "3"}) ASSERT_TRUE(Append(one_, body).ok());
  ASSERT_TRUE(Append(other_, "x").ok());
  store_.Open();
  EXPECT_EQ(Bodies(one_), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(Bodies(one_, 0, 2), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(Bodies(one_, last_, 2), (std::vector<std::string>{"3"}));
  EXPECT_EQ(Bodies(other_), (std::vector<std::string>{"x"}));
  EXPECT_EQ(store_.journal->Parties()->size(), 2u);  // they stand in one family
  EXPECT_TRUE(store_.journal->LaterIdentities(one_)->empty());
}

TEST_F(AgreementRecordsTest, AreOfPartiesOnFileAlone) {
  EXPECT_FALSE(Append(one_, "1").ok());
  EXPECT_EQ(store_.journal->Head().sequence, 0u);
}

TEST_F(AgreementRecordsTest, ALostRowIsFound) {
  Accept(one_);
  ASSERT_TRUE(Append(one_, "1").ok());
  const uint64_t seq = store_.journal->Head().sequence;
  store_.Close();
  {
    const auto database = *Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    Database::Batch batch(*database);
    batch.Delete(Family::kParties, Keys(store_.at_rest).AgreementRow(one_.view(), seq));
    ASSERT_TRUE(database->Write(batch, true).ok());
  }
  store_.Open();
  const auto problems = store_.journal->Fsck(false)->problems;
  EXPECT_NE(std::find(problems.begin(), problems.end(), "view parties: 1 rows are missing"), problems.end());
  EXPECT_TRUE(Bodies(one_).empty());
}

}  // namespace
}  // namespace entente::storage
