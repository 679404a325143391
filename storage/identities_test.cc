// Later versions of parties' identity documents: records, rows, what a start finds and what fsck says.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/rocks_journal.h"
#include "storage/store_check.h"
#include "storage/testing/test_store.h"
#include "trust/key_maker.h"

namespace entente::storage {
namespace {

using testing::Indicator;
using testing::TestStore;

// An organisation with its root key, which goes on from version to version.
struct Organisation {
  Organisation(const std::string& name, absl::Time now)
      : history(*trust::IdentityHistory::Begin(*trust::MakeIdentity(name, root, *key, now))) {}

  trust::Self self() const {
    return {history.newest(), trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key()), key,
            std::make_shared<const trust::IdentityHistory>(history)};
  }
  // The next version, with a new statement key and this name.
  v1::SignedIdentity Rotated(absl::Time now, const std::string& name) const {
    trust::IdentityChange change = trust::Rotation(history, *fresh, now);
    change.name = name;
    const crypto::SigningKey* roots[] = {&root};
    return *trust::MakeNext(history, change, roots, now);
  }
  v1::SignedIdentity Rotate(absl::Time now, const std::string& name = "renamed") {
    const v1::SignedIdentity next = Rotated(now, name);
    EXPECT_TRUE(history.Extend(next, now).ok());
    key = std::exchange(fresh, std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate()));
    return next;
  }

  crypto::SigningKey root = crypto::SigningKey::Generate();
  std::shared_ptr<const crypto::SigningKey> key = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  std::shared_ptr<const crypto::SigningKey> fresh = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  trust::IdentityHistory history;
};

class IdentitiesTest : public ::testing::Test {
 protected:
  IdentitiesTest() : estovia_("cert.estovia", store_.clock.now), volt_("volt", store_.clock.now) {
    EXPECT_TRUE(store_.Accept(estovia_.self(), "cert.estovia").ok());
    EXPECT_TRUE(store_.Accept(volt_.self(), "volt").ok());
  }
  RejectReason Take(const OrgId& org, const v1::SignedIdentity& document) {
    return ReasonOf(store_.journal->CommitAndWait(
        [&](Transaction& transaction) { return transaction.AppendIdentity(org, document).status(); }));
  }
  std::vector<Bytes> OnFile(const Organisation& org) const {
    const auto documents = store_.journal->LaterIdentities(org.history.org());
    EXPECT_TRUE(documents.ok()) << documents.status();
    std::vector<Bytes> out;
    if (documents.ok()) std::for_each(documents->begin(), documents->end(), [&](const auto& d) { out.push_back(d.SerializeAsString()); });
    return out;
  }
  // One statement of `origin`, received and stored.
  absl::Status Receive(const trust::Self& origin, const std::string& tail) {
    const testing::TestObject object = Indicator(tail, "v");
    const envelope::Batch batch = testing::Sent(origin, store_.self.org(), {object}, position_, store_.clock.now);
    return store_.journal->CommitAndWait([&](Transaction& transaction) {
      const auto seq = transaction.AppendReceivedBatch(batch, origin.org());
      if (!seq.ok()) return seq.status();
      return transaction.AppendObject(*seq, batch.statements()[0], object.facts, testing::PermitFor(store_.self.org())).status();
    });
  }
  std::vector<std::string> Problems() {
    store_.Open();
    return store_.journal->Fsck(false)->problems;
  }
  // Changes a row of view `parties` behind the journal's back.
  void Tamper(const std::function<void(Database::Batch&)>& change) {
    store_.Close();
    auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
    Database::Batch batch(**database);
    change(batch);
    ASSERT_TRUE((*database)->Write(batch, true).ok());
  }

  TestStore store_;
  Organisation estovia_, volt_;
  envelope::StreamPosition position_{crypto::RandomId<StreamId>(), 0, StatementId()};
  Keys keys_{store_.at_rest};
};

