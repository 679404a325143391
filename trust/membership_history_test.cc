#include "trust/membership_history.h"

#include <gtest/gtest.h>

#include "trust/sample_group.h"

namespace entente::trust {
namespace {

using enum RejectReason;
using Signers = std::initializer_list<size_t>;

const SampleFounders& Founders() {
  static const SampleFounders founders(5);
  return founders;
}
absl::Time Day(int day) { return SampleNow() + day * kSampleDay; }

class MembershipHistoryTest : public testing::Test {
 protected:
  const OrgId& Org(size_t i) const { return Founders().orgs[i].org(); }
  // Version 2 under `terms`, whose fields `bend` changes before it is signed.
  v1::SignedMembership Next(const GroupTerms& terms, Signers signers = {0, 1}, void (*bend)(v1::MembershipDocument&) = nullptr) const {
    v1::SignedMembership wire = *MakeMembership(terms, history_.newest(), Day(1));
    if (bend != nullptr) {
      v1::MembershipDocument document;
      EXPECT_TRUE(document.ParseFromString(wire.document()));
      bend(document);
      wire.set_document(document.SerializeAsString());
    }
    return Founders().Sign(wire, signers);
  }
  v1::SignedMembership Next(Signers signers = {0, 1}, void (*bend)(v1::MembershipDocument&) = nullptr) const {
    return Next(TermsOf(*history_.newest()), signers, bend);
  }
  RejectReason Extend(const v1::SignedMembership& wire, absl::Time now = Day(1)) {
    const size_t announced = history_.announced().size();
    const uint64_t newest = history_.newest()->version();
    const RejectReason reason = ReasonOf(history_.Extend(wire, Founders().parties, {now}, Kept));
    if (reason != kNone) {  // all or nothing
      EXPECT_EQ(history_.announced().size(), announced);
      EXPECT_EQ(history_.newest()->version(), newest);
    }
    return reason;
  }
  RejectReason Log(const v1::SignedMembership& wire, absl::Time now = Day(1), size_t logger = 0) {
    const v1::SignedBody entry = Founders().EntryOf(history_, *Membership::Read(wire), now, logger);
    return ReasonOf(history_.TakeLogEntry(entry, Founders().parties, {now}, Kept));
  }

