#include "trust/membership.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/vectors/vector_file.h"
#include "trust/sample_group.h"

namespace entente::trust {
namespace {

using enum RejectReason;
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

struct Bend {
  const char* name;
  std::function<void(Document&)> bend;
  RejectReason expected;
};
void PrintTo(const Bend& bend, std::ostream* out) { *out << bend.name; }
class EachField : public testing::TestWithParam<Bend> {};

TEST_P(EachField, IsCheckedByItself) {
  ASSERT_EQ(Answer(Good()), kNone);
  Document document = Good();
  GetParam().bend(document);
  EXPECT_EQ(Answer(document), GetParam().expected);
}

const OrgId& Org(size_t i) { return Founders().orgs[i].org(); }
void Later(Document& d) {
  d.set_version(2);
  d.set_group_id(Bytes(32, 'g'));
  d.set_previous_hash(Bytes(32, 'p'));
}

INSTANTIATE_TEST_SUITE_P(
    MembershipDocument, EachField,
    testing::ValuesIn(std::vector<Bend>{
        {"NoVersion", [](Document& d) { d.set_version(0); }, kParse},
        {"FirstNamesAGroup", [](Document& d) { d.set_group_id(Bytes(32, 'g')); }, kParse},
        {"FirstHasAPrevious", [](Document& d) { d.set_previous_hash(Bytes(32, 'p')); }, kParse},
        {"Later", Later, kNone},
        {"LaterWithoutGroup", [](Document& d) { Later(d), d.clear_group_id(); }, kParse},
        {"LaterShortGroup", [](Document& d) { Later(d), d.set_group_id(Bytes(31, 'g')); }, kParse},
        {"LaterShortPrevious", [](Document& d) { Later(d), d.set_previous_hash(Bytes(33, 'p')); }, kParse},
        {"NoName", [](Document& d) { d.clear_name(); }, kParse},
        {"NameOf64", [](Document& d) { d.set_name(Bytes(64, 'n')); }, kNone},
        {"NameOf65", [](Document& d) { d.set_name(Bytes(65, 'n')); }, kParse},
        {"NameThatActs", [](Document& d) { d.set_name("a\x1b[2J"); }, kParse},
        {"NoAdmins", [](Document& d) { d.clear_admins(), d.set_log_org(Org(1).str()); }, kParse},
        {"AdminsDescend", [](Document& d) { d.mutable_admins()->SwapElements(0, 1); }, kParse},
        {"AdminTwice", [](Document& d) { d.set_admins(1, d.admins(0)); }, kParse},
        {"ShortAdmin", [](Document& d) { d.set_admins(0, "x"); }, kParse},
        {"AdminsOver32", [](Document& d) { for (int i = 0; i < 30; ++i) d.add_admins(Bytes(32, '\x7f')); }, kLimit},
        {"NoThreshold", [](Document& d) { d.set_threshold(0); }, kParse},
        {"ThresholdOverAdmins", [](Document& d) { d.set_threshold(4); }, kParse},
        {"ThresholdOfAll", [](Document& d) { d.set_threshold(3); }, kNone},
        {"NoIssuers", [](Document& d) { d.clear_issuers(); }, kParse},
        {"IssuersInAnyOrder", [](Document& d) { d.mutable_issuers()->SwapElements(0, 1); }, kNone},
        {"IssuerTwice", [](Document& d) { d.set_issuers(1, d.issuers(0)); }, kParse},
        {"IssuerNoMember", [](Document& d) { d.add_issuers(Bytes(32, 'x')); }, kParse},
        {"ShortIssuer", [](Document& d) { d.set_issuers(1, "x"); }, kParse},
        {"IssuersOver8", [](Document& d) { for (int i = 0; i < 7; ++i) d.add_issuers(Bytes(32, 'x')); }, kLimit},
        {"NoMembers", [](Document& d) { d.clear_members(), d.clear_issuers(); }, kParse},
        {"MembersDescend", [](Document& d) { d.mutable_members()->SwapElements(0, 1); }, kParse},
        {"MemberTwice", [](Document& d) { *d.mutable_members(3) = d.members(2); }, kParse},
        {"ShortMember", [](Document& d) { d.mutable_members(3)->set_org_id("x"); }, kParse},
        {"MemberOfVersionZero", [](Document& d) { d.mutable_members(3)->set_min_identity_version(0); }, kParse},
        {"MembersOver1000", [](Document& d) { for (int i = 0; i < 997; ++i) *d.add_members() = d.members(3); }, kLimit},
        {"LogOfAStranger", [](Document& d) { d.set_log_org(Bytes(32, 'x')); }, kParse},
        {"LogOfAMember", [](Document& d) { d.set_log_org(Org(3).str()); }, kParse},
        {"LogOfAnAdmin", [](Document& d) { d.set_log_org(Org(2).str()); }, kNone},
        {"ShortLog", [](Document& d) { d.set_log_org("x"); }, kParse},
        {"SuiteUnderLowest", [](Document& d) { d.set_min_suite(2); }, kParse},
        {"NoLowestSuite", [](Document& d) { d.set_min_suite(0); }, kParse},
        {"SuiteOfTomorrow", [](Document& d) { d.set_suite(2); }, kNone},  // E_SUITE when the group is used
        {"EpochUnderAnHour", [](Document& d) { d.set_max_epoch_s(3599); }, kParse},
        {"EpochOfAnHour", [](Document& d) { d.set_max_epoch_s(3600); }, kNone},
        {"EpochOverAWeek", [](Document& d) { d.set_max_epoch_s(604'801); }, kParse},
        {"EpochOfAWeekUnderRed", [](Document& d) { d.set_ceiling(v1::LABEL_RED); }, kParse},
        {"EpochOfAWeekUnderStrict", [](Document& d) { d.set_ceiling(v1::LABEL_AMBER_STRICT); }, kParse},
        {"EpochOfADayUnderRed", [](Document& d) { d.set_ceiling(v1::LABEL_RED), d.set_max_epoch_s(86'400); }, kNone},
        {"EpochOverADayUnderRed", [](Document& d) { d.set_ceiling(v1::LABEL_RED), d.set_max_epoch_s(86'401); }, kParse},
        {"CatchUpOf90Days", [](Document& d) { d.set_catch_up_s(7'776'000); }, kNone},
        {"CatchUpOver90Days", [](Document& d) { d.set_catch_up_s(7'776'001); }, kParse},
        {"NoCatchUp", [](Document& d) { d.set_catch_up_s(0); }, kNone},
        {"CeilingClear", [](Document& d) { d.set_ceiling(v1::LABEL_CLEAR); }, kParse},
        {"NoCeiling", [](Document& d) { d.clear_ceiling(); }, kParse},
        {"NoOnwardRule", [](Document& d) { d.clear_onward(); }, kParse},
        {"ExerciseOfTwoWords", [](Document& d) { d.set_exercise_id("locked shields"); }, kParse},
        {"ExerciseOfOneWord", [](Document& d) { d.set_exercise_id("locked-shields"); }, kNone},
        {"NeverIssued", [](Document& d) { d.set_issued_us(0); }, kParse},
        {"EndsWhenIssued", [](Document& d) { d.set_expires_us(d.issued_us()); }, kParse},
        {"LivesOver7Days", [](Document& d) { d.set_expires_us(d.expires_us() + 1); }, kParse},
        {"EndsBehind9999", [](Document& d) { d.set_issued_us(kMaxTimeUs), d.set_expires_us(kMaxTimeUs + 1); }, kParse},
        {"UnknownField", [](Document& d) { d.GetReflection()->MutableUnknownFields(&d)->AddVarint(20, 1); }, kParse},
        {"OptionalField", [](Document& d) { d.GetReflection()->MutableUnknownFields(&d)->AddVarint(100, 1); }, kNone},
    }),
    [](const auto& test) { return std::string(test.param.name); });

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
