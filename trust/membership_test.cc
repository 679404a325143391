#include "trust/membership.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/testing/damage_table.h"
#include "tests/vectors/vector_file.h"
#include "trust/sample_group.h"

namespace entente::trust {
namespace {

using enum RejectReason;
using test::Damage;
using test::DamageTable;
using test::Outcome;
using Document = v1::MembershipDocument;

const SampleFounders& Founders() {
  static const SampleFounders founders(4);
  return founders;
}

v1::SignedMembership Wire(const Document& document) {
  v1::SignedMembership wire;
  wire.set_document(document.SerializeAsString());
  return wire;
}
Document Good() {
  Document document;
  EXPECT_TRUE(document.ParseFromString(Founders().First().document()));
  return document;
}
// As a receiver answers it: size and shape, then the fields.
RejectReason Answer(const Document& document) {
  const absl::StatusOr<Membership> read = Membership::Read(Wire(document));
  return ReasonOf(read.ok() ? CheckMembershipFields(*read) : read.status());
}

TEST(MembershipDocument, KnownAnswers) {
  for (const test::VectorRecord& v : test::ReadVectors("../../docs/formats/examples/derive.txt")) {
    if (!v.contains("signed_membership")) continue;
    v1::SignedMembership wire;
    ASSERT_TRUE(wire.ParseFromString(v.at("signed_membership")));
    EXPECT_EQ(wire.document(), v.at("document"));
    const absl::StatusOr<Membership> read = Membership::Read(wire);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->group().view(), v.at("group_id"));
    EXPECT_EQ(read->hash().view(), v.at("membership_hash"));
    EXPECT_TRUE(CheckMembershipFields(*read).ok());
    EXPECT_EQ(read->members().size(), 3u);
    EXPECT_EQ(read->document().name(), "energy");
    return;
  }
  FAIL() << "no example of a membership document";
}

TEST(MembershipDocument, SaysWhoIsWhat) {
  const Membership group = *Membership::Read(Founders().First());
  const OrgId stranger = OrgId();
  for (size_t i = 0; i < 4; ++i) {
    const OrgId& org = Founders().orgs[i].org();
    EXPECT_EQ(group.PlaceOf(org), i);
    EXPECT_EQ(group.IsAdmin(org), i < 3);
    EXPECT_EQ(group.TurnOf(org), i < 2 ? std::optional<size_t>(i) : std::nullopt);
  }
  EXPECT_FALSE(group.IsMember(stranger) || group.IsAdmin(stranger) || group.TurnOf(stranger).has_value());
  EXPECT_EQ(group.ref(), (MembershipRef{group.group(), 1, group.hash()}));
  EXPECT_EQ(group.expires() - group.issued(), kMembershipLifetime);
}

TEST(MembershipDocument, WhatTheMakerMakesIsTaken) {
  GroupTerms terms = Founders().Terms();
  terms.ceiling = v1::LABEL_RED;
  terms.exercise_id = "locked-shields-26";
  const absl::StatusOr<v1::SignedMembership> made = MakeMembership(terms, nullptr, SampleNow());
  ASSERT_TRUE(made.ok()) << made.status();
  const Membership first = *Membership::Read(*made);
  EXPECT_EQ(first.longest_epoch(), kStrictEpoch);
  EXPECT_EQ(TermsOf(first).members, terms.members);
  terms.members.clear();
  EXPECT_EQ(ReasonOf(MakeMembership(terms, nullptr, SampleNow()).status()), kParse);
}

// A good document with one change, as a receiver answers it.
std::function<Outcome()> With(void (*bend)(Document&)) {
  return [bend] {
    Document document = Good();
    bend(document);
    return Outcome(Answer(document));
  };
}

const OrgId& Org(size_t i) { return Founders().orgs[i].org(); }
void Later(Document& d) {
  d.set_version(2);
  d.set_group_id(Bytes(32, 'g'));
  d.set_previous_hash(Bytes(32, 'p'));
}

const Damage kFieldRows[] = {
    {0, "Good", kNone, With([](Document&) {})},
    {0, "NoVersion", kParse, With([](Document& d) { d.set_version(0); })},
    {0, "FirstNamesAGroup", kParse, With([](Document& d) { d.set_group_id(Bytes(32, 'g')); })},
    {0, "FirstHasAPrevious", kParse, With([](Document& d) { d.set_previous_hash(Bytes(32, 'p')); })},
    {0, "Later", kNone, With(Later)},
    {0, "LaterWithoutGroup", kParse, With([](Document& d) { Later(d), d.clear_group_id(); })},
    {0, "LaterShortGroup", kParse, With([](Document& d) { Later(d), d.set_group_id(Bytes(31, 'g')); })},
    {0, "LaterShortPrevious", kParse, With([](Document& d) { Later(d), d.set_previous_hash(Bytes(33, 'p')); })},
    {0, "NoName", kParse, With([](Document& d) { d.clear_name(); })},
    {0, "NameOf64", kNone, With([](Document& d) { d.set_name(Bytes(64, 'n')); })},
    {0, "NameOf65", kParse, With([](Document& d) { d.set_name(Bytes(65, 'n')); })},
    {0, "NameThatActs", kParse, With([](Document& d) { d.set_name("a\x1b[2J"); })},
    {0, "NoAdmins", kParse, With([](Document& d) { d.clear_admins(), d.set_log_org(Org(1).str()); })},
    {0, "AdminsDescend", kParse, With([](Document& d) { d.mutable_admins()->SwapElements(0, 1); })},
    {0, "AdminTwice", kParse, With([](Document& d) { d.set_admins(1, d.admins(0)); })},
    {0, "ShortAdmin", kParse, With([](Document& d) { d.set_admins(0, "x"); })},
    {0, "AdminsOver32", kLimit, With([](Document& d) { for (int i = 0; i < 30; ++i) d.add_admins(Bytes(32, '\x7f')); })},
    {0, "NoThreshold", kParse, With([](Document& d) { d.set_threshold(0); })},
    {0, "ThresholdOverAdmins", kParse, With([](Document& d) { d.set_threshold(4); })},
    {0, "ThresholdOfAll", kNone, With([](Document& d) { d.set_threshold(3); })},
    {0, "NoIssuers", kParse, With([](Document& d) { d.clear_issuers(); })},
    {0, "IssuersInAnyOrder", kNone, With([](Document& d) { d.mutable_issuers()->SwapElements(0, 1); })},
    {0, "IssuerTwice", kParse, With([](Document& d) { d.set_issuers(1, d.issuers(0)); })},
    {0, "IssuerNoMember", kParse, With([](Document& d) { d.add_issuers(Bytes(32, 'x')); })},
    {0, "ShortIssuer", kParse, With([](Document& d) { d.set_issuers(1, "x"); })},
    {0, "IssuersOver8", kLimit, With([](Document& d) { for (int i = 0; i < 7; ++i) d.add_issuers(Bytes(32, 'x')); })},
    {0, "NoMembers", kParse, With([](Document& d) { d.clear_members(), d.clear_issuers(); })},
    {0, "MembersDescend", kParse, With([](Document& d) { d.mutable_members()->SwapElements(0, 1); })},
    {0, "MemberTwice", kParse, With([](Document& d) { *d.mutable_members(3) = d.members(2); })},
    {0, "ShortMember", kParse, With([](Document& d) { d.mutable_members(3)->set_org_id("x"); })},
    {0, "MemberOfVersionZero", kParse, With([](Document& d) { d.mutable_members(3)->set_min_identity_version(0); })},
    {0, "MembersOver1000", kLimit, With([](Document& d) { for (int i = 0; i < 997; ++i) *d.add_members() = d.members(3); })},
    {0, "LogOfAStranger", kParse, With([](Document& d) { d.set_log_org(Bytes(32, 'x')); })},
    {0, "LogOfAMember", kParse, With([](Document& d) { d.set_log_org(Org(3).str()); })},
    {0, "LogOfAnAdmin", kNone, With([](Document& d) { d.set_log_org(Org(2).str()); })},
    {0, "ShortLog", kParse, With([](Document& d) { d.set_log_org("x"); })},
    {0, "SuiteUnderLowest", kParse, With([](Document& d) { d.set_min_suite(2); })},
    {0, "NoLowestSuite", kParse, With([](Document& d) { d.set_min_suite(0); })},
    {0, "SuiteOfTomorrow", kNone, With([](Document& d) { d.set_suite(2); })},  // E_SUITE when the group is used
    {0, "EpochUnderAnHour", kParse, With([](Document& d) { d.set_max_epoch_s(3599); })},
    {0, "EpochOfAnHour", kNone, With([](Document& d) { d.set_max_epoch_s(3600); })},
    {0, "EpochOverAWeek", kParse, With([](Document& d) { d.set_max_epoch_s(604'801); })},
    {0, "EpochOfAWeekUnderRed", kParse, With([](Document& d) { d.set_ceiling(v1::LABEL_RED); })},
    {0, "EpochOfAWeekUnderStrict", kParse, With([](Document& d) { d.set_ceiling(v1::LABEL_AMBER_STRICT); })},
    {0, "EpochOfADayUnderRed", kNone, With([](Document& d) { d.set_ceiling(v1::LABEL_RED), d.set_max_epoch_s(86'400); })},
    {0, "EpochOverADayUnderRed", kParse, With([](Document& d) { d.set_ceiling(v1::LABEL_RED), d.set_max_epoch_s(86'401); })},
    {0, "CatchUpOf90Days", kNone, With([](Document& d) { d.set_catch_up_s(7'776'000); })},
    {0, "CatchUpOver90Days", kParse, With([](Document& d) { d.set_catch_up_s(7'776'001); })},
    {0, "NoCatchUp", kNone, With([](Document& d) { d.set_catch_up_s(0); })},
    {0, "CeilingClear", kParse, With([](Document& d) { d.set_ceiling(v1::LABEL_CLEAR); })},
    {0, "NoCeiling", kParse, With([](Document& d) { d.clear_ceiling(); })},
    {0, "NoOnwardRule", kParse, With([](Document& d) { d.clear_onward(); })},
    {0, "ExerciseOfTwoWords", kParse, With([](Document& d) { d.set_exercise_id("locked shields"); })},
    {0, "ExerciseOfOneWord", kNone, With([](Document& d) { d.set_exercise_id("locked-shields"); })},
    {0, "NeverIssued", kParse, With([](Document& d) { d.set_issued_us(0); })},
    {0, "EndsWhenIssued", kParse, With([](Document& d) { d.set_expires_us(d.issued_us()); })},
    {0, "LivesOver7Days", kParse, With([](Document& d) { d.set_expires_us(d.expires_us() + 1); })},
    {0, "EndsBehind9999", kParse, With([](Document& d) { d.set_issued_us(kMaxTimeUs), d.set_expires_us(kMaxTimeUs + 1); })},
    {0, "UnknownField", kParse, With([](Document& d) { d.GetReflection()->MutableUnknownFields(&d)->AddVarint(20, 1); })},
    {0, "OptionalField", kNone, With([](Document& d) { d.GetReflection()->MutableUnknownFields(&d)->AddVarint(100, 1); })},
};
const DamageTable kFieldTable("MembershipDocument", kFieldRows);

TEST(MembershipDocument, SizesAreBoundedBeforeAnythingIsRead) {
  v1::SignedMembership wire = Founders().First();
  const v1::OrgSignature one = wire.signatures(0);
  while (static_cast<size_t>(wire.signatures_size()) < kMaxGroupSignatures) *wire.add_signatures() = one;
  EXPECT_TRUE(Membership::Read(wire).ok());
  *wire.add_signatures() = one;
  EXPECT_EQ(ReasonOf(Membership::Read(wire).status()), kLimit);
  wire.clear_signatures();
  wire.set_document(Bytes(kMaxMembershipBytes + 1, '\xff'));
  EXPECT_EQ(ReasonOf(Membership::Read(wire).status()), kLimit);
  wire.set_document(Bytes(kMaxMembershipBytes, '\xff'));
  EXPECT_EQ(ReasonOf(Membership::Read(wire).status()), kParse);
}

TEST(MembershipDocument, AThousandMembersFit) {
  GroupTerms terms = Founders().Terms();
  for (size_t i = 0; terms.members.size() < kMaxMembers; ++i) terms.members[*OrgId::From(crypto::Sha256(std::to_string(i)).view())] = 1;
  const absl::StatusOr<v1::SignedMembership> made = MakeMembership(terms, nullptr, SampleNow());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_LT(made->document().size(), 40'000u);
}

}  // namespace
}  // namespace entente::trust
