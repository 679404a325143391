// Quarantine as a person works through it: found page by page, let go under its own statement, put away.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

using testing::Indicator;
using testing::TestObject;
using testing::TestStore;

class HeldTest : public ::testing::Test {
 protected:
  HeldTest() : peer_(testing::MakeSelf("cert.estovia", store_.clock.now)) {
    EXPECT_TRUE(store_.Accept(peer_, "cert.estovia").ok());
    position_.stream = crypto::RandomId<StreamId>();
  }
  // Receives each and holds it back.
  void Hold(const std::vector<TestObject>& objects, model::Label label = model::Label::kGreen) {
    const envelope::Batch batch = testing::Sent(peer_, store_.self.org(), objects, position_, store_.clock.now);
    ASSERT_TRUE(store_.journal
                    ->CommitAndWait([&](Transaction& t) -> absl::Status {
                      const auto seq = t.AppendReceivedBatch(batch, peer_.org());
                      for (size_t i = 0; i < objects.size(); ++i) {
                        const auto held =
                            t.AppendQuarantine(*seq, &batch.statements()[i], objects[i].content, objects[i].facts,
                                               peer_.org(), {RejectReason::kPolicyRule, "held", label});
                        if (!held.ok()) return held.status();
                      }
                      return absl::OkStatus();
                    })
                    .ok());
  }
  std::vector<QuarantineEntry> All(size_t page = 2) {
    std::vector<QuarantineEntry> all;
    Bytes after;
    do {
      const auto next = store_.journal->Held(after, page);
      EXPECT_TRUE(next.ok()) << next.status();
      all.insert(all.end(), next->entries.begin(), next->entries.end());
      after = next->last;
    } while (!after.empty());
    return all;
  }
  RejectReason Release(uint64_t seq, const TestObject& object, const OrgId& permitted) {
    return ReasonOf(store_.journal->CommitAndWait(
        [&](Transaction& t) { return t.AppendReleased(seq, object.facts, testing::PermitFor(permitted)).status(); }));
  }
  RejectReason PutAway(uint64_t seq) {
    return ReasonOf(
        store_.journal->CommitAndWait([&](Transaction& t) { return t.AppendHeldRejected(seq, "noise").status(); }));
  }

  TestStore store_;
  trust::Self peer_;
  envelope::StreamPosition position_;
  const TestObject one_ = Indicator("1", "a.example"), two_ = Indicator("2", "b.example"),
                   three_ = Indicator("3", "c.example");
};

TEST_F(HeldTest, EveryPageTogetherIsAllOfIt) {
  EXPECT_TRUE(All().empty());
  Hold({one_, two_, three_});
  for (const size_t page : {1, 2, 3, 4}) {
    std::vector<uint64_t> seqs;
    for (const QuarantineEntry& entry : All(page)) {
      EXPECT_EQ(entry.reason, "LOCAL_RULE");
      EXPECT_EQ(entry.origin, peer_.org());
      EXPECT_EQ(entry.version_ns, one_.facts.version_ns);
      seqs.push_back(entry.seq);
    }
    std::sort(seqs.begin(), seqs.end());
    ASSERT_EQ(seqs.size(), 3u) << page;
    EXPECT_EQ((*store_.journal->FindRecord(seqs[1]))->quarantine().id(), two_.facts.id);
  }
}

TEST_F(HeldTest, WhatIsLetGoIsAcceptedUnderItsOwnStatement) {
  Hold({one_});
  const uint64_t seq = All().front().seq;
  EXPECT_EQ(Release(seq, one_, peer_.org()), RejectReason::kInternal) << "another's permit";
  EXPECT_EQ(Release(seq, two_, store_.self.org()), RejectReason::kInternal) << "another object's facts";
  ASSERT_EQ(Release(seq, one_, store_.self.org()), RejectReason::kNone);
  store_.Open();
  EXPECT_TRUE(All().empty());
  EXPECT_EQ(store_.journal->Count().quarantined, 0u);
  EXPECT_EQ(store_.journal->Count().objects, 1u);
  const auto version = *store_.journal->NewestVersion(one_.facts.id);
  ASSERT_TRUE(version.has_value());
  const v1::ObjectAccepted object = (*store_.journal->FindRecord(version->seq))->object();
  EXPECT_EQ(object.content(), one_.content);
  EXPECT_EQ(object.released_from(), seq);
  EXPECT_EQ(store_.journal->Search("a.example", 10)->seqs.size(), 1u);
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
  EXPECT_EQ(Release(seq, one_, store_.self.org()), RejectReason::kInternal) << "it is there no more";
}

TEST_F(HeldTest, WhatIsPutAwayIsNowhereAndComesBackOnlyAnew) {
  Hold({one_, two_});
  const std::vector<QuarantineEntry> all = All();
  ASSERT_EQ(PutAway(all.front().seq), RejectReason::kNone);
  EXPECT_EQ(PutAway(all.front().seq), RejectReason::kInternal);
  EXPECT_EQ(PutAway(store_.journal->Head().sequence), RejectReason::kInternal) << "nothing is held there";
  store_.Open();
  EXPECT_EQ(All().size(), 1u);
  EXPECT_EQ(store_.journal->Count().quarantined, 1u);
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
  EXPECT_TRUE(store_.journal->Fsck(true)->problems.empty());
  EXPECT_EQ(All().size(), 1u);
}

// Two statements about the same bytes: a looser one does not take the place of a stricter one, whichever came first.
TEST_F(HeldTest, TheStrictestStatementSpeaks) {
  Hold({one_}, model::Label::kAmber);
  const uint64_t strict = All().front().seq;
  Hold({one_}, model::Label::kGreen);
  EXPECT_EQ(All().front().seq, strict);
  Hold({one_}, model::Label::kRed);
  EXPECT_GT(All().front().seq, strict);
  EXPECT_EQ(All().size(), 1u);
  EXPECT_EQ(store_.journal->Count().quarantined, 1u);
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
}

}  // namespace
}  // namespace entente::storage
