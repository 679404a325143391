// Lineage in the journal: what was derived from a version is found by it, and fsck knows its rows.
#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

using testing::Indicator;
using testing::TestObject;

class LineageTest : public ::testing::Test {
 protected:
  // `derived`, made from `source`, which stands at `seq`.
  static TestObject From(const TestObject& source, uint64_t seq, TestObject derived) {
    v1::Lineage& lineage = derived.facts.lineage.emplace();
    lineage.set_source_id(source.facts.id);
    lineage.set_source_version_ns(source.facts.version_ns);
    lineage.set_source_seq(seq);
    lineage.add_removed("x_victim");
    return derived;
  }
  std::vector<uint64_t> Derived(const TestObject& source) {
    return *store_.journal->DerivedFrom(source.facts.id, source.facts.version_ns);
  }
  testing::TestStore store_;
  const TestObject source_ = Indicator("1", "a.example"), newer_ = Indicator("1", "a.example", 2'000'000'000);
};

TEST_F(LineageTest, IsFoundByTheVersionItIsOf) {
  ASSERT_TRUE(store_.Publish({source_, newer_}).ok());  // records 2 and 3
  ASSERT_TRUE(store_
                  .Publish({From(source_, 2, Indicator("4", "b.example")), From(newer_, 3, Indicator("5", "b.example")),
                            From(source_, 2, Indicator("6", "b.example"))})
                  .ok());
  store_.Open();
  EXPECT_EQ(Derived(source_), (std::vector<uint64_t>{5, 7}));
  EXPECT_EQ(Derived(newer_), std::vector<uint64_t>{6});
  EXPECT_TRUE(Derived(Indicator("4", "b.example")).empty());
  EXPECT_EQ((*store_.journal->FindRecord(5))->object().lineage().source_id(), source_.facts.id);
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
}

TEST_F(LineageTest, AListHasABound) {
  ASSERT_TRUE(store_.Publish({source_}).ok());
  for (size_t begin = 0; begin < kMaxDerivedListed + 10; begin += 100) {
    std::vector<TestObject> objects;
    for (size_t i = begin; i < begin + 100; ++i) {
      objects.push_back(From(source_, 2, Indicator(std::to_string(1000 + i), "b.example")));
    }
    ASSERT_TRUE(store_.Publish(objects).ok());
  }
  EXPECT_EQ(Derived(source_).size(), kMaxDerivedListed);
}

TEST_F(LineageTest, OfNothingThatIsThereIsRefused) {
  ASSERT_TRUE(store_.Publish({source_}).ok());
  EXPECT_EQ(ReasonOf(store_.Publish({From(newer_, 2, Indicator("4", "b.example"))})), RejectReason::kStoreCorrupt);
  EXPECT_EQ(ReasonOf(store_.Publish({From(source_, 1, Indicator("4", "b.example"))})), RejectReason::kStoreCorrupt);
  EXPECT_EQ(ReasonOf(store_.Publish({From(source_, 99, Indicator("4", "b.example"))})), RejectReason::kStoreCorrupt);
  EXPECT_EQ(store_.journal->Count().objects, 1u);
}

TEST_F(LineageTest, OfWhatCameFromElsewhereIsRefused) {
  const trust::Self peer = testing::MakeSelf("cert.estovia", store_.clock.now);
  ASSERT_TRUE(store_.Accept(peer, "cert.estovia").ok());
  ASSERT_TRUE(store_.Publish({source_}).ok());
  const TestObject derived = From(source_, 3, Indicator("4", "b.example"));
  envelope::StreamPosition position{crypto::RandomId<StreamId>(), 0, StatementId()};
  const envelope::Batch batch = testing::Sent(peer, store_.self.org(), {derived}, position, store_.clock.now);
  EXPECT_EQ(ReasonOf(store_.journal->CommitAndWait([&](Transaction& t) -> absl::Status {
              const auto seq = t.AppendReceivedBatch(batch, peer.org());
              if (!seq.ok()) return seq.status();
              return t.AppendObject(*seq, batch.statements()[0], derived.facts, testing::PermitFor(store_.self.org()))
                  .status();
            })),
            RejectReason::kStoreCorrupt);
}

// Ids of derived objects are computed in it: nobody else can, and this node always the same.
TEST_F(LineageTest, TheNamespaceIsTheStoresOwnAndStays) {
  const Bytes space = store_.journal->DerivedSpace();
  EXPECT_EQ(space.size(), 16u);
  store_.Open();
  EXPECT_EQ(store_.journal->DerivedSpace(), space);
  EXPECT_NE(testing::TestStore().journal->DerivedSpace(), space);
}

}  // namespace
}  // namespace entente::storage
