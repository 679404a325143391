#include "trust/revocation.h"

#include <gtest/gtest.h>

#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr v1::KeyUsage kStatement = v1::KEY_USAGE_STATEMENT;
constexpr absl::Duration kTick = absl::Microseconds(1);

// SampleHistory, and on day 20 version 3: the admin key g stolen with a cut-off on day 10.
IdentityHistory WithATheft() {
  IdentityHistory history = SampleHistory();
  Draft draft = NextDraft(history, Day(20), "AB");
  draft.Drop(kStatement, 'a');
  draft.Drop(v1::KEY_USAGE_GROUP_ADMIN, 'g');
  draft.Revoke(v1::KEY_USAGE_GROUP_ADMIN, 'g', Day(10), v1::REVOCATION_REASON_COMPROMISED);
  EXPECT_TRUE(history.Extend(draft.Signed(), Day(20)).ok());
  return history;
}
KeyUse Use(v1::KeyUsage usage, char seed, ByteView type, absl::Time at) {
  return {SampleKeyId(usage, seed), type, at, std::nullopt, std::nullopt, std::nullopt};
}

class KeyFor : public ::testing::Test {
 protected:
  RejectReason Reason(const KeyUse& use) const { return ReasonOf(history_.KeyFor(use).status()); }
  KeyUse::Version Named(uint64_t version) const {
    IdentityHistory first = *IdentityHistory::Begin(FirstDraft().Signed());
    return {version, version == 1 ? first.newest().hash() : version == 2 ? SampleHistory().newest().hash() : history_.newest().hash()};
  }
  const IdentityHistory history_ = WithATheft();
};

TEST_F(KeyFor, GivesTheKeyThatIsToVerify) {
  EXPECT_EQ(*history_.KeyFor(Use(kStatement, 'b', kBatchType, Day(5))), SampleKey('b').public_key());
  EXPECT_EQ(*history_.KeyFor(Use(kStatement, 'a', kBatchType, Day(5))), SampleKey('a').public_key());
  EXPECT_EQ(*history_.KeyFor(Use(v1::KEY_USAGE_ROOT, 'A', kIdentityType, Day(5))), SampleKey('A').public_key());
}

TEST_F(KeyFor, TheKeyStandsInTheNamedDocument) {
  KeyUse use = Use(kStatement, 'a', kBatchType, Day(5));
  for (const uint64_t version : {1u, 2u}) {
    use.identity = Named(version);
    EXPECT_EQ(Reason(use), kNone) << version;
  }
  use.identity = Named(3);  // which dropped it
  EXPECT_EQ(Reason(use), kNoKey);
  use.identity = KeyUse::Version{2, Named(1).hash};
  EXPECT_EQ(Reason(use), kNoKey);
  KeyUse current = Use(kStatement, 'b', kBatchType, Day(5));  // which the newest holds
  for (const uint64_t unknown : {0u, 2u, 4u}) {
    current.identity = KeyUse::Version{unknown, Named(3).hash};
    EXPECT_EQ(Reason(current), kNoKey) << unknown;
  }
  EXPECT_EQ(Reason(Use(kStatement, 'z', kBatchType, Day(5))), kNoKey);
}

TEST_F(KeyFor, P13EachUsageSignsItsOwnTypesAlone) {
  EXPECT_EQ(Reason(Use(kStatement, 'b', kMembershipType, Day(5))), kKeyUse);
  EXPECT_EQ(Reason(Use(kStatement, 'b', kIdentityType, Day(5))), kKeyUse);
  EXPECT_EQ(Reason(Use(v1::KEY_USAGE_ROOT, 'A', kBatchType, Day(5))), kKeyUse);
  EXPECT_EQ(Reason(Use(v1::KEY_USAGE_LOG, 'l', kHeadType, Day(5))), kKeyUse);
}

TEST_F(KeyFor, CountsWithinItsLife) {
  const absl::Time begin = Day(1) - kClockSkew, end = Day(1) + kOnlineKeyLifetime;
  EXPECT_EQ(Reason(Use(kStatement, 'b', kBatchType, begin)), kNone);
  EXPECT_EQ(Reason(Use(kStatement, 'b', kBatchType, begin - kTick)), kTime);
  EXPECT_EQ(Reason(Use(kStatement, 'b', kBatchType, end - kTick)), kNone);
  EXPECT_EQ(Reason(Use(kStatement, 'b', kBatchType, end)), kTime);
}

