#include "trust/group_log.h"

#include <gtest/gtest.h>

#include "tests/vectors/vector_file.h"
#include "trust/sample_group.h"

namespace entente::trust {
namespace {

using enum RejectReason;

const SampleFounders& Founders() {
  static const SampleFounders founders(4);
  return founders;
}

class GroupLogTest : public testing::Test {
 protected:
  v1::GroupLogBody Body(uint64_t number = 1) const {
    v1::GroupLogBody body;
    EXPECT_TRUE(body.ParseFromString(Entry(v1::GROUP_LOG_KIND_EPOCH, number).body()));
    return body;
  }
  v1::SignedBody Entry(v1::GroupLogKind kind, uint64_t number, char subject = 's', absl::Time now = SampleNow()) const {
    return *MakeLogEntry(Founders().orgs[0].self, history_.group(), history_.log(), kind, number,
                         *Digest::From(Bytes(32, subject)), now);
  }
  static v1::SignedBody Sign(const v1::GroupLogBody& body, size_t by = 0) {
    return *SignBody(Founders().orgs[by].self, kGroupLogType, body.SerializeAsString());
  }
  RejectReason Take(const v1::SignedBody& wire, absl::Time now = SampleNow()) {
    const uint64_t size = history_.log().size();
    persisted_ = 0;
    const auto persist = [&] { return ++persisted_, absl::OkStatus(); };
    const RejectReason reason = ReasonOf(history_.TakeLogEntry(wire, Founders().parties, {now}, persist));
    if (reason != kNone) {  // all or nothing
      EXPECT_EQ(history_.log().size(), size);
    }
    return reason;
  }
  RejectReason Bent(void (*bend)(v1::GroupLogBody&)) {
    v1::GroupLogBody body = Body();
    bend(body);
    return Take(Sign(body));
  }