TEST_F(IdentitiesTest, DocumentsComeBackInTheOrderInWhichTheyCame) {
  std::vector<Bytes> taken;
  for (int version = 2; version < 6; ++version) {
    const v1::SignedIdentity next = estovia_.Rotate(store_.clock.now + version * absl::Seconds(1));
    ASSERT_EQ(Take(estovia_.history.org(), next), RejectReason::kNone);
    taken.push_back(next.SerializeAsString());
    ASSERT_TRUE(store_.Accept(volt_.self(), "volt").ok());  // other records in between
  }
  EXPECT_EQ(OnFile(estovia_), taken);
  EXPECT_EQ(OnFile(volt_), std::vector<Bytes>{});
  store_.Open();
  EXPECT_EQ(OnFile(estovia_), taken);
  EXPECT_EQ(store_.journal->Parties()->size(), 2u);
  EXPECT_EQ(Problems(), std::vector<std::string>{});
}

TEST_F(IdentitiesTest, TheTransactionThatTakesAPartyOnMayTakeItsDocumentsToo) {
  Organisation norlandia("cert.norlandia", store_.clock.now);
  const v1::PartyAccepted party = testing::PartyOf(norlandia.self(), "other");
  const v1::SignedIdentity next = norlandia.Rotate(store_.clock.now + absl::Seconds(1));
  EXPECT_TRUE(store_.journal->CommitAndWait([&](Transaction& transaction) {
    const auto appended = transaction.AppendParty(party);
    return appended.ok() ? transaction.AppendIdentity(norlandia.history.org(), next).status() : appended.status();
  }).ok());
  EXPECT_EQ(OnFile(norlandia), std::vector<Bytes>{next.SerializeAsString()});
}

TEST_F(IdentitiesTest, ADocumentOfNobodyOnFileIsNotStored) {
  Organisation stranger("stranger", store_.clock.now);
  const uint64_t before = store_.journal->Head().sequence;
  EXPECT_EQ(Take(stranger.history.org(), stranger.Rotate(store_.clock.now + absl::Seconds(1))), RejectReason::kInternal);
  EXPECT_EQ(store_.journal->Head().sequence, before);
}

TEST_F(IdentitiesTest, StatementsAreCheckedUnderTheVersionThatTheyNameAndItsKeys) {
  ASSERT_TRUE(Receive(estovia_.self(), "1").ok());
  ASSERT_EQ(Take(estovia_.history.org(), estovia_.Rotate(store_.clock.now + absl::Seconds(1))), RejectReason::kNone);
  store_.clock.now += absl::Seconds(2);
  ASSERT_TRUE(Receive(estovia_.self(), "2").ok());
  EXPECT_EQ(Problems(), std::vector<std::string>{});
}

TEST_F(IdentitiesTest, WithoutItsDocumentAStatementDoesNotVerify) {
  estovia_.Rotate(store_.clock.now);
  ASSERT_TRUE(Receive(estovia_.self(), "1").ok());
  const std::vector<std::string> problems = Problems();
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_TRUE(problems[0].starts_with("journal record 4: its statement does not verify")) << problems[0];
}

TEST_F(IdentitiesTest, TwoDocumentsForOneVersionAreBothKeptAndNoDamage) {
  const absl::Time later = store_.clock.now + absl::Seconds(1);
  const v1::SignedIdentity twin = estovia_.Rotated(later, "twin"), next = estovia_.Rotate(later);
  ASSERT_EQ(Take(estovia_.history.org(), next), RejectReason::kNone);
  ASSERT_EQ(Take(estovia_.history.org(), twin), RejectReason::kNone);
  EXPECT_EQ(OnFile(estovia_), (std::vector<Bytes>{next.SerializeAsString(), twin.SerializeAsString()}));
  EXPECT_EQ(Problems(), std::vector<std::string>{});
}

