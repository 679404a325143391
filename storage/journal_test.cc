#include "storage/journal.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/sealed_rows.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

using testing::Indicator;
using testing::MakeSelf;
using testing::TestObject;
using testing::TestStore;

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() : peer_(MakeSelf("cert.estovia", store_.clock.now)) {}
  Journal& journal() { return *store_.journal; }
  absl::Status Do(const Journal::Body& body) { return journal().CommitAndWait(body); }
  std::vector<uint64_t> Found(const std::string& value) { return journal().Search(value, 10)->seqs; }

  TestStore store_;
  trust::Self peer_;
};

TEST_F(JournalTest, AnEmptyStoreHasAHeadOverNothing) {
  EXPECT_EQ(journal().Head().sequence, 0u);
  EXPECT_TRUE(journal().Head().root.IsZero());
  EXPECT_TRUE((*journal().RootAt(0))->IsZero());
  EXPECT_FALSE(journal().RootAt(1)->has_value());
  EXPECT_FALSE(journal().FindRecord(1)->has_value());
}

TEST_F(JournalTest, WhatWasStoredIsThereAfterReopen) {
  const TestObject object = Indicator("1", "a.example");
  ASSERT_TRUE(store_.Accept(peer_, "cert.estovia").ok());
  ASSERT_TRUE(store_.Publish({object}, {peer_.org()}).ok());
  const JournalHead before = journal().Head();
  for (int round = 0; round < 2; ++round, store_.Open()) {
    EXPECT_EQ(journal().Head().sequence, 3u);
    EXPECT_EQ(journal().Head().root, before.root);
    EXPECT_EQ((*journal().FindRecord(3))->object().content(), object.content);
    EXPECT_EQ((*journal().NewestVersion(object.facts.id))->seq, 3u);
    EXPECT_EQ(Found("a.example"), std::vector<uint64_t>{3});
    EXPECT_EQ(*journal().Outbox(peer_.org(), 0, 10), std::vector<uint64_t>{3});
    EXPECT_EQ(journal().Parties()->at(0).name(), "cert.estovia");
    EXPECT_EQ(journal().Count().objects, 1u);
    EXPECT_EQ(journal().Lag(peer_.org()), 1u);
    EXPECT_EQ(journal().NewestOutboxPosition(peer_.org()), 3u);
  }
}

TEST_F(JournalTest, TheChainIsTheDocumentedOne) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "a.example"), Indicator("2", "b.example")}).ok());
  const JournalHead head = journal().Head();
  EXPECT_EQ(**journal().RootAt(3), head.root);
  EXPECT_EQ(trust::CheckOwnHead(trust::HistoryOf(store_.self), head.signed_head)->root(), head.root.view());
  store_.Close();
  const auto database = Database::Open(store_.store(), Database::Create::kNever, Database::Purpose::kStore);
  Digest chain;
  for (uint64_t seq = 1; seq <= 3; ++seq) {
    const Bytes row = **(*database)->Get(Family::kJournal, SeqBytes(seq));
    const Digest sealed = crypto::Sha256(ByteView(row).substr(32));
    chain = crypto::LabeledHash("entente/1/journal", {chain.view(), SeqBytes(seq), sealed.view()});
    EXPECT_EQ(ByteView(row).substr(0, 32), chain.view());
  }
  EXPECT_EQ(chain, head.root);
}

