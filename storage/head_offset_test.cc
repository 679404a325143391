#include <gtest/gtest.h>

#include "base/reject.h"
#include "storage/head.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

constexpr uint64_t kOffset = 1'790'000'000'000'000;

// The store of a node that was restored: its heads count from kOffset.
class HeadOffsetTest : public ::testing::Test {
 protected:
  HeadOffsetTest() {
    store_.Close();
    for (const std::string& path : {store_.store(), store_.head_file()}) std::filesystem::remove_all(path);
    store_.options.head_offset = kOffset;
    store_.Open();
    store_.options.head_offset = 0;  // every later start
  }
  uint64_t Said() const {
    v1::HeadBody body;
    EXPECT_TRUE(body.ParseFromString(store_.journal->Head().signed_head.body()));
    return body.sequence();
  }
  void Publish(const std::string& tail) {
    ASSERT_TRUE(store_.Publish({testing::Indicator(tail, tail + ".example")}).ok());
  }

  testing::TestStore store_;
};

TEST_F(HeadOffsetTest, HeadsCountFromItAndRecordsFromOne) {
  EXPECT_EQ(Said(), kOffset);
  EXPECT_EQ(store_.journal->Head().sequence, 0u);
  Publish("0000000000a1");
  const JournalHead head = store_.journal->Head();
  EXPECT_EQ(head.offset, kOffset);
  EXPECT_GT(head.sequence, 0u);
  EXPECT_EQ(Said(), kOffset + head.sequence);
  EXPECT_TRUE(store_.journal->Fsck(false)->problems.empty());
}

TEST_F(HeadOffsetTest, ItStaysAcrossStartsAndInAnEmptyStore) {
  for (const std::string tail : {"0000000000a1", "0000000000a2", "0000000000a3"}) {
    const uint64_t before = Said();
    store_.Close();
    store_.Open();
    EXPECT_EQ(Said(), before);
    EXPECT_EQ(store_.journal->Head().offset, kOffset);
    Publish(tail);
    EXPECT_EQ(Said(), kOffset + store_.journal->Head().sequence);
  }
  EXPECT_TRUE(store_.journal->Fsck(true)->problems.empty());
}

TEST_F(HeadOffsetTest, AHeadOfAnEarlierJournalIsNotThisStores) {
  Publish("0000000000a1");
  store_.Close();
  for (const uint64_t sequence : {uint64_t{5}, kOffset - 1}) {
    std::filesystem::remove(store_.head_file());
    ASSERT_TRUE(
        HeadFile::Create(store_.head_file(), *trust::MakeHead(store_.self, sequence, Digest(), store_.clock.now)).ok());
    EXPECT_EQ(ReasonOf(store_.TryOpen().status()), RejectReason::kStoreCorrupt) << sequence;
  }
}

TEST_F(HeadOffsetTest, AStoreThatLostRecordsIsShort) {
  store_.Keep("empty");
  Publish("0000000000a1");
  const v1::SignedBody head = store_.journal->Head().signed_head;
  store_.Close();
  store_.Restore("empty");
  std::filesystem::remove(store_.head_file());
  ASSERT_TRUE(HeadFile::Create(store_.head_file(), head).ok());
  EXPECT_EQ(ReasonOf(store_.TryOpen().status()), RejectReason::kStoreShort);
}

}  // namespace
}  // namespace entente::storage
