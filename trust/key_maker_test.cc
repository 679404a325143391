#include "trust/key_maker.h"

#include <gtest/gtest.h>

#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr v1::KeyUsage kRoot = v1::KEY_USAGE_ROOT, kStatement = v1::KEY_USAGE_STATEMENT;

class MakeNextTest : public ::testing::Test {
 protected:
  // Made by the roots in `seeds` and taken in.
  absl::Status Next(const IdentityChange& change, absl::Time now, std::string_view seeds = "A") {
    std::vector<crypto::SigningKey> keys;
    for (const char seed : seeds) keys.push_back(SampleKey(seed));
    std::vector<const crypto::SigningKey*> roots;
    for (const crypto::SigningKey& key : keys) roots.push_back(&key);
    const absl::StatusOr<v1::SignedIdentity> made = MakeNext(history_, change, roots, now);
    return made.ok() ? history_.Extend(*made, now) : made.status();
  }
  bool Holds(v1::KeyUsage usage, char seed) const {
    const auto& keys = history_.newest().keys();
    return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.key_id() == SampleKeyId(usage, seed).view(); });
  }
  RejectReason BatchAt(char seed, absl::Time at) const {
    return ReasonOf(history_.KeyFor({SampleKeyId(kStatement, seed), kBatchType, at, std::nullopt, std::nullopt, std::nullopt}).status());
  }
  IdentityHistory history_ = *IdentityHistory::Begin(SampleIdentity("norlandia", 'A'));  // root A, statement key B
};

TEST_F(MakeNextTest, ARotationOverlapsAndTheVersionAfterItDropsTheOldKey) {
  const crypto::SigningKey fresh = SampleKey('b'), later = SampleKey('c');
  ASSERT_TRUE(Next(Rotation(history_, fresh, Day(1)), Day(1)).ok());
  EXPECT_TRUE(Holds(kStatement, 'B') && Holds(kStatement, 'b'));
  EXPECT_EQ(history_.newest().document().issued_us(), absl::ToUnixMicros(Day(1)));
  EXPECT_EQ(history_.newest().expires(), Day(1) + kIdentityLifetime);
  const absl::Time cutoff = Day(1) + kKeyOverlap;
  EXPECT_EQ(BatchAt('B', cutoff - absl::Microseconds(1)), kNone);
  EXPECT_EQ(BatchAt('B', cutoff), kRevoked);
  EXPECT_EQ(BatchAt('b', cutoff), kNone);
  ASSERT_TRUE(Next(Rotation(history_, later, Day(80)), Day(80)).ok());
  EXPECT_FALSE(Holds(kStatement, 'B'));
  EXPECT_TRUE(Holds(kStatement, 'b') && Holds(kStatement, 'c'));
  EXPECT_EQ(BatchAt('b', Day(91)), kTime);  // a cut-off is never behind the key's own end
}

TEST_F(MakeNextTest, AReplacedKeyStaysThroughVersionsBeforeItsCutoff) {
  const crypto::SigningKey fresh = SampleKey('b');
  ASSERT_TRUE(Next(Rotation(history_, fresh, Day(1)), Day(1)).ok());
  ASSERT_TRUE(Next({}, Day(2)).ok());
  EXPECT_TRUE(Holds(kStatement, 'B'));
  ASSERT_TRUE(Next({}, Day(1) + kKeyOverlap).ok());
  EXPECT_FALSE(Holds(kStatement, 'B'));
}

TEST_F(MakeNextTest, AStolenKeyLeavesAtOnce) {
  const crypto::SigningKey fresh = SampleKey('b');
  IdentityChange change;
  change.add = {{kStatement, &fresh}};
  change.revoke = {Compromise(SampleKeyId(kStatement, 'B'), Day(1))};
  ASSERT_TRUE(Next(change, Day(2)).ok());
  EXPECT_FALSE(Holds(kStatement, 'B'));
  EXPECT_EQ(BatchAt('B', SampleNow()), kRevoked);
}

TEST_F(MakeNextTest, RootsComeAndGoWithTheirThreshold) {
  const crypto::SigningKey second = SampleKey('b'), third = SampleKey('c');
  IdentityChange change;
  change.add = {{kRoot, &second}, {kRoot, &third}};
  change.root_threshold = 2;
  ASSERT_TRUE(Next(change, Day(1)).ok());  // new roots sign as new keys
  EXPECT_EQ(history_.newest().document().root_threshold(), 2u);
  EXPECT_EQ(ReasonOf(Next({}, Day(2))), kIdentityChain);
  IdentityChange without_first;
  without_first.revoke = {Supersede(SampleKeyId(kRoot, 'A'), Day(2))};
  ASSERT_TRUE(Next(without_first, Day(2), "bc").ok());
  EXPECT_FALSE(Holds(kRoot, 'A'));
  without_first.revoke = {Supersede(SampleKeyId(kRoot, 'b'), Day(3))};
  EXPECT_EQ(ReasonOf(Next(without_first, Day(3), "bc")), kIdentity);  // one root left, and two must sign
  without_first.root_threshold = 1;
  EXPECT_EQ(ReasonOf(Next(without_first, Day(3), "bc")), kNone);
}

TEST_F(MakeNextTest, TheLastStatementKeyDoesNotGoWithoutAnother) {
  IdentityChange change;
  change.revoke = {Supersede(SampleKeyId(kStatement, 'B'), Day(1))};
  EXPECT_EQ(ReasonOf(Next(change, Day(1))), kIdentity);
}

TEST_F(MakeNextTest, TwoInOneMomentStillAscend) {
  ASSERT_TRUE(Next({}, Day(1)).ok());
  ASSERT_TRUE(Next({}, Day(1)).ok());
  EXPECT_EQ(history_.newest().document().issued_us(), absl::ToUnixMicros(Day(1)) + 1);
  EXPECT_EQ(ReasonOf(Next({}, Day(0))), kTime);  // the clock went back: it would be from the future
}

TEST_F(MakeNextTest, AnotherOrganisationsRootMakesNothing) {
  EXPECT_EQ(ReasonOf(Next({}, Day(1), "Z")), kIdentityChain);
  EXPECT_EQ(ReasonOf(Next({}, Day(1), "")), kIdentityChain);
  EXPECT_EQ(history_.newest().version(), 1u);
}

TEST_F(MakeNextTest, TheNameMayChange) {
  IdentityChange change;
  change.name = "north";
  ASSERT_TRUE(Next(change, Day(1)).ok());
  EXPECT_EQ(history_.newest().name(), "north");
}

}  // namespace
}  // namespace entente::trust
