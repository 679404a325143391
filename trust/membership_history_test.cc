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

TEST_F(MembershipHistoryTest, TheChainIsExact) {
  EXPECT_EQ(Extend(Next({0, 1}, [](auto& d) { d.set_version(3); })), kIdentityChain);
  EXPECT_EQ(Extend(Next({0, 1}, [](auto& d) { d.set_group_id(Bytes(32, 'x')); })), kIdentityChain);
  EXPECT_EQ(Extend(Next({0, 1}, [](auto& d) { d.set_previous_hash(Bytes(32, 'x')); })), kIdentityChain);
  EXPECT_EQ(Extend(Next({0, 1}, [](auto& d) { d.set_exercise_id("locked-shields"); })), kIdentityChain);
  EXPECT_EQ(Extend(Next({0, 1}, [](auto& d) { d.set_issued_us(absl::ToUnixMicros(SampleNow())); })), kIdentityChain);
  EXPECT_EQ(Extend(Next(), Day(1) - kClockSkew - absl::Microseconds(1)), kTime);
  EXPECT_EQ(Extend(Next(), Day(1) - kClockSkew), kNone);
}

TEST_F(MembershipHistoryTest, P25_SuitesNeverFall) {
  Founders().Count(history_, Next({0, 1}, [](auto& d) { d.set_suite(3), d.set_min_suite(2); }), Day(1));
  const auto suites = [](uint32_t suite, uint32_t min_suite) {
    return [=](v1::MembershipDocument& d) { d.set_suite(suite), d.set_min_suite(min_suite); };
  };
  const auto answer = [&](auto bend) {
    v1::SignedMembership wire = *MakeMembership(TermsOf(*history_.newest()), history_.newest(), Day(2));
    v1::MembershipDocument document;
    EXPECT_TRUE(document.ParseFromString(wire.document()));
    bend(document);
    wire.set_document(document.SerializeAsString());
    return Extend(Founders().Sign(wire), Day(2));
  };
  EXPECT_EQ(answer(suites(3, 1)), kFloor);
  EXPECT_EQ(answer(suites(2, 2)), kFloor);
  EXPECT_EQ(answer(suites(3, 2)), kNone);
  EXPECT_EQ(answer(suites(4, 4)), kNone);
}

TEST_F(MembershipHistoryTest, P27_AnOlderVersionIsRefusedAndAnExpiredOneFreezes) {
  GroupTerms other = TermsOf(*history_.newest());
  other.name = "energy two";
  const v1::SignedMembership lost = Next(other), second = Next();
  Founders().Count(history_, second, Day(1));
  Founders().Count(history_, Founders().Sign(*MakeMembership(TermsOf(*history_.newest()), history_.newest(), Day(2))), Day(2));
  EXPECT_EQ(Extend(lost, Day(2)), kRollback);
  EXPECT_EQ(Extend(second, Day(2)), kNone);
  const v1::SignedMembership first = Founders().First();
  const std::vector<GroupDocument> run = {&first, &second};
  const auto keep = [](const GroupDocument&) { return absl::OkStatus(); };
  EXPECT_EQ(ReasonOf(history_.TakeIn(run, Founders().parties, {Day(2)}, keep)), kRollback);
  EXPECT_EQ(ReasonOf(history_.CheckFresh(Day(9))), kFreeze);
  EXPECT_TRUE(history_.CheckFresh(Day(8)).ok());
}

