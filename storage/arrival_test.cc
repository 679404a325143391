#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/journal.h"
#include "storage/layout.h"
#include "storage/testing/test_store.h"
#include "storage/views.h"

// What comes from peers: streams, envelopes, replay.
namespace entente::storage {
namespace {

using testing::Indicator;
using testing::TestObject;
using testing::TestStore;

class Arrivals : public ::testing::Test {
 protected:
  Arrivals() : peer_(testing::MakeSelf("cert.estovia", store_.clock.now)) {
    position_.stream = crypto::RandomId<StreamId>();
  }
  Journal& journal() { return *store_.journal; }
  envelope::Batch Next(const std::vector<TestObject>& objects) {
    return testing::Sent(peer_, store_.self.org(), objects, position_, store_.clock.now);
  }
  absl::Status Take(const envelope::Batch& batch, const std::vector<TestObject>& objects, EnvelopeId id,
                    absl::Duration expires_in = absl::Hours(24)) {
    const auto hour = static_cast<uint32_t>(absl::ToUnixSeconds(store_.clock.now + expires_in) / 3600);
    return journal().CommitAndWait([&](Transaction& t) -> absl::Status {
      const auto seq = t.AppendReceivedBatch(batch, peer_.org());
      if (!seq.ok()) return seq.status();
      for (size_t i = 0; i < objects.size(); ++i) {
        const auto stored =
            t.AppendObject(*seq, batch.statements()[i], objects[i].facts, testing::PermitFor(store_.self.org()));
        if (!stored.ok()) return stored.status();
      }
      return t.AppendEnvelope({id, hour, batch}, peer_.org(), nullptr, 0).status();
    });
  }