TEST_F(JournalTest, ATransactionSeesItsOwnWrites) {
  const TestObject object = Indicator("1", "a.example");
  const absl::Status status = Do([&](Transaction& transaction) {
    if (absl::Status stored = store_.Store(transaction, {object}, {peer_.org()}); !stored.ok()) return stored;
    EXPECT_EQ((*transaction.FindVersion(object.facts.id, object.facts.version_ns))->seq, 2u);
    EXPECT_EQ((*transaction.NewestVersion(object.facts.id))->label, model::Label::kGreen);
    EXPECT_EQ((*transaction.FindRecord(1))->batch().decisions_size(), 1);
    EXPECT_EQ((*transaction.OutboundStream({peer_.org()}, std::nullopt))->sequence, 1u);
    const auto id = StatementId::From((*transaction.FindRecord(2))->object().statement_id());
    EXPECT_TRUE(*transaction.HasStatement(*id));
    EXPECT_FALSE(journal().FindRecord(1)->has_value());  // nobody else does yet
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(JournalTest, ARefusingBodyLeavesNothing) {
  const absl::Status status = Do([&](Transaction& transaction) {
    EXPECT_TRUE(store_.Store(transaction, {Indicator("1", "a.example")}, {}).ok());
    return Reject(RejectReason::kConflict, "no");
  });
  EXPECT_EQ(ReasonOf(status), RejectReason::kConflict);
  EXPECT_EQ(journal().Head().sequence, 0u);
  EXPECT_FALSE(journal().NewestVersion(Indicator("1", "").facts.id)->has_value());
  EXPECT_EQ(journal().Count().versions, 0u);
}

TEST_F(JournalTest, ABodyThatOverlooksARefusedAppendIsRefused) {
  const absl::Status status = Do([&](Transaction& transaction) {
    EXPECT_TRUE(store_.Store(transaction, {Indicator("1", "a.example")}, {}).ok());
    EXPECT_FALSE(transaction.AppendDelivered(peer_.org(), {.position = 99, .given_up = 0}).ok());  // beyond the end
    return absl::OkStatus();
  });
  EXPECT_EQ(ReasonOf(status), RejectReason::kInternal);
  EXPECT_EQ(journal().Head().sequence, 0u);
}

TEST_F(JournalTest, AVersionIsStoredOnce) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "a.example")}).ok());
  EXPECT_EQ(ReasonOf(store_.Publish({Indicator("1", "a.example")})), RejectReason::kInternal);
  EXPECT_EQ(journal().Count().versions, 1u);
}

TEST_F(JournalTest, AnothersPermitStoresNothing) {
  const absl::Status status = Do([&](Transaction& transaction) {
    const auto batch = envelope::SignBatch(store_.self, testing::Labelled(model::Label::kGreen), {}, {"{}"},
                                           {crypto::RandomId<StreamId>(), 0, StatementId()}, store_.clock.now);
    const auto seq = transaction.AppendOwnBatch(*batch, {});
    return transaction
        .AppendObject(*seq, batch->statements()[0], Indicator("1", "").facts, testing::PermitFor(peer_.org()))
        .status();
  });
  EXPECT_EQ(ReasonOf(status), RejectReason::kInternal);
}

TEST_F(JournalTest, TheNewestVersionAloneIsFoundByItsValues) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "old.example", 10)}).ok());
  ASSERT_TRUE(store_.Publish({Indicator("1", "new.example", 20)}).ok());
  ASSERT_TRUE(store_.Publish({Indicator("1", "late.example", 15)}).ok());  // arrives after a newer one
  EXPECT_TRUE(Found("old.example").empty());
  EXPECT_TRUE(Found("late.example").empty());
  EXPECT_EQ(Found("new.example"), std::vector<uint64_t>{4});
  EXPECT_EQ((*journal().NewestVersion(Indicator("1", "").facts.id))->version_ns, 20);
  EXPECT_EQ(journal().Count().objects, 1u);
  EXPECT_EQ(journal().Count().versions, 3u);
}

TEST_F(JournalTest, VersionsBefore1970SortBelowLaterOnes) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "a.example", -5)}).ok());
  ASSERT_TRUE(store_.Publish({Indicator("1", "b.example", 0)}).ok());
  EXPECT_EQ((*journal().NewestVersion(Indicator("1", "").facts.id))->version_ns, 0);
  EXPECT_TRUE(journal().FindVersion(Indicator("1", "").facts.id, -5)->has_value());
}

TEST_F(JournalTest, SearchSaysWhenThereIsMore) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "same"), Indicator("2", "same"), Indicator("3", "same")}).ok());
  EXPECT_FALSE(journal().Search("same", 3)->more);
  EXPECT_TRUE(journal().Search("same", 2)->more);
  EXPECT_EQ(journal().Search("same", 2)->seqs.size(), 2u);
}