TEST_F(MembershipHistoryTest, P28_OrganisationsCountAndNotTheirKeys) {
  EXPECT_EQ(Extend(Next({})), kThreshold);
  EXPECT_EQ(Extend(Next({0})), kThreshold);
  // A second admin key of organisation 0: a second signature, and still one organisation.
  const crypto::SigningKey root = NamedKey("root of two"), statement = NamedKey("statement of two"), one = NamedKey("one"), two = NamedKey("two");
  IdentityHistory twice = *IdentityHistory::Begin(*MakeIdentity("twice", root, statement, SampleNow() - kSampleDay));
  IdentityChange change;
  change.add = {{v1::KEY_USAGE_GROUP_ADMIN, &one}, {v1::KEY_USAGE_GROUP_ADMIN, &two}};
  const std::vector<const crypto::SigningKey*> roots = {&root};
  ASSERT_TRUE(twice.Extend(*MakeNext(twice, change, roots, SampleNow() - kSampleDay), SampleNow()).ok());
  SampleParties parties = Founders().parties;
  parties.Accept(twice);
  GroupTerms terms = Founders().Terms();
  terms.admins = {twice.org(), Org(0)};
  v1::SignedMembership wire = *MakeMembership(terms, nullptr, SampleNow());
  ASSERT_TRUE(SignMembership(twice.org(), one, wire).ok());
  ASSERT_TRUE(SignMembership(twice.org(), two, wire).ok());
  EXPECT_EQ(ReasonOf(MembershipHistory::Begin(wire, parties, {SampleNow()}).status()), kThreshold);
  EXPECT_TRUE(MembershipHistory::Begin(Founders().Sign(wire, {0}), parties, {SampleNow()}).ok());
}

TEST_F(MembershipHistoryTest, P28_OldAndNewAdminsSignAChangeOfThem) {
  GroupTerms terms = TermsOf(*history_.newest());
  terms.admins = {Org(2), Org(3), Org(4)};
  terms.issuers = {Org(0)};
  EXPECT_EQ(Extend(Next(terms, {0, 1})), kThreshold);        // the old ones alone
  EXPECT_EQ(Extend(Next(terms, {2, 3, 4})), kThreshold);     // the new ones alone: of the old only 2
  EXPECT_EQ(Extend(Next(terms, {0, 1, 3})), kThreshold);     // one of the new
  EXPECT_EQ(Extend(Next(terms, {0, 2, 3})), kNone);          // 2 counts in both
  GroupTerms stricter = TermsOf(*history_.newest());
  stricter.threshold = 3;
  EXPECT_EQ(Extend(Next(stricter, {0, 1})), kThreshold);
  EXPECT_EQ(Extend(Next(stricter, {0, 1, 2})), kNone);
  GroupTerms looser = TermsOf(*history_.newest());
  looser.threshold = 1;
  EXPECT_EQ(Extend(Next(looser, {0})), kThreshold);
  EXPECT_EQ(Extend(Next(looser, {0, 2})), kNone);
}

TEST_F(MembershipHistoryTest, P28_OneFalseSignatureRefusesTheWhole) {
  v1::SignedMembership wire = Next({0, 1, 2});
  for (int i = 0; i < 3; ++i) {
    v1::SignedMembership bent = wire;
    (*bent.mutable_signatures(i)->mutable_signature())[5] ^= 1;
    EXPECT_EQ(Extend(bent), kSignature) << i;
  }
  v1::SignedMembership twice = wire;
  *twice.add_signatures() = wire.signatures(0);
  EXPECT_EQ(Extend(twice), kParse);
  v1::SignedMembership nobody = wire;
  nobody.mutable_signatures(2)->set_org_id("x");
  EXPECT_EQ(Extend(nobody), kParse);
  EXPECT_EQ(Extend(Next({0, 1, 3})), kParse);  // by a member who is no admin
  // By a key that is not its signer's, or no admin key.
  v1::SignedMembership strange = Next({0, 1});
  strange.mutable_signatures(1)->set_key_id(Bytes(32, 'k'));
  EXPECT_EQ(Extend(strange), kNoKey);
  v1::SignedMembership statement = Next({0, 1});
  statement.mutable_signatures(1)->set_key_id(Founders().orgs[1].self.key_id.str());
  EXPECT_EQ(Extend(statement), kKeyUse);
  SampleParties parties = Founders().parties;
  parties.Forget(Org(1));
  EXPECT_EQ(ReasonOf(history_.Extend(wire, parties, {Day(1)}, Kept)), kUnknownParty);
  EXPECT_EQ(Extend(wire), kNone);
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