  TestStore store_;
  trust::Self peer_;
  envelope::StreamPosition position_;
};

TEST_F(Arrivals, AnEnvelopeMovesItsStream) {
  const std::vector<TestObject> objects = {Indicator("1", "a"), Indicator("2", "b")};
  const envelope::Batch batch = Next(objects);
  const EnvelopeId id = crypto::RandomId<EnvelopeId>();
  ASSERT_TRUE(Take(batch, objects, id).ok());
  store_.Open();
  EXPECT_TRUE(*journal().HasEnvelope(id));
  EXPECT_TRUE(*journal().HasStatement(batch.statements()[1].id()));
  const auto stream = *journal().InboundStream(peer_.org(), position_.stream);
  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(stream->sequence, 2u);
  EXPECT_EQ(stream->last, batch.statements()[1].id());
  EXPECT_EQ(**journal().StatementAt(peer_.org(), position_.stream, 1), batch.statements()[0].id());
  EXPECT_FALSE(journal().StatementAt(peer_.org(), position_.stream, 3)->has_value());
  EXPECT_FALSE(journal().InboundStream(store_.self.org(), position_.stream)->has_value());
}

TEST_F(Arrivals, ASecondCopyOfAnEnvelopeIsAReplay) {
  const EnvelopeId id = crypto::RandomId<EnvelopeId>();
  ASSERT_TRUE(Take(Next({Indicator("1", "a")}), {Indicator("1", "a")}, id).ok());
  const uint64_t before = journal().Head().sequence;
  EXPECT_EQ(ReasonOf(Take(Next({Indicator("2", "b")}), {Indicator("2", "b")}, id)), RejectReason::kReplay);
  EXPECT_EQ(journal().Head().sequence, before);
}

TEST_F(Arrivals, AStatementIsStoredOnce) {
  const envelope::Batch batch = Next({Indicator("1", "a")});
  ASSERT_TRUE(Take(batch, {Indicator("1", "a")}, crypto::RandomId<EnvelopeId>()).ok());
  const absl::Status again = Take(batch, {Indicator("1", "a", 5)}, crypto::RandomId<EnvelopeId>());
  EXPECT_EQ(ReasonOf(again), RejectReason::kInternal);
}

TEST_F(Arrivals, AStatementOfAnotherBatchIsRefused) {
  const envelope::Batch one = Next({Indicator("1", "a")}), two = Next({Indicator("2", "b")});
  const absl::Status status = journal().CommitAndWait([&](Transaction& t) {
    const auto seq = t.AppendReceivedBatch(one, peer_.org());
    return t.AppendObject(*seq, two.statements()[0], Indicator("2", "b").facts, testing::PermitFor(store_.self.org()))
        .status();
  });
  EXPECT_EQ(ReasonOf(status), RejectReason::kInternal);
}

TEST_F(Arrivals, AnEnvelopeOfOldStatementsDoesNotMoveTheStreamBack) {
  const std::vector<TestObject> first = {Indicator("1", "a")}, second = {Indicator("2", "b")};
  const envelope::Batch old = Next(first), recent = Next(second);
  ASSERT_TRUE(Take(old, first, crypto::RandomId<EnvelopeId>()).ok());
  ASSERT_TRUE(Take(recent, second, crypto::RandomId<EnvelopeId>()).ok());
  ASSERT_TRUE(
      journal()
          .CommitAndWait([&](Transaction& t) {
            return t.AppendEnvelope({crypto::RandomId<EnvelopeId>(), 500'000, old}, peer_.org(), nullptr, 0).status();
          })
          .ok());
  EXPECT_EQ((*journal().InboundStream(peer_.org(), position_.stream))->sequence, 2u);
}

TEST_F(Arrivals, TheNewest4096PlacesOfAStreamAreRemembered) {
  std::vector<StatementId> ids;
  for (uint64_t n = 0; n < kStreamSlots + 1;) {
    std::vector<TestObject> objects;
    for (int i = 0; i < 241; ++i, ++n) objects.push_back(Indicator(std::to_string(n), "same"));  // 17 batches of 241
    const envelope::Batch batch = Next(objects);
    for (const envelope::Statement& statement : batch.statements()) ids.push_back(statement.id());
    ASSERT_TRUE(Take(batch, objects, crypto::RandomId<EnvelopeId>()).ok());
  }
  ASSERT_EQ(ids.size(), kStreamSlots + 1);
  EXPECT_FALSE(journal().StatementAt(peer_.org(), position_.stream, 1)->has_value());
  EXPECT_EQ(**journal().StatementAt(peer_.org(), position_.stream, 2), ids[1]);
  EXPECT_EQ(**journal().StatementAt(peer_.org(), position_.stream, kStreamSlots + 1), ids.back());
}

TEST_F(Arrivals, EnvelopeIdsAreForgottenWhenLongExpired) {
  const EnvelopeId early = crypto::RandomId<EnvelopeId>(), late = crypto::RandomId<EnvelopeId>();
  ASSERT_TRUE(Take(Next({Indicator("1", "a")}), {Indicator("1", "a")}, early, absl::Hours(1)).ok());
  ASSERT_TRUE(Take(Next({Indicator("2", "a")}), {Indicator("2", "a")}, late, absl::Hours(100)).ok());
  store_.clock.now += absl::Hours(kReplayMarginHours);
  ASSERT_TRUE(Take(Next({Indicator("3", "a")}), {Indicator("3", "a")}, crypto::RandomId<EnvelopeId>()).ok());
  EXPECT_TRUE(*journal().HasEnvelope(early));  // expired, and within the margin
  store_.clock.now += absl::Hours(2);
  ASSERT_TRUE(Take(Next({Indicator("4", "a")}), {Indicator("4", "a")}, crypto::RandomId<EnvelopeId>()).ok());
  EXPECT_FALSE(*journal().HasEnvelope(early));
  EXPECT_TRUE(*journal().HasEnvelope(late));
}

TEST_F(Arrivals, OneEnvelopeForgetsABoundedNumber) {
  const envelope::Batch batch = Next({Indicator("1", "a")});
  std::vector<EnvelopeId> ids;
  const auto hour = static_cast<uint32_t>(absl::ToUnixSeconds(store_.clock.now) / 3600);
  const auto take = [&](size_t count) {
    return journal().CommitAndWait([&](Transaction& t) {
      absl::Status status;
      for (size_t i = 0; i < count && status.ok(); ++i) {
        ids.push_back(crypto::RandomId<EnvelopeId>());
        status = t.AppendEnvelope({ids.back(), hour, batch}, peer_.org(), nullptr, 0).status();
      }
      return status;
    });
  };
  const auto known = [&] {
    return std::count_if(ids.begin(), ids.end(), [&](auto& id) { return *journal().HasEnvelope(id); });
  };
  ASSERT_TRUE(take(kReplayForgottenAtOnce + 10).ok());
  store_.clock.now += absl::Hours(kReplayMarginHours + 2);
  ASSERT_TRUE(take(1).ok());
  EXPECT_EQ(known(), 11);
  ASSERT_TRUE(take(1).ok());
  EXPECT_EQ(known(), 0);  // the new ones too: long expired when they came
}

TEST_F(Arrivals, AClockThatRanAYearAheadAndCameBackLeavesACleanStoreThatWorks) {
  const absl::Time before = store_.clock.now;
  const trust::Self old = testing::MakeSelf("cert.old", before - absl::Hours(24 * 500));  // has 230 days left
  ASSERT_TRUE(store_.Accept(peer_, "cert.estovia").ok());
  store_.clock.now = before + absl::Hours(24 * 364);
  ASSERT_TRUE(Take(Next({Indicator("1", "a")}), {Indicator("1", "a")}, crypto::RandomId<EnvelopeId>()).ok());
  store_.clock.now = before;
  for (const char* restart : {"no", "yes"}) {
    if (*restart == 'y') store_.Open();
    const EnvelopeId id = crypto::RandomId<EnvelopeId>();
    ASSERT_TRUE(Take(Next({Indicator(restart, "b")}), {Indicator(restart, "b")}, id, absl::Hours(1)).ok());
    EXPECT_EQ(absl::FromUnixMicros((*journal().FindRecord(journal().Head().sequence))->time_us()), store_.clock.now);
    EXPECT_TRUE(*journal().HasEnvelope(id));
    const std::string next = std::string(restart) + "3";
    ASSERT_TRUE(Take(Next({Indicator(next, "b")}), {Indicator(next, "b")}, crypto::RandomId<EnvelopeId>()).ok());
    EXPECT_TRUE(*journal().HasEnvelope(id));  // a replay is still seen
    store_.clock.now += absl::Hours(kReplayMarginHours + 2);
    const std::string later = std::string(restart) + "4";
    ASSERT_TRUE(Take(Next({Indicator(later, "b")}), {Indicator(later, "b")}, crypto::RandomId<EnvelopeId>()).ok());
    EXPECT_FALSE(*journal().HasEnvelope(id));  // and is forgotten in its time
  }
  ASSERT_TRUE(store_.Accept(old, "cert.old").ok());
  EXPECT_EQ(journal().Fsck(false)->problems, std::vector<std::string>());
}

TEST_F(Arrivals, AReceivedObjectInQuarantineCountsForItsStream) {
  const TestObject object = Indicator("1", "a");
  const envelope::Batch batch = Next({object});
  const QuarantineRecord why{RejectReason::kMarking, "unknown marking", model::Label::kGreen};
  ASSERT_TRUE(journal()
                  .CommitAndWait([&](Transaction& t) {
                    const auto seq = t.AppendReceivedBatch(batch, peer_.org());
                    return t
                        .AppendQuarantine(*seq, &batch.statements()[0], object.content, object.facts, peer_.org(), why)
                        .status();
                  })
                  .ok());
  EXPECT_TRUE(*journal().HasStatement(batch.statements()[0].id()));
  EXPECT_EQ(**journal().StatementAt(peer_.org(), position_.stream, 1), batch.statements()[0].id());
  EXPECT_EQ(journal().FindQuarantine(object.facts.id)->at(0).origin, peer_.org());
  EXPECT_EQ(journal().Count().objects, 0u);
}

TEST_F(Arrivals, AReceivedObjectIsNotHeldBackWithoutItsStatement) {
  const absl::Status status = journal().CommitAndWait([&](Transaction& t) {
    return t
        .AppendQuarantine(0, nullptr, "{}", Indicator("1", "a").facts, peer_.org(), {RejectReason::kMarking, "", {}})
        .status();
  });
  EXPECT_EQ(ReasonOf(status), RejectReason::kInternal);
}

}  // namespace
}  // namespace entente::storage
