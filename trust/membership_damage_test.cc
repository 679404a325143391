#include "absl/strings/str_cat.h"
#include "base/testing/damage_table.h"
#include "trust/membership_history.h"
#include "trust/sample_group.h"

// Versions of a group's membership with one thing wrong, offered to who has the first one on file.
namespace entente::trust {
namespace {

using enum RejectReason;
using test::Damage;
using test::DamageTable;
using test::Outcome;
using Signers = std::initializer_list<size_t>;
using Document = v1::MembershipDocument;

const SampleFounders& Founders() {
  static const SampleFounders founders(5);
  return founders;
}
const OrgId& Org(size_t i) { return Founders().orgs[i].org(); }
absl::Time Day(int day) { return SampleNow() + day * kSampleDay; }

// Who follows the group.
struct Follower {
  GroupTerms Terms() const { return TermsOf(*history.newest()); }
  // The next version, signed by these; its fields bent before that.
  v1::SignedMembership Next(Signers signers = {0, 1}, const std::function<void(Document&)>& bend = {}) const {
    return Next(Terms(), signers, bend);
  }
  v1::SignedMembership Next(const GroupTerms& terms, Signers signers, const std::function<void(Document&)>& bend = {}) const {
    v1::SignedMembership wire = *MakeMembership(terms, history.newest(), Day(1));
    Document document;
    EXPECT_TRUE(document.ParseFromString(wire.document()));
    if (bend) bend(document);
    wire.set_document(document.SerializeAsString());
    return Founders().Sign(wire, signers);
  }
  Bytes Held() const { return absl::StrCat(history.newest()->version(), " and ", history.announced().size(), " announced"); }

