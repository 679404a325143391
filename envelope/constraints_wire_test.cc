#include <gtest/gtest.h>

#include <functional>

#include "base/reject.h"
#include "envelope/envelope.h"

namespace entente::envelope {
namespace {

policy::Constraints Everything() {
  policy::Constraints all;
  all.label = model::Label::kAmberStrict;
  all.pap = model::Pap::kAmber;
  all.rel_to = {"EE", "NO"};
  all.not_rel_to = {"XA"};
  all.orcon = true;
  all.embargo_until = absl::FromUnixMicros(1'790'000'000'000'001);
  all.post_embargo_label = model::Label::kGreen;
  all.sector_to = {"energy", "water"};
  all.purpose = {"network-security"};
  all.hop_limit = 0;
  all.personal_data = policy::PersonalData::kPresent;
  all.source_role = policy::SourceRole::kCustodian;
  all.retain_until = absl::FromUnixMicros(1'890'000'000'000'000);
  all.sg_id = Bytes(32, 'g');
  all.addressees = {*OrgId::From(Bytes(32, '\1')), *OrgId::From(Bytes(32, '\2'))};
  all.exercise_id = "locked-shields-26";
  return all;
}

TEST(Constraints, SurviveTheWire) {
  const auto back = FromWire(ToWire(Everything()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, Everything());
}

TEST(Constraints, UnsetStaysUnset) {
  policy::Constraints least;
  least.label = model::Label::kClear;
  const v1::ReleaseConstraints wire = ToWire(least);
  EXPECT_EQ(wire.ByteSizeLong(), 2u);  // the label alone
  const auto back = FromWire(wire);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, least);
  EXPECT_FALSE(back->hop_limit.has_value());
  EXPECT_EQ(back->embargo_until, absl::InfinitePast());
  EXPECT_EQ(back->retain_until, absl::InfiniteFuture());
}

TEST(Constraints, EveryLabelPapAndClassHasItsNumber) {
  for (int label = 1; label <= 5; ++label) {
    for (int other = 0; other <= 3; ++other) {
      policy::Constraints c;
      c.label = static_cast<model::Label>(label);
      c.pap = static_cast<model::Pap>(other);
      c.personal_data = static_cast<policy::PersonalData>(other);
      c.source_role = static_cast<policy::SourceRole>(other % 3);
      const auto back = FromWire(ToWire(c));
      ASSERT_TRUE(back.ok());
      EXPECT_EQ(*back, c);
    }
  }
}

struct Malformed {
  const char* name;
  std::function<void(v1::ReleaseConstraints&)> bend;
};
void PrintTo(const Malformed& m, std::ostream* out) {
  *out << m.name;
}

class MalformedConstraints : public ::testing::TestWithParam<Malformed> {};
TEST_P(MalformedConstraints, Refuses) {
  v1::ReleaseConstraints wire = ToWire(Everything());
  GetParam().bend(wire);
  EXPECT_EQ(ReasonOf(FromWire(wire).status()), RejectReason::kParse);
}

using W = v1::ReleaseConstraints;
INSTANTIATE_TEST_SUITE_P(
    All, MalformedConstraints,
    ::testing::Values(Malformed{"NoLabel", [](W& w) { w.clear_label(); }},
                      Malformed{"LabelUnknown", [](W& w) { w.set_label(static_cast<v1::Label>(6)); }},
                      Malformed{"PapUnknown", [](W& w) { w.set_pap(static_cast<v1::Pap>(5)); }},
                      Malformed{"PersonalDataUnknown",
                                [](W& w) { w.set_personal_data(static_cast<v1::PersonalData>(4)); }},
                      Malformed{"SourceRoleUnknown", [](W& w) { w.set_source_role(static_cast<v1::SourceRole>(3)); }},
                      Malformed{"NationsUnsorted", [](W& w) { w.mutable_rel_to()->SwapElements(0, 1); }},
                      Malformed{"NationTwice", [](W& w) { w.add_rel_to("NO"); }},
                      Malformed{"NationLowerCase", [](W& w) { w.set_not_rel_to(0, "xa"); }},
                      Malformed{"NationTooLong", [](W& w) { w.set_not_rel_to(0, "XAA"); }},
                      Malformed{"NationEmpty", [](W& w) { w.set_not_rel_to(0, ""); }},
                      Malformed{"SectorsUnsorted", [](W& w) { w.mutable_sector_to()->SwapElements(0, 1); }},
                      Malformed{"SectorWithSpace", [](W& w) { w.set_sector_to(0, "a b"); }},
                      Malformed{"SectorTooLong", [](W& w) { w.set_sector_to(0, Bytes(65, 'a')); }},
                      Malformed{"PurposeEmpty", [](W& w) { w.set_purpose(0, ""); }},
                      Malformed{"PurposeTwice", [](W& w) { w.add_purpose("network-security"); }},
                      Malformed{"EmbargoNegative", [](W& w) { w.set_embargo_until_us(-1); }},
                      Malformed{"EmbargoBeyondTime", [](W& w) { w.set_embargo_until_us(INT64_MAX); }},
                      Malformed{"LabelAfterNoEmbargo", [](W& w) { w.clear_embargo_until_us(); }},
                      Malformed{"RetainNegative", [](W& w) { w.set_retain_until_us(-1); }},
                      Malformed{"GroupShort", [](W& w) { w.set_sg_id(Bytes(31, 'g')); }},
                      Malformed{"AddresseeShort", [](W& w) { w.set_addressees(0, "short"); }},
                      Malformed{"AddresseesUnsorted", [](W& w) { w.mutable_addressees()->SwapElements(0, 1); }},
                      Malformed{"AddresseeTwice", [](W& w) { w.add_addressees(Bytes(32, '\2')); }},
                      Malformed{"ExerciseMalformed", [](W& w) { w.set_exercise_id("a\nb"); }}),
    [](const auto& test) { return test.param.name; });

// Each list at its bound and one beyond it.
TEST(Constraints, ListsAreBounded) {
  v1::ReleaseConstraints wire;
  wire.set_label(v1::LABEL_GREEN);
  for (int i = 0; i < 64; ++i) wire.add_sector_to("s" + std::to_string(100 + i));
  for (int i = 0; i < 1000; ++i) wire.add_addressees(std::to_string(1000 + i) + Bytes(28, 'a'));
  EXPECT_TRUE(FromWire(wire).ok()) << FromWire(wire).status();
  v1::ReleaseConstraints more = wire;
  more.add_sector_to("t");
  EXPECT_EQ(ReasonOf(FromWire(more).status()), RejectReason::kParse);
  more = wire;
  more.add_addressees(Bytes(32, 'a'));
  EXPECT_EQ(ReasonOf(FromWire(more).status()), RejectReason::kParse);
  for (int i = 0; i < 301; ++i) wire.add_rel_to("AA");
  EXPECT_EQ(ReasonOf(FromWire(wire).status()), RejectReason::kParse);
}

}  // namespace
}  // namespace entente::envelope
