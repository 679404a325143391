#include "services/entente/publish_terms.h"

#include <gtest/gtest.h>

#include "base/reject.h"

namespace entente::cli {
namespace {

PublishFlags EveryFlag() {
  PublishFlags flags;
  flags.tlp = "tlp:amber+strict", flags.pap = "AMBER", flags.embargo_until = "2030-01-02T03:04:05.678Z";
  flags.post_embargo_tlp = "GREEN", flags.personal_data = "none", flags.retain_until = "2031-01-01T00:00:00Z";
  flags.exercise = "ex-1", flags.group = "energy", flags.source_role = "custodian", flags.hop_limit = 0;
  flags.to = {"cert.estovia"}, flags.rel_to = {"xe", "XN"}, flags.not_rel_to = {"XX"}, flags.sector_to = {"energy"};
  flags.purpose = {"network-security"}, flags.orcon = true;
  return flags;
}

TEST(PublishTerms, NoFlagsAreNoConstraints) {
  const auto options = TermsFrom(PublishFlags());
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->constraints().ByteSizeLong(), 0u);
  EXPECT_EQ(options->to_size(), 0);
}

TEST(PublishTerms, EveryConstraintHasAnOption) {
  const auto options = TermsFrom(EveryFlag());
  ASSERT_TRUE(options.ok()) << options.status();
  const v1::ReleaseConstraints& limits = options->constraints();
  const auto* fields = limits.GetDescriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const auto* field = fields->field(i);
    if (field->name() == "addressees" || field->name() == "sg_id") continue;  // the daemon's, from `to` and `group`
    const auto* reflection = limits.GetReflection();
    EXPECT_TRUE(field->is_repeated() ? reflection->FieldSize(limits, field) > 0 : reflection->HasField(limits, field))
        << field->name();
  }
}

TEST(PublishTerms, ValuesComeThroughExactly) {
  const auto options = TermsFrom(EveryFlag());
  ASSERT_TRUE(options.ok());
  const v1::ReleaseConstraints& limits = options->constraints();
  EXPECT_EQ(limits.label(), v1::LABEL_AMBER_STRICT);
  EXPECT_EQ(limits.embargo_until_us(), 1893553445678000);
  EXPECT_EQ(limits.rel_to(0), "XE");
  EXPECT_EQ(options->group(), "energy");
  EXPECT_TRUE(limits.has_hop_limit());
  EXPECT_EQ(options->to(0), "cert.estovia");
}

TEST(PublishTerms, ListsBecomeSets) {
  PublishFlags flags;
  flags.rel_to = {"XZ", "xa", "XA"}, flags.sector_to = {"water", "energy", "water"};
  const auto options = TermsFrom(flags);
  ASSERT_TRUE(options.ok());
  const v1::ReleaseConstraints& limits = options->constraints();
  ASSERT_EQ(limits.rel_to_size(), 2);
  EXPECT_EQ(limits.rel_to(0) + limits.rel_to(1), "XAXZ");
  ASSERT_EQ(limits.sector_to_size(), 2);
  EXPECT_EQ(limits.sector_to(0), "energy");
}

TEST(PublishTerms, EveryWrongValueIsUsage) {
  const auto refused = [](auto member, std::string text) {
    PublishFlags flags;
    flags.*member = text;
    return ReasonOf(TermsFrom(flags).status()) == RejectReason::kUsage;
  };
  for (const auto member : {&PublishFlags::tlp, &PublishFlags::pap, &PublishFlags::embargo_until,
                            &PublishFlags::post_embargo_tlp, &PublishFlags::personal_data, &PublishFlags::retain_until,
                            &PublishFlags::source_role}) {
    EXPECT_TRUE(refused(member, "purple"));
  }
  PublishFlags flags;
  flags.rel_to = {"Norlandia"};
  EXPECT_EQ(ReasonOf(TermsFrom(flags).status()), RejectReason::kUsage);
}

}  // namespace
}  // namespace entente::cli