TEST_F(JournalTest, ObjectsComeInOrder) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "a"), Indicator("2", "b"), Indicator("3", "c")}).ok());
  EXPECT_EQ(*journal().Objects(0, 2), (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(*journal().Objects(3, 9), std::vector<uint64_t>{4});
  EXPECT_EQ(*journal().NewestObjects(2), (std::vector<uint64_t>{3, 4}));
  EXPECT_TRUE(journal().NewestObjects(0)->empty());
}

TEST_F(JournalTest, AcknowledgedEntriesLeaveTheOutbox) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "a"), Indicator("2", "b"), Indicator("3", "c")}, {peer_.org()}).ok());
  EXPECT_EQ(journal().Lag(peer_.org()), 3u);
  const v1::SignedBody head = *trust::MakeHead(peer_, 7, Digest(), store_.clock.now);
  const DeliveryStep step{.position = 3, .given_up = 1, .head = head};
  ASSERT_TRUE(Do([&](Transaction& t) { return t.AppendDelivered(peer_.org(), step).status(); }).ok());
  store_.Open();
  EXPECT_EQ(*journal().Outbox(peer_.org(), 0, 10), std::vector<uint64_t>{4});
  EXPECT_EQ(journal().Lag(peer_.org()), 1u);
  EXPECT_EQ(journal().Cursor(peer_.org())->delivered, 3u);
  EXPECT_EQ(journal().Cursor(peer_.org())->refused, 1u);
  EXPECT_EQ(journal().Cursor(peer_.org())->seen_head->body(), head.body());
  EXPECT_EQ(journal().NewestOutboxPosition(peer_.org()), 4u);
}

TEST_F(JournalTest, ACursorNeverGoesBack) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "a"), Indicator("2", "b")}, {peer_.org()}).ok());
  const v1::SignedBody newer = *trust::MakeHead(peer_, 7, Digest(), store_.clock.now);
  const v1::SignedBody older = *trust::MakeHead(peer_, 6, Digest(), store_.clock.now);
  const DeliveryStep further{.position = 3, .given_up = 0, .head = newer};
  ASSERT_TRUE(Do([&](Transaction& t) { return t.AppendDelivered(peer_.org(), further).status(); }).ok());
  const DeliveryStep back{.position = 2, .given_up = 0, .head = older};
  ASSERT_TRUE(Do([&](Transaction& t) { return t.AppendDelivered(peer_.org(), back).status(); }).ok());
  EXPECT_EQ(journal().Cursor(peer_.org())->delivered, 3u);
  EXPECT_EQ(journal().Cursor(peer_.org())->seen_head->body(), newer.body());
  EXPECT_EQ(journal().Lag(peer_.org()), 0u);
}

TEST_F(JournalTest, ARefusedEntryStaysOutsideTheQueueUntilItIsSettled) {
  ASSERT_TRUE(store_.Publish({Indicator("1", "a"), Indicator("2", "b"), Indicator("3", "c")}, {peer_.org()}).ok());
  const DeliveryStep held{.position = 4, .held = {3}};
  ASSERT_TRUE(Do([&](Transaction& t) { return t.AppendDelivered(peer_.org(), held).status(); }).ok());
  store_.Open();
  EXPECT_TRUE(journal().Outbox(peer_.org(), 4, 10)->empty());
  ASSERT_EQ(journal().Refused(peer_.org(), 0, 10)->size(), 1u);
  EXPECT_EQ(journal().Refused(peer_.org(), 0, 10)->front().seq, 3u);
  EXPECT_EQ(journal().Refused(peer_.org(), 0, 10)->front().since, store_.clock.now);
  EXPECT_TRUE(journal().Refused(peer_.org(), 3, 10)->empty());
  EXPECT_EQ(journal().Cursor(peer_.org())->held, 1u);
  EXPECT_EQ(journal().Lag(peer_.org()), 1u);
  const DeliveryStep settled{.settled = {3}};
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(Do([&](Transaction& t) { return t.AppendDelivered(peer_.org(), settled).status(); }).ok());
    EXPECT_EQ(journal().Cursor(peer_.org())->held, 0u);
    EXPECT_EQ(journal().Lag(peer_.org()), 0u);
  }
  EXPECT_EQ(journal().Cursor(peer_.org())->delivered, 4u);
  EXPECT_TRUE(journal().Fsck(false)->problems.empty());
}