TEST_F(KeyFor, EndsWithTheNewestDocumentThatHoldsIt) {
  IdentityHistory history = *IdentityHistory::Begin(FirstDraft().Signed());
  const auto with_end = [&](int day, int end) {
    Draft draft = NextDraft(history, Day(day), "A");
    draft.document.set_expires_us(absl::ToUnixMicros(Day(end)));
    ASSERT_TRUE(history.Extend(draft.Signed(), Day(day)).ok());
  };
  const auto at = [&](absl::Time time) { return ReasonOf(history.KeyFor(Use(kStatement, 'a', kBatchType, time)).status()); };
  with_end(1, 10);
  EXPECT_EQ(at(Day(10) - kTick), kNone);
  EXPECT_EQ(at(Day(10)), kTime);
  with_end(2, 20);
  EXPECT_EQ(at(Day(20) - kTick), kNone);
  EXPECT_EQ(at(Day(20)), kTime);
}

TEST_F(KeyFor, AReplacedKeyStandsForWhatItMadeBeforeTheCutoff) {
  EXPECT_EQ(Reason(Use(kStatement, 'a', kBatchType, Day(15) - kTick)), kNone);
  EXPECT_EQ(Reason(Use(kStatement, 'a', kBatchType, Day(15))), kRevoked);
  KeyUse dated = Use(kStatement, 'a', kBatchType, Day(15));
  dated.dated = Day(14);  // and still it says itself that it is from later
  EXPECT_EQ(Reason(dated), kRevoked);
}

TEST_F(KeyFor, AStolenKeyStandsForWhatOthersDatedBeforeTheCutoff) {
  KeyUse use = Use(v1::KEY_USAGE_GROUP_ADMIN, 'g', kMembershipType, Day(5));
  EXPECT_EQ(Reason(use), kRevoked);  // its own word counts for nothing
  use.dated = Day(10) - kTick;
  EXPECT_EQ(Reason(use), kNone);
  use.dated = Day(10);
  EXPECT_EQ(Reason(use), kRevoked);
}

TEST_F(KeyFor, AReplacedKeyThatWasStolenNeedsADateToo) {
  IdentityHistory history = SampleHistory();
  Draft draft = NextDraft(history, Day(5), "AB");
  draft.Drop(kStatement, 'a');
  draft.Revoke(kStatement, 'a', Day(4), v1::REVOCATION_REASON_COMPROMISED);
  ASSERT_TRUE(history.Extend(draft.Signed(), Day(5)).ok());
  KeyUse use = Use(kStatement, 'a', kBatchType, Day(3));
  EXPECT_EQ(ReasonOf(history.KeyFor(use).status()), kRevoked);
  use.dated = Day(3);
  EXPECT_EQ(ReasonOf(history.KeyFor(use).status()), kNone);
}

TEST_F(KeyFor, P27NothingIsActedOnUnderAnExpiredDocument) {
  KeyUse use = Use(kStatement, 'b', kBatchType, Day(5));
  use.acted_on = history_.newest().expires() - kTick;
  EXPECT_EQ(Reason(use), kNone);
  use.acted_on = history_.newest().expires();
  EXPECT_EQ(Reason(use), kFreeze);
}

// A revoked key never comes back, under no usage, nor does an ended one with another life.
TEST_F(KeyFor, WhatWentDoesNotComeBack) {
  const auto bring = [&](v1::KeyUsage usage, char seed, absl::Time from) {
    IdentityHistory history = history_;
    Draft draft = NextDraft(history, Day(21), "AB");
    draft.Add(usage, seed, from);
    return ReasonOf(history.Extend(draft.Signed(), Day(21)));
  };
  EXPECT_EQ(bring(kStatement, 'a', Day(20)), kIdentityChain);
  EXPECT_EQ(bring(v1::KEY_USAGE_GROUP_ADMIN, 'g', Day(1)), kIdentityChain);
  EXPECT_EQ(bring(kStatement, 'g', Day(20)), kIdentityChain);
  EXPECT_EQ(bring(kStatement, 'n', Day(20)), kNone);
}

TEST_F(KeyFor, AnEndedKeyMayLeaveAndNotBeMadeToLiveOn) {
  IdentityHistory history = SampleHistory();
  Draft gone = NextDraft(history, Day(91), "AB");
  gone.Drop(kStatement, 'a');
  gone.Drop(kStatement, 'b');
  gone.Drop(v1::KEY_USAGE_GROUP_ADMIN, 'g');
  gone.Add(kStatement, 'c', Day(91));
  Draft early = gone;
  early.document.set_issued_us(absl::ToUnixMicros(Day(91) - kTick));
  EXPECT_EQ(ReasonOf(history.Extend(early.Signed(), Day(91))), kIdentityChain);
  ASSERT_EQ(ReasonOf(history.Extend(gone.Signed(), Day(91))), kNone);
  Draft back = NextDraft(history, Day(92), "AB");
  back.Add(kStatement, 'b', Day(92));
  EXPECT_EQ(ReasonOf(history.Extend(back.Signed(), Day(92))), kIdentityChain);
}

}  // namespace
}  // namespace entente::trust