  MembershipHistory history = Founders().Founded();
  SampleParties parties = Founders().parties;
};

using Make = v1::SignedMembership (*)(Follower&);
std::function<Outcome()> Offered(Make make, absl::Time now = Day(1)) {
  return [=] {
    Follower follower;
    const v1::SignedMembership wire = make(follower);
    const Bytes before = follower.Held();
    const absl::Status status = follower.history.Extend(wire, follower.parties, {now}, Kept);
    return Outcome(status).Holding(before, follower.Held());
  };
}
std::function<Outcome()> WithField(void (*bend)(Document&)) {
  return [bend] {
    Follower follower;
    return Outcome(follower.history.Extend(follower.Next({0, 1}, bend), follower.parties, {Day(1)}, Kept)).Holding(Follower().Held(), follower.Held());
  };
}

const Damage kChainRows[] = {
    {0, "Next", kNone, Offered([](Follower& f) { return f.Next(); })},
    {26, "AVersionLeftOut", kIdentityChain, WithField([](Document& d) { d.set_version(3); })},
    {0, "OfAnotherGroup", kIdentityChain, WithField([](Document& d) { d.set_group_id(Bytes(32, 'x')); })},
    {26, "AnotherPreviousHash", kIdentityChain, WithField([](Document& d) { d.set_previous_hash(Bytes(32, 'x')); })},
    {0, "AnotherLane", kIdentityChain, WithField([](Document& d) { d.set_exercise_id("locked-shields"); })},
    {0, "IssuedWithItsPredecessor", kIdentityChain,
     WithField([](Document& d) { d.set_issued_us(absl::ToUnixMicros(SampleNow())); })},
    {0, "IssuedAsFarAheadAsClocksDiffer", kNone, Offered([](Follower& f) { return f.Next(); }, Day(1) - kClockSkew)},
    {24, "IssuedInTheFuture", kTime, Offered([](Follower& f) { return f.Next(); }, Day(1) - kClockSkew - absl::Microseconds(1))},
};
const DamageTable kChainTable("Membership", kChainRows);

// Version 3, where version 2 has suite 3 and asks for 2 at least.
template <uint32_t kSuiteOfIt, uint32_t kMinSuite>
v1::SignedMembership Third(Follower& f) {
  Founders().Count(f.history, f.Next({0, 1}, [](Document& d) { d.set_suite(3), d.set_min_suite(2); }), Day(1));
  v1::SignedMembership wire = *MakeMembership(f.Terms(), f.history.newest(), Day(2));
  Document document;
  EXPECT_TRUE(document.ParseFromString(wire.document()));
  document.set_suite(kSuiteOfIt), document.set_min_suite(kMinSuite);
  wire.set_document(document.SerializeAsString());
  return Founders().Sign(wire);
}
const Damage kFloorRows[] = {
    {25, "TheFloorFalls", kFloor, Offered(Third<3, 1>, Day(2))},
    {25, "TheSuiteFalls", kFloor, Offered(Third<2, 2>, Day(2))},
    {0, "NothingFalls", kNone, Offered(Third<3, 2>, Day(2))},
    {0, "BothRise", kNone, Offered(Third<4, 4>, Day(2))},
};
const DamageTable kFloorTable("MembershipFloor", kFloorRows);

// Two versions later: another second one, which lost, and the one that is on file.
template <bool kOfTheLost>
v1::SignedMembership Second(Follower& f) {
  GroupTerms other = f.Terms();
  other.name = "energy two";
  const v1::SignedMembership lost = f.Next(other, {0, 1}), second = f.Next();
  Founders().Count(f.history, second, Day(1));
  Founders().Count(f.history, Founders().Sign(*MakeMembership(f.Terms(), f.history.newest(), Day(2))), Day(2));
  return kOfTheLost ? lost : second;
}
const Damage kAgeRows[] = {
    {27, "OlderThanWhatIsOnFile", kRollback, Offered(Second<true>, Day(2))},
    {27, "ARunThatEndsBeforeTheNewest", kRollback,
     [] {
       Follower follower;
       const v1::SignedMembership second = Second<false>(follower), first = Founders().First();
       EXPECT_TRUE(follower.history.Extend(second, follower.parties, {Day(2)}, Kept).ok());  // it is on file
       const std::vector<GroupDocument> run = {&first, &second};
       const Bytes before = follower.Held();
       const absl::Status status =
           follower.history.TakeIn(run, follower.parties, {Day(2)}, [](const GroupDocument&) { return absl::OkStatus(); });
       return Outcome(status).Holding(before, follower.Held());
     }},
    {27, "TheNewestExpired", kFreeze, [] { return Founders().Founded().CheckFresh(Day(7)); }},
    {0, "TheNewestAboutToExpire", kNone, [] { return Founders().Founded().CheckFresh(Day(7) - absl::Microseconds(1)); }},
};
const DamageTable kAgeTable("MembershipAge", kAgeRows);

GroupTerms OtherAdmins(const Follower& f) {
  GroupTerms terms = f.Terms();
  terms.admins = {Org(2), Org(3), Org(4)};
  terms.issuers = {Org(0)};
  return terms;
}
GroupTerms WithThreshold(const Follower& f, uint32_t threshold) {
  GroupTerms terms = f.Terms();
  terms.threshold = threshold;
  return terms;
}
// A group of which one admin organisation has two admin keys: two signatures, and still one organisation.
Outcome TwoKeysOfOneOrganisation(Signers others) {
  const crypto::SigningKey root = NamedKey("root of two"), statement = NamedKey("statement of two"), one = NamedKey("one"), two = NamedKey("two");
  IdentityHistory twice = *IdentityHistory::Begin(*MakeIdentity("twice", root, statement, SampleNow() - kSampleDay));
  IdentityChange change;
  change.add = {{v1::KEY_USAGE_GROUP_ADMIN, &one}, {v1::KEY_USAGE_GROUP_ADMIN, &two}};
  const std::vector<const crypto::SigningKey*> roots = {&root};
  EXPECT_TRUE(twice.Extend(*MakeNext(twice, change, roots, SampleNow() - kSampleDay), SampleNow()).ok());
  SampleParties parties = Founders().parties;
  parties.Accept(twice);
  GroupTerms terms = Founders().Terms();
  terms.admins = {twice.org(), Org(0)};
  v1::SignedMembership wire = *MakeMembership(terms, nullptr, SampleNow());
  EXPECT_TRUE(SignMembership(twice.org(), one, wire).ok());
  EXPECT_TRUE(SignMembership(twice.org(), two, wire).ok());
  return MembershipHistory::Begin(Founders().Sign(wire, others), parties, {SampleNow()});
}
const Damage kThresholdRows[] = {
    {28, "SignedByNobody", kThreshold, Offered([](Follower& f) { return f.Next({}); })},
    {28, "SignedByOneOfTwo", kThreshold, Offered([](Follower& f) { return f.Next({0}); })},
    {28, "TwoKeysOfOneOrganisation", kThreshold, [] { return TwoKeysOfOneOrganisation({}); }},
    {0, "TwoKeysOfOneOrganisationAndAnother", kNone, [] { return TwoKeysOfOneOrganisation({0}); }},
    {28, "OldAdminsAlone", kThreshold, Offered([](Follower& f) { return f.Next(OtherAdmins(f), {0, 1}); })},
    {28, "NewAdminsAlone", kThreshold, Offered([](Follower& f) { return f.Next(OtherAdmins(f), {2, 3, 4}); })},
    {28, "OneOfTheNewAdmins", kThreshold, Offered([](Follower& f) { return f.Next(OtherAdmins(f), {0, 1, 3}); })},
    {0, "OneThatCountsInBoth", kNone, Offered([](Follower& f) { return f.Next(OtherAdmins(f), {0, 2, 3}); })},
    {28, "TwoWhereThreeWillHaveTo", kThreshold, Offered([](Follower& f) { return f.Next(WithThreshold(f, 3), {0, 1}); })},
    {0, "ThreeWhereThreeWillHaveTo", kNone, Offered([](Follower& f) { return f.Next(WithThreshold(f, 3), {0, 1, 2}); })},
    {28, "OneWhereTwoHadTo", kThreshold, Offered([](Follower& f) { return f.Next(WithThreshold(f, 1), {0}); })},
    {0, "TwoWhereTwoHadTo", kNone, Offered([](Follower& f) { return f.Next(WithThreshold(f, 1), {0, 2}); })},
};
const DamageTable kThresholdTable("MembershipThreshold", kThresholdRows);

template <int kSigner>
v1::SignedMembership OneSignatureFalse(Follower& f) {
  v1::SignedMembership wire = f.Next({0, 1, 2});
  (*wire.mutable_signatures(kSigner)->mutable_signature())[5] ^= 1;
  return wire;
}
const Damage kSignatureRows[] = {
    {28, "FirstFalse", kSignature, Offered(OneSignatureFalse<0>)},
    {28, "SecondFalse", kSignature, Offered(OneSignatureFalse<1>)},
    {28, "OneMoreThanNeededFalse", kSignature, Offered(OneSignatureFalse<2>)},
    {0, "OneTwice", kParse, Offered([](Follower& f) {
       v1::SignedMembership wire = f.Next({0, 1, 2});
       *wire.add_signatures() = v1::OrgSignature(wire.signatures(0));
       return wire;
     })},
    {0, "OfNoOrganisation", kParse, Offered([](Follower& f) {
       v1::SignedMembership wire = f.Next({0, 1, 2});
       wire.mutable_signatures(2)->set_org_id("x");
       return wire;
     })},
    {0, "ByAMemberWhoIsNoAdmin", kParse, Offered([](Follower& f) { return f.Next({0, 1, 3}); })},
    {15, "ByAnUnknownKey", kNoKey, Offered([](Follower& f) {
       v1::SignedMembership wire = f.Next();
       wire.mutable_signatures(1)->set_key_id(Bytes(32, 'k'));
       return wire;
     })},
    {13, "ByAStatementKey", kKeyUse, Offered([](Follower& f) {
       v1::SignedMembership wire = f.Next();
       wire.mutable_signatures(1)->set_key_id(Founders().orgs[1].self.key_id.str());
       return wire;
     })},
    {0, "ByWhoIsNotAccepted", kUnknownParty, Offered([](Follower& f) {
       f.parties.Forget(Org(1));
       return f.Next({0, 1, 2});
     })},
    {0, "ThreeWhereTwoMust", kNone, Offered([](Follower& f) { return f.Next({0, 1, 2}); })},
};
const DamageTable kSignatureTable("MembershipSignature", kSignatureRows);

}  // namespace
}  // namespace entente::trust