  MembershipHistory history_ = Founders().Founded();
};

TEST(MembershipHistoryBegin, TheFirstEntryIsOfTheGroupsOwnFirstDocument) {
  const v1::SignedMembership first = Founders().First();
  MembershipHistory history = *MembershipHistory::Begin(first, Founders().parties, {SampleNow()});
  const v1::SignedBody other = *MakeLogEntry(Founders().orgs[0].self, history.group(), history.log(),
                                            v1::GROUP_LOG_KIND_MEMBERSHIP, 1, Digest(), SampleNow());
  EXPECT_EQ(ReasonOf(history.TakeLogEntry(other, Founders().parties, {SampleNow()}, Kept)), kIdentityChain);
  EXPECT_EQ(history.log().size(), 0u);
  EXPECT_FALSE(history.log().contradiction().has_value());
  const v1::SignedBody entry = Founders().EntryOf(history, *Membership::Read(first), SampleNow());
  EXPECT_TRUE(history.TakeLogEntry(entry, Founders().parties, {SampleNow()}, Kept).ok());  // the group goes on
  EXPECT_NE(history.newest(), nullptr);
}

TEST(MembershipHistoryBegin, FirstCountsWithItsEntry) {
  const v1::SignedMembership first = Founders().First();
  MembershipHistory history = *MembershipHistory::Begin(first, Founders().parties, {SampleNow()});
  EXPECT_EQ(history.newest(), nullptr);
  EXPECT_EQ(history.announced().size(), 1u);
  EXPECT_EQ(ReasonOf(history.CheckFresh(SampleNow())), kMemberHash);
  const v1::SignedBody entry = Founders().EntryOf(history, *Membership::Read(first), SampleNow());
  ASSERT_TRUE(history.TakeLogEntry(entry, Founders().parties, {SampleNow()}, Kept).ok());
  ASSERT_NE(history.newest(), nullptr);
  EXPECT_EQ(history.newest()->hash(), MembershipHash(first.document()));
  EXPECT_TRUE(history.announced().empty());
  EXPECT_TRUE(history.CheckFresh(Day(7) - absl::Microseconds(1)).ok());
  EXPECT_EQ(ReasonOf(history.CheckFresh(Day(7))), kFreeze);
}

TEST(MembershipHistoryBegin, RefusesWhatIsNoFirst) {
  const auto begin = [](const v1::SignedMembership& wire, absl::Time now = SampleNow()) {
    return ReasonOf(MembershipHistory::Begin(wire, Founders().parties, {now}).status());
  };
  const v1::SignedMembership unsigned_first = *MakeMembership(Founders().Terms(), nullptr, SampleNow());
  EXPECT_EQ(begin(Founders().First()), kNone);
  EXPECT_EQ(begin(Founders().First(), SampleNow() - kClockSkew), kNone);
  EXPECT_EQ(begin(Founders().First(), SampleNow() - kClockSkew - absl::Microseconds(1)), kTime);
  EXPECT_EQ(begin(unsigned_first), kThreshold);
  EXPECT_EQ(begin(Founders().Sign(unsigned_first, {2})), kThreshold);
  EXPECT_EQ(begin(Founders().Sign(unsigned_first, {0, 3})), kParse);  // 3 is a member and no admin
  const MembershipHistory founded = Founders().Founded();
  EXPECT_EQ(begin(Founders().Sign(*MakeMembership(Founders().Terms(), founded.newest(), SampleNow()))), kIdentityChain);
}

TEST_F(MembershipHistoryTest, AVersionIsAnnouncedUntilTheLogHasIt) {
  const v1::SignedMembership next = Next();
  ASSERT_EQ(Extend(next), kNone);
  EXPECT_EQ(history_.newest()->version(), 1u);
  EXPECT_EQ(history_.announced().size(), 1u);
  EXPECT_EQ(Extend(next), kNone);  // once more
  EXPECT_EQ(history_.announced().size(), 1u);
  ASSERT_EQ(Log(next), kNone);
  EXPECT_EQ(history_.newest()->version(), 2u);
  EXPECT_NE(history_.Version(2, MembershipHash(next.document())), nullptr);
  EXPECT_EQ(history_.Version(2, Digest()), nullptr);
  EXPECT_EQ(history_.Version(3, Digest()), nullptr);
  EXPECT_EQ(history_.Version(0, Digest()), nullptr);
  EXPECT_EQ(Extend(next), kNone);
}

TEST_F(MembershipHistoryTest, AnEntryMayComeBeforeItsDocument) {
  const v1::SignedMembership next = Next(), other = Next({0, 2});
  ASSERT_NE(next.signatures(1).org_id(), other.signatures(1).org_id());
  ASSERT_EQ(Log(next), kNone);
  EXPECT_EQ(history_.newest()->version(), 1u);
  // Who keeps the log from here on is not known before the document is.
  const LogEntry& last = *history_.log().At(2);
  const v1::SignedBody behind = *MakeLogEntry(Founders().orgs[0].self, history_.group(), history_.log(),
                                              v1::GROUP_LOG_KIND_EPOCH, 1, Digest(), Day(1));
  EXPECT_EQ(last.subject, MembershipHash(next.document()));
  EXPECT_EQ(ReasonOf(history_.TakeLogEntry(behind, Founders().parties, {Day(1)}, Kept)), kMemberHash);
  ASSERT_EQ(Extend(next), kNone);
  EXPECT_EQ(history_.newest()->version(), 2u);
  EXPECT_TRUE(history_.TakeLogEntry(behind, Founders().parties, {Day(1)}, Kept).ok());
}

TEST_F(MembershipHistoryTest, AdminsMayRaceAndTheLogDecides) {
  GroupTerms terms = TermsOf(*history_.newest());
  terms.name = "energy two";
  const v1::SignedMembership mine = Next(), yours = Next(terms);
  ASSERT_EQ(Extend(mine), kNone);
  ASSERT_EQ(Extend(yours), kNone);
  ASSERT_EQ(Log(yours), kNone);
  EXPECT_EQ(history_.newest()->document().name(), "energy two");
  EXPECT_TRUE(history_.announced().empty());
  EXPECT_EQ(Extend(mine), kIdentityChain);  // who lost is not on file any more, and no evidence
  EXPECT_FALSE(history_.log().contradiction().has_value());
}

TEST_F(MembershipHistoryTest, OnlyTheDocumentThatTheLogNamesCounts) {
  GroupTerms terms = TermsOf(*history_.newest());
  terms.name = "energy two";
  const v1::SignedMembership named = Next();
  ASSERT_EQ(Log(named), kNone);
  EXPECT_EQ(Extend(Next(terms)), kNone);
  EXPECT_EQ(history_.newest()->version(), 1u);
  EXPECT_EQ(Extend(named), kNone);
  EXPECT_EQ(history_.newest()->hash(), MembershipHash(named.document()));
  EXPECT_TRUE(history_.announced().empty());
}

TEST_F(MembershipHistoryTest, WhatWaitsForTheLogIsBounded) {
  GroupTerms terms = TermsOf(*history_.newest());
  for (size_t i = 0; i <= kMaxAnnounced; ++i) {
    terms.name = "energy " + std::to_string(i);
    EXPECT_EQ(Extend(Next(terms)), i < kMaxAnnounced ? kNone : kLimit) << i;
  }
  // The log's word makes room.
  ASSERT_EQ(Log(Next(terms)), kNone);
  EXPECT_EQ(Extend(Next(terms)), kNone);
  EXPECT_EQ(history_.newest()->version(), 2u);
}

TEST_F(MembershipHistoryTest, NothingCountsThatWasNotPersisted) {
  const auto full = [] { return Reject(kDiskFull, "no space"); };
  EXPECT_EQ(ReasonOf(history_.Extend(Next(), Founders().parties, {Day(1)}, full)), kDiskFull);
  EXPECT_TRUE(history_.announced().empty());
  ASSERT_EQ(Extend(Next()), kNone);
  const v1::SignedBody entry = Founders().EntryOf(history_, *history_.announced().front(), Day(1));
  EXPECT_EQ(ReasonOf(history_.TakeLogEntry(entry, Founders().parties, {Day(1)}, full)), kDiskFull);
  EXPECT_EQ(history_.newest()->version(), 1u);
  EXPECT_EQ(history_.log().size(), 1u);
}

TEST_F(MembershipHistoryTest, ARunIsTakenInItsOrderAndBounded) {
  MembershipHistory other = history_;
  std::vector<v1::SignedMembership> documents;
  std::vector<v1::SignedBody> entries;
  for (int i = 1; i <= 3; ++i) {
    documents.push_back(Founders().Sign(*MakeMembership(TermsOf(*other.newest()), other.newest(), Day(i))));
    entries.push_back(Founders().EntryOf(other, *Membership::Read(documents.back()), Day(i)));
    Founders().Count(other, documents.back(), Day(i));
  }
  const std::vector<GroupDocument> run = {&documents[0], &entries[0], &entries[1], &documents[1], &documents[2], &entries[2]};
  size_t kept = 0;
  const auto keep = [&](const GroupDocument&) { return ++kept, absl::OkStatus(); };
  MembershipHistory late = history_;
  EXPECT_EQ(ReasonOf(late.TakeIn(run, Founders().parties, {Day(30)}, keep)), kFreeze);  // everything was taken
  EXPECT_EQ(late.newest()->version(), 4u);
  EXPECT_EQ(kept, 6u);
  EXPECT_TRUE(history_.TakeIn(run, Founders().parties, {Day(4)}, keep).ok());
  const std::vector<GroupDocument> gap = {&documents[1]};
  MembershipHistory missing = Founders().Founded();
  EXPECT_EQ(ReasonOf(missing.TakeIn(gap, Founders().parties, {Day(4)}, keep)), kIdentityChain);
  EXPECT_TRUE(missing.TakeIn(std::vector<GroupDocument>(kMaxCatchUp, &documents[0]), Founders().parties, {Day(4)}, keep).ok());
  EXPECT_EQ(ReasonOf(missing.TakeIn(std::vector<GroupDocument>(kMaxCatchUp + 1, &documents[0]), Founders().parties, {Day(4)}, keep)), kLimit);
  EXPECT_EQ(ReasonOf(missing.TakeIn(std::vector<GroupDocument>(kMaxCatchUp + 1, &entries[0]), Founders().parties, {Day(4)}, keep)), kLimit);
}

TEST_F(MembershipHistoryTest, TheBytesOfAllVersionsAreBounded) {
  const auto pad = [](v1::MembershipDocument& d) {  // a field that this version skips
    d.GetReflection()->MutableUnknownFields(&d)->AddLengthDelimited(100, Bytes(255 << 10, 'x'));
  };
  const auto next = [&](absl::Time now) {
    v1::SignedMembership wire = *MakeMembership(TermsOf(*history_.newest()), history_.newest(), now);
    v1::MembershipDocument document;
    EXPECT_TRUE(document.ParseFromString(wire.document()));
    pad(document);
    wire.set_document(document.SerializeAsString());
    return Founders().Sign(wire);
  };
  absl::Time now = Day(1);
  for (int i = 0; i < 64; ++i, now += absl::Hours(1)) Founders().Count(history_, next(now), now);
  EXPECT_EQ(Extend(next(now), now), kLimit);
  EXPECT_EQ(Extend(Founders().Sign(*MakeMembership(TermsOf(*history_.newest()), history_.newest(), now)), now), kNone);
}

TEST_F(MembershipHistoryTest, WhoWasAMemberAllTheTime) {
  GroupTerms without = TermsOf(*history_.newest());
  without.members.erase(Org(4));
  const std::shared_ptr<const Membership> first = history_.Newest();
  Founders().Count(history_, Next(), Day(1));
  EXPECT_TRUE(history_.IsCurrent(*first));
  Founders().Count(history_, Founders().Sign(*MakeMembership(without, history_.newest(), Day(2))), Day(2));
  EXPECT_FALSE(history_.IsCurrent(*first));
  EXPECT_FALSE(history_.IsMemberSince(Org(4), 1));
  EXPECT_TRUE(history_.IsMemberSince(Org(3), 1));
  without.members[Org(4)] = 1;
  Founders().Count(history_, Founders().Sign(*MakeMembership(without, history_.newest(), Day(3))), Day(3));
  EXPECT_FALSE(history_.IsMemberSince(Org(4), 1));
  EXPECT_TRUE(history_.IsMemberSince(Org(4), 4));
  EXPECT_FALSE(history_.IsMemberSince(Org(4), 5));
  EXPECT_FALSE(history_.IsMemberSince(Org(4), 0));
  EXPECT_FALSE(history_.IsCurrent(*first));  // a version between had others
}

}  // namespace
}  // namespace entente::trust