TEST_F(JournalTest, AnEmbargoedEntryIsFoundByItsTimeAndIsNoLag) {
  const absl::Time end = store_.clock.now + absl::Hours(5);
  ASSERT_TRUE(store_.Publish({Indicator("1", "a"), Indicator("2", "b")}, {}, {{peer_.org(), end}}).ok());
  store_.Open();
  EXPECT_TRUE(journal().Outbox(peer_.org(), 0, 10)->empty());
  EXPECT_EQ(journal().Lag(peer_.org()), 0u);
  EXPECT_EQ(journal().Cursor(peer_.org())->embargoed, 2u);
  const auto first = journal().Embargoed(peer_.org(), {absl::InfinitePast(), 0}, 1);
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ(first->front().until, end);
  const auto second = journal().Embargoed(peer_.org(), first->front(), 9);
  ASSERT_EQ(second->size(), 1u);
  EXPECT_EQ(second->front().seq, first->front().seq + 1);
  const DeliveryStep step{.held = {second->front().seq}, .released = {first->front(), second->front()}};
  ASSERT_TRUE(Do([&](Transaction& t) { return t.AppendDelivered(peer_.org(), step).status(); }).ok());
  EXPECT_EQ(journal().Cursor(peer_.org())->embargoed, 0u);
  EXPECT_EQ(journal().Cursor(peer_.org())->held, 1u);
  EXPECT_EQ(journal().Lag(peer_.org()), 1u);
  EXPECT_TRUE(journal().Fsck(false)->problems.empty());
}

TEST_F(JournalTest, ALaterRecordOfAPartyCounts) {
  ASSERT_TRUE(store_.Accept(peer_, "cert.estovia").ok());
  ASSERT_TRUE(store_.Accept(peer_, "cert.renamed").ok());
  ASSERT_EQ(journal().Parties()->size(), 1u);
  EXPECT_EQ(journal().Parties()->at(0).name(), "cert.renamed");
}

TEST_F(JournalTest, StatementMarkingsBelongToTheirOrigin) {
  TestObject marking = Indicator("1", "a");
  marking.facts.defines_statement_marking = true;
  ASSERT_TRUE(store_.Publish({marking}).ok());
  EXPECT_TRUE(*journal().DefinesStatementMarking(store_.self.org(), marking.facts.id));
  EXPECT_FALSE(*journal().DefinesStatementMarking(peer_.org(), marking.facts.id));
}

TEST_F(JournalTest, OwnObjectsInQuarantineAreCountedOnceAndLeaveWhenAccepted) {
  const TestObject object = Indicator("1", "a.example");
  const QuarantineRecord why{RejectReason::kNoLabel, "no label", model::Label::kUnlabelled};
  const auto hold = [&](Transaction& t) {
    return t.AppendQuarantine(0, nullptr, object.content, object.facts, store_.self.org(), why).status();
  };
  ASSERT_TRUE(Do(hold).ok());
  ASSERT_TRUE(Do(hold).ok());
  EXPECT_EQ(journal().Count().quarantined, 1u);
  ASSERT_EQ(journal().FindQuarantine(object.facts.id)->size(), 1u);
  EXPECT_EQ(journal().FindQuarantine(object.facts.id)->at(0).reason, "NO_LABEL");
  EXPECT_EQ(journal().FindQuarantine(object.facts.id)->at(0).version_ns, object.facts.version_ns);
  ASSERT_TRUE(store_.Publish({object}).ok());
  EXPECT_EQ(journal().Count().quarantined, 0u);
  EXPECT_TRUE(journal().FindQuarantine(object.facts.id)->empty());
}

TEST_F(JournalTest, RepeatsRaiseTheLabelAndAreBounded) {
  const TestObject object = Indicator("1", "a.example");
  ASSERT_TRUE(store_.Publish({object}).ok());
  for (size_t i = 0; i <= kMaxRepeats; ++i) {
    const absl::Status status = Do([&](Transaction& t) {
      const VersionEntry of = **t.NewestVersion(object.facts.id);
      const auto batch = envelope::SignBatch(store_.self, testing::Labelled(model::Label::kAmber), {}, {object.content},
                                             **t.OutboundStream({}, std::nullopt), store_.clock.now);
      return t
          .AppendRepeat(*t.AppendOwnBatch(*batch, {}), batch->statements()[0], object.facts, of,
                        testing::PermitFor(store_.self.org(), model::Label::kAmber))
          .status();
    });
    ASSERT_TRUE(status.ok()) << status;
  }
  const VersionEntry entry = **journal().NewestVersion(object.facts.id);
  EXPECT_EQ(entry.label, model::Label::kAmber);
  EXPECT_EQ(entry.seq, 2u);
  ASSERT_EQ(entry.repeats.size(), kMaxRepeats);
  EXPECT_EQ(entry.repeats.front(), 6u);  // 4 was the first
  EXPECT_EQ(entry.repeats.back(), journal().Head().sequence);
}

}  // namespace
}  // namespace entente::storage