  MembershipHistory history_ = Founders().Founded();
  int persisted_ = 0;
};

TEST_F(GroupLogTest, KnownAnswers) {
  for (const test::VectorRecord& v : test::ReadVectors("../../docs/formats/examples/derive.txt")) {
    if (!v.contains("entry_id")) continue;
    v1::SignedBody wire;
    wire.set_body(v.at("body"));
    const absl::StatusOr<LogEntry> entry = ReadLogEntry(wire);
    ASSERT_TRUE(entry.ok()) << entry.status();
    EXPECT_EQ(entry->id.view(), v.at("entry_id"));
    EXPECT_EQ(entry->index, 1u);
    EXPECT_EQ(entry->kind, v1::GROUP_LOG_KIND_MEMBERSHIP);
    EXPECT_EQ(entry->number, 1u);
    return;
  }
  FAIL() << "no example of a group log entry";
}

TEST_F(GroupLogTest, EntriesFollowOneAnother) {
  EXPECT_EQ(history_.log().Last(v1::GROUP_LOG_KIND_MEMBERSHIP), 1u);
  EXPECT_EQ(history_.log().Last(v1::GROUP_LOG_KIND_EPOCH), 0u);
  const v1::SignedBody first = Entry(v1::GROUP_LOG_KIND_EPOCH, 1);
  EXPECT_EQ(Take(first), kNone);
  EXPECT_EQ(persisted_, 1);
  EXPECT_EQ(Take(first), kNone);  // once more
  EXPECT_EQ(persisted_, 0);
  EXPECT_EQ(Take(Entry(v1::GROUP_LOG_KIND_EPOCH, 2)), kNone);
  EXPECT_EQ(history_.log().size(), 3u);
  EXPECT_EQ(history_.log().Last(v1::GROUP_LOG_KIND_EPOCH), 2u);
  EXPECT_EQ(history_.log().Of(v1::GROUP_LOG_KIND_EPOCH, 2)->index, 3u);
  EXPECT_EQ(history_.log().Of(v1::GROUP_LOG_KIND_EPOCH, 3), nullptr);
  EXPECT_EQ(history_.log().At(0), nullptr);
  EXPECT_EQ(history_.log().At(4), nullptr);
}

TEST_F(GroupLogTest, EachFieldIsChecked) {
  EXPECT_EQ(Bent([](auto& b) { b.set_org_id("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_key_id("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_group_id("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_previous("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_subject("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_index(0); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_number(0); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.clear_kind(); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_time_us(0); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(20, 1); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(1024, 'x')); }), kLimit);
  EXPECT_EQ(Bent([](auto& b) { b.set_group_id(Bytes(32, 'x')); }), kIdentityChain);
  EXPECT_EQ(Bent([](auto& b) { b.set_index(3); }), kIdentityChain);
  EXPECT_EQ(Bent([](auto& b) { b.set_previous(Bytes(32, 'x')); }), kIdentityChain);
  EXPECT_EQ(Bent([](auto& b) { b.set_number(2); }), kIdentityChain);
  EXPECT_EQ(Bent([](auto& b) { b.set_time_us(absl::ToUnixMicros(SampleNow()) - 1); }), kIdentityChain);
  EXPECT_EQ(Bent([](auto& b) { b.set_time_us(absl::ToUnixMicros(SampleNow() + kClockSkew) + 1); }), kTime);
  EXPECT_EQ(Bent([](auto& b) { b.set_key_id(Bytes(32, 'x')); }), kNoKey);
  EXPECT_EQ(Bent([](auto& b) { b.set_org_id(Founders().orgs[1].org().str()); }), kIssuer);
  EXPECT_EQ(Bent([](auto& b) { b.set_time_us(absl::ToUnixMicros(SampleNow() + kClockSkew)); }), kNone);
}

TEST_F(GroupLogTest, OnlyWhoKeepsTheLogSignsIt) {
  v1::SignedBody bent = Entry(v1::GROUP_LOG_KIND_EPOCH, 1);
  (*bent.mutable_signature())[0] ^= 1;
  EXPECT_EQ(Take(bent), kSignature);
  v1::GroupLogBody body = Body();
  body.set_org_id(Founders().orgs[1].org().str());
  body.set_key_id(Founders().orgs[1].self.key_id.str());
  EXPECT_EQ(Take(Sign(body, 1)), kIssuer);
  v1::GroupLogBody admin = Body();
  admin.set_key_id(MakeKeyId(v1::KEY_USAGE_GROUP_ADMIN, Founders().orgs[0].admin().public_key()).str());
  EXPECT_EQ(Take(Sign(admin)), kKeyUse);
}

// Two entries of one index, or two subjects of one number: the first stays.
TEST_F(GroupLogTest, TwoOrdersAreEvidence) {
  const v1::SignedBody other = Entry(v1::GROUP_LOG_KIND_EPOCH, 1, 'o'), third = Entry(v1::GROUP_LOG_KIND_EPOCH, 1, 't');
  ASSERT_EQ(Take(Entry(v1::GROUP_LOG_KIND_EPOCH, 1)), kNone);
  const EntryId first = history_.log().At(2)->id;
  EXPECT_EQ(Take(other), kEquivocation);
  EXPECT_EQ(persisted_, 1);
  ASSERT_TRUE(history_.log().contradiction().has_value());
  EXPECT_EQ(history_.log().contradiction()->subject.view(), Bytes(32, 'o'));
  EXPECT_EQ(Take(third), kEquivocation);  // one pair is enough
  EXPECT_EQ(persisted_, 0);
  EXPECT_EQ(history_.log().contradiction()->subject.view(), Bytes(32, 'o'));
  EXPECT_EQ(history_.log().At(2)->id, first);
  EXPECT_EQ(Take(Entry(v1::GROUP_LOG_KIND_EPOCH, 2)), kNone);
}
TEST_F(GroupLogTest, ASecondSubjectOfANumberIsEvidenceAndARepetitionIsNot) {
  ASSERT_EQ(Take(Entry(v1::GROUP_LOG_KIND_EPOCH, 1)), kNone);
  EXPECT_EQ(Take(Entry(v1::GROUP_LOG_KIND_EPOCH, 1)), kIdentityChain);
  EXPECT_FALSE(history_.log().contradiction().has_value());
  EXPECT_EQ(Take(Entry(v1::GROUP_LOG_KIND_EPOCH, 1, 'o')), kEquivocation);
  EXPECT_TRUE(history_.log().contradiction().has_value());
}
TEST_F(GroupLogTest, TwoLoggedDocumentsOfOneVersionAreEvidence) {
  GroupTerms terms = TermsOf(*history_.newest());
  terms.name = "energy two";
  const absl::Time now = SampleNow() + absl::Hours(1);
  const v1::SignedMembership mine = Founders().Sign(*MakeMembership(TermsOf(*history_.newest()), history_.newest(), now));
  const v1::SignedMembership yours = Founders().Sign(*MakeMembership(terms, history_.newest(), now));
  const v1::SignedBody yours_logged = Founders().EntryOf(history_, *Membership::Read(yours), now);
  Founders().Count(history_, mine, now);
  EXPECT_EQ(ReasonOf(history_.Extend(yours, Founders().parties, {now}, Kept)), kIdentityChain);
  EXPECT_EQ(Take(yours_logged, now), kEquivocation);
  EXPECT_EQ(ReasonOf(history_.Extend(yours, Founders().parties, {now}, Kept)), kEquivocation);
  EXPECT_EQ(history_.newest()->hash(), MembershipHash(mine.document()));
}

TEST_F(GroupLogTest, TheOldKeeperLogsTheNewOne) {
  GroupTerms terms = TermsOf(*history_.newest());
  terms.log_org = Founders().orgs[2].org();
  const absl::Time now = SampleNow() + absl::Hours(1);
  const v1::SignedMembership next = Founders().Sign(*MakeMembership(terms, history_.newest(), now));
  ASSERT_TRUE(history_.Extend(next, Founders().parties, {now}, Kept).ok());
  EXPECT_EQ(Take(Founders().EntryOf(history_, *Membership::Read(next), now, 2), now), kIssuer);
  EXPECT_EQ(Take(Founders().EntryOf(history_, *Membership::Read(next), now, 0), now), kNone);
  EXPECT_EQ(Take(Entry(v1::GROUP_LOG_KIND_EPOCH, 1, 's', now), now), kIssuer);
  EXPECT_EQ(Take(*MakeLogEntry(Founders().orgs[2].self, history_.group(), history_.log(), v1::GROUP_LOG_KIND_EPOCH, 1,
                               Digest(), now),
                 now),
            kNone);
}

TEST_F(GroupLogTest, WhereTheOldKeeperStallsTheNewOneTakesOverAfterExpiry) {
  GroupTerms terms = TermsOf(*history_.newest());
  terms.log_org = Founders().orgs[2].org();
  const absl::Time end = history_.newest()->expires(), early = end - absl::Microseconds(1);
  const v1::SignedMembership next = Founders().Sign(*MakeMembership(terms, history_.newest(), early - absl::Hours(1)));
  const auto entry_at = [&](absl::Time time) { return Founders().EntryOf(history_, *Membership::Read(next), time, 2); };
  EXPECT_EQ(Take(entry_at(end), end), kIssuer);  // the document that names it is not here
  ASSERT_TRUE(history_.Extend(next, Founders().parties, {early}, Kept).ok());
  EXPECT_EQ(Take(entry_at(end), early), kIssuer);
  EXPECT_EQ(Take(entry_at(early), end), kIssuer);
  EXPECT_EQ(Take(entry_at(end), end), kNone);
  EXPECT_EQ(history_.newest()->version(), 2u);
}

// An entry for a document that nobody has.
class MadeUpEntryTest : public GroupLogTest {
 protected:
  MadeUpEntryTest() {
    GroupTerms terms = TermsOf(*history_.newest());
    terms.log_org = Founders().orgs[2].org();
    next_ = Founders().Sign(*MakeMembership(terms, history_.newest(), End() - absl::Hours(1)));
    EXPECT_EQ(Take(Entry(v1::GROUP_LOG_KIND_MEMBERSHIP, 2, 'm')), kNone);
  }
  absl::Time End() const { return history_.newest()->expires(); }
  v1::SignedBody EntryOfNext(size_t logger) const { return Founders().EntryOf(history_, *Membership::Read(next_), End(), logger); }
  RejectReason Announce() { return ReasonOf(history_.Extend(next_, Founders().parties, {End()}, Kept)); }

  v1::SignedMembership next_;  // names another keeper of the log
};
TEST_F(MadeUpEntryTest, ATakeoverReplacesIt) {
  EXPECT_EQ(Take(EntryOfNext(2), End()), kIssuer);
  ASSERT_EQ(Announce(), kNone);
  EXPECT_EQ(history_.newest()->version(), 1u);
  const v1::SignedBody others = Entry(v1::GROUP_LOG_KIND_EPOCH, 1, 's', End());
  EXPECT_EQ(Take(others, End()), kMemberHash);  // behind it
  const EntryId before = history_.log().At(2)->id;
  EXPECT_EQ(Take(EntryOfNext(2), End() - absl::Microseconds(1)), kIssuer);
  EXPECT_EQ(history_.log().At(2)->id, before);
  EXPECT_EQ(Take(EntryOfNext(2), End()), kNone);
  EXPECT_EQ(persisted_, 1);
  EXPECT_EQ(history_.newest()->version(), 2u);
  EXPECT_FALSE(history_.log().contradiction().has_value());
  // Whatever the old keeper says of that place now.
  v1::GroupLogBody late;
  ASSERT_TRUE(late.ParseFromString(others.body()));
  late.set_index(2);
  late.set_previous(history_.log().At(1)->id.str());
  EXPECT_EQ(Take(Sign(late), End()), kIssuer);
}
TEST_F(MadeUpEntryTest, TheKeeperMayReplaceItAndThatIsEvidence) {
  EXPECT_EQ(Take(EntryOfNext(0), End()), kEquivocation);  // this one's document is not here either
  ASSERT_EQ(Announce(), kNone);
  EXPECT_EQ(Take(EntryOfNext(0), End()), kNone);
  EXPECT_EQ(history_.newest()->version(), 2u);
  EXPECT_EQ(history_.log().size(), 2u);
  EXPECT_EQ(history_.log().contradiction()->subject.view(), Bytes(32, 'm'));
}
TEST_F(MadeUpEntryTest, AnEntryThatWaitsForNothingReplacesIt) {
  MembershipHistory with = history_;
  history_ = Founders().Founded();
  const v1::SignedBody epoch = Entry(v1::GROUP_LOG_KIND_EPOCH, 1);
  history_ = with;
  EXPECT_EQ(Take(epoch), kNone);
  EXPECT_EQ(history_.log().Of(v1::GROUP_LOG_KIND_MEMBERSHIP, 2), nullptr);
  EXPECT_EQ(history_.log().Of(v1::GROUP_LOG_KIND_EPOCH, 1)->index, 2u);
  EXPECT_EQ(history_.log().contradiction()->subject.view(), Bytes(32, 'm'));
}
TEST_F(MadeUpEntryTest, ItsDocumentCountsWhenItComesFirst) {
  history_ = Founders().Founded();
  const v1::SignedBody logged = EntryOfNext(0);
  ASSERT_EQ(Take(logged, End()), kNone);
  ASSERT_EQ(Announce(), kNone);
  EXPECT_EQ(history_.newest()->version(), 2u);
}

TEST(GroupLogBound, EntriesOfAGroupAreBounded) {
  GroupLog log;
  LogEntry entry;
  entry.kind = v1::GROUP_LOG_KIND_EPOCH;
  for (uint64_t i = 1; i <= kMaxGroupLogEntries; ++i) {
    entry.index = entry.number = i;
    entry.previous = log.size() == 0 ? EntryId() : log.At(log.size())->id;
    entry.id = *EntryId::From(crypto::Sha256(std::to_string(i)).view());
    ASSERT_TRUE(log.Find(entry, SampleNow()).ok()) << i;
    log.Add(entry);
  }
  entry.previous = entry.id;
  ++entry.index, ++entry.number;
  EXPECT_EQ(ReasonOf(log.Find(entry, SampleNow()).status()), kLimit);
}

}  // namespace
}  // namespace entente::trust
