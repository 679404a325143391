#include "base/testing/damage_table.h"

#include <gtest/gtest-spi.h>

namespace entente::test {
namespace {

using enum RejectReason;

Damage Row(RejectReason expected, Outcome outcome) {
  return {0, "Row", expected, [outcome] { return outcome; }};
}

TEST(DamageTable, ARowHasOneReason) {
  Check(Row(kSeal, kSeal));
  EXPECT_NONFATAL_FAILURE(Check(Row(kSeal, kSignature)), "Row");
  EXPECT_NONFATAL_FAILURE(Check(Row(kSeal, kNone)), "Row");
  EXPECT_NONFATAL_FAILURE(Check(Row(kNone, kSeal)), "Row");
  EXPECT_NONFATAL_FAILURE(Check(Row(kSeal, Reject(kSignature, "what was said"))), "what was said");
}

TEST(DamageTable, ARefusalChangesNothingAndAnAdmissionSomething) {
  Check(Row(kRollback, Outcome(kRollback).Holding("2", "2")));
  Check(Row(kNone, Outcome(kNone).Holding("2", "3")));
  EXPECT_NONFATAL_FAILURE(Check(Row(kRollback, Outcome(kRollback).Holding("2", "3"))), "Row");
  EXPECT_NONFATAL_FAILURE(Check(Row(kNone, Outcome(kNone).Holding("2", "2"))), "Row");
}

TEST(DamageTable, EachBitHasOneAnswer) {
  int asked = 0;
  const auto offer = [&](ByteView bent) {
    ++asked;
    return Outcome(bent == "ab" ? kNone : bent[0] == 'a' ? kSeal : kSignature);
  };
  EXPECT_EQ(EachBit("ab", {1, 1}, offer).reason, kSeal);
  EXPECT_EQ(asked, 1 + 8);
  EXPECT_EQ(EachBit("ab", {0, 1, 2}, offer).reason, kSignature);
  EXPECT_EQ(asked, 9 + 1 + 4);
  EXPECT_EQ(EachBit("ab", {0, 2, 1, [](ByteView bent) { return bent[0] == 'a'; }}, offer).reason, kSeal);
  EXPECT_NONFATAL_FAILURE(EachBit("ab", {0, 2, 8}, offer), "at 8");
  EXPECT_NONFATAL_FAILURE(EachBit("ab", {0, 0}, offer), "nothing was bent");
  EXPECT_NONFATAL_FAILURE(EachBit("ba", {1, 1}, [](ByteView) { return Outcome(kSeal); }), "NONE");
}

TEST(DamageTable, NamesBeginWithTheirProperty) {
  EXPECT_EQ(NameOf({7, "TooManyChunks", kLimit, {}}), "P07_TooManyChunks");
  EXPECT_EQ(NameOf({26, "OneRootTwice", kIdentityChain, {}}), "P26_OneRootTwice");
  EXPECT_EQ(NameOf({0, "NoName", kParse, {}}), "NoName");
}

const Damage kRows[] = {{0, "Runs", kHeader, [] { return kHeader; }}};
const DamageTable kTable("Table", kRows);
TEST(DamageTable, RowsAreTestsOfTheProgram) {
  int listed = 0;
  for (int i = 0; i < ::testing::UnitTest::GetInstance()->total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *::testing::UnitTest::GetInstance()->GetTestSuite(i);
    if (suite.name() != std::string("Damage/Table")) continue;
    ASSERT_EQ(suite.total_test_count(), 1);
    EXPECT_STREQ(suite.GetTestInfo(0)->name(), "Runs");
    EXPECT_STREQ(suite.GetTestInfo(0)->value_param(), "E_HEADER");
    ++listed;
  }
  EXPECT_EQ(listed, 1);
}

}  // namespace
}  // namespace entente::test