TEST_F(IdentitiesTest, ADocumentThatDoesNotCheckIsFound) {
  v1::SignedIdentity next = estovia_.Rotate(store_.clock.now + absl::Seconds(1));
  ASSERT_EQ(Take(volt_.history.org(), next), RejectReason::kNone);  // the journal stores; the history is who checks
  next.mutable_signatures(0)->mutable_signature()->front() ^= 1;
  ASSERT_EQ(Take(estovia_.history.org(), next), RejectReason::kNone);
  const std::vector<std::string> problems = Problems();
  ASSERT_EQ(problems.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(problems[i].starts_with("journal record " + std::to_string(3 + i) + ": the party's document does not check"))
        << problems[i];
  }
}

TEST_F(IdentitiesTest, AMissingRowIsFoundAndMadeAgain) {
  const v1::SignedIdentity next = estovia_.Rotate(store_.clock.now + absl::Seconds(1));
  ASSERT_EQ(Take(estovia_.history.org(), next), RejectReason::kNone);
  Tamper([&](Database::Batch& batch) {
    batch.Delete(Family::kParties, keys_.PartyDocument(estovia_.history.org().view(), 3));
  });
  EXPECT_EQ(Problems(), std::vector<std::string>{"view parties: 1 rows are missing"});
  EXPECT_TRUE(store_.journal->Fsck(true)->problems.empty());
  EXPECT_EQ(OnFile(estovia_), std::vector<Bytes>{next.SerializeAsString()});
}

TEST_F(IdentitiesTest, ARowThatPointsElsewhereIsDamage) {
  ASSERT_EQ(Take(estovia_.history.org(), estovia_.Rotate(store_.clock.now + absl::Seconds(1))), RejectReason::kNone);
  for (const uint64_t seq : {1ull, 99ull}) {  // a party's record, and none
    const Bytes key = keys_.PartyDocument(volt_.history.org().view(), seq);
    Tamper([&](Database::Batch& batch) {
      batch.Put(Family::kParties, key, store_.at_rest.Seal("", SealingContext(Family::kParties, key)));
    });
    store_.Open();
    EXPECT_EQ(ReasonOf(store_.journal->LaterIdentities(volt_.history.org()).status()), RejectReason::kStoreCorrupt) << seq;
    EXPECT_TRUE(store_.journal->LaterIdentities(estovia_.history.org()).ok());
    Tamper([&](Database::Batch& batch) { batch.Delete(Family::kParties, key); });
  }
}

// The node itself goes on to another key: its head is signed anew, and what the old one signed stays good.
TEST_F(IdentitiesTest, AStoreOpensUnderTheNextKeyOfItsNode) {
  Organisation own("cert.own", store_.clock.now);
  TestStore store;
  store.Close();
  std::filesystem::remove_all(store.store());
  std::filesystem::remove(store.head_file());
  store.self = own.self();
  store.Open();
  ASSERT_TRUE(store.Publish({Indicator("1", "a")}).ok());
  store.Close();
  const trust::Self before = store.self;
  const KeyId old = before.key_id;
  own.Rotate(store.clock.now + absl::Seconds(1));
  const crypto::SigningKey* roots[] = {&own.root};
  trust::IdentityChange stolen;  // so the newest version holds it no more
  stolen.revoke.push_back(trust::Compromise(old, store.clock.now));
  ASSERT_TRUE(own.history.Extend(*trust::MakeNext(own.history, stolen, roots, store.clock.now + absl::Seconds(2)),
                                 store.clock.now + absl::Seconds(2)).ok());
  store.self = own.self();
  store.Open();
  const auto head = trust::CheckHead(own.history, store.journal->Head().signed_head);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->key_id(), store.self.key_id.view());
  EXPECT_EQ(head->sequence(), 2u);
  EXPECT_TRUE(store.journal->Fsck(false)->problems.empty());
  store.Close();
  // Under documents that do not know the key the head is not this node's.
  store.self = before;
  EXPECT_EQ(ReasonOf(store.TryOpen().status()), RejectReason::kStoreCorrupt);
}

}  // namespace
}  // namespace entente::storage
