// Import profiles: what they label, what they never do, and that what they did stays on record.
#include <gtest/gtest.h>

#include "exchange/desk.h"
#include "exchange/rule_changes.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

constexpr auto kStamp = "2026-01-02T03:04:05.678Z", kLater = "2026-02-02T03:04:05.678Z";
constexpr auto kUnknownMarking =
    R"(,"object_marking_refs":["marking-definition--11111111-1111-4111-8111-111111111111"])";

std::string Profile(const std::string& label, const std::string& source = "publish") {
  return "[[import]]\nsource = \"" + source + "\"\ndefault_label = \"" + label + "\"\n";
}

class ImportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
    ASSERT_TRUE(changes_.Load().ok());
  }
  void Rules(const std::string& rules) {
    v1::PolicyApply apply;
    apply.mutable_rules()->set_file("rules.toml");
    apply.mutable_rules()->set_text("version = 1\n" + rules);
    const auto applied = changes_.Apply(apply, false, [](uint64_t, uint64_t) { return true; });
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  PublishTerms From(const std::string& source) {
    v1::PublishOptions options;
    options.set_source(source);
    const auto terms = norlandia_.publication->Terms(options);
    EXPECT_TRUE(terms.ok()) << terms.status();
    return *terms;
  }
  static v1::ObjectRow Row(TestNode& node, const std::string& tail) {
    const auto object = node.reading->Get(IdOf(tail), "");
    return object.ok() ? object->row : v1::ObjectRow();
  }
  std::string HeldFor(const std::string& tail) {
    const auto object = norlandia_.reading->Get(IdOf(tail), "");
    return object.ok()
               ? ""
               : std::string(Describe(ReasonOf(object.status())).name) + " " + std::string(object.status().message());
  }

  TestNode norlandia_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"};
  RuleChanges changes_{norlandia_.room(), norlandia_.rules};
};

TEST_F(ImportTest, WithoutAProfileItIsHeldAndTold) {
  const auto progress = norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled)});
  EXPECT_EQ(progress.quarantined(), 1u);
  EXPECT_EQ(progress.imputed(), 0u);
  EXPECT_EQ(progress.notable(0).reason(), "NO_LABEL");
  EXPECT_NE(progress.notable(0).detail().find("its source, publish, an import profile"), std::string::npos)
      << progress.notable(0).detail();
}

TEST_F(ImportTest, AProfileLabelsWhatHasNoLabelAndSaysSo) {
  Rules(Profile("GREEN"));
  const auto progress =
      norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled), Indicator("2", "b.example", Label::kClear),
                          Indicator("3", "c.example", Label::kAmber),
                          Indicator("4", "d.example", Label::kUnlabelled, kStamp, kUnknownMarking)});
  EXPECT_EQ(progress.published(), 3u);
  EXPECT_EQ(progress.imputed(), 1u);
  EXPECT_EQ(progress.inherited(), 0u);
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "GREEN");
  EXPECT_EQ(Row(norlandia_, "1").imputed(), "GREEN, imputed by cert.norlandia: import profile publish");
  EXPECT_EQ(Row(norlandia_, "2").tlp(), "CLEAR");
  EXPECT_EQ(Row(norlandia_, "2").imputed(), "");
  EXPECT_EQ(Row(norlandia_, "3").tlp(), "AMBER");
  EXPECT_TRUE(HeldFor("4").starts_with("MARKING ")) << HeldFor("4");
  EXPECT_EQ(norlandia_.reading->Explain(IdOf("1"), "cert.estovia")->imputed(), Row(norlandia_, "1").imputed());
  DeliverAll(norlandia_, estovia_);
  // The label was signed: who receives it has no profile and needs none.
  EXPECT_EQ(Row(estovia_, "1").tlp(), "GREEN");
  EXPECT_EQ(Row(estovia_, "1").imputed(), "");
  norlandia_.Restart();
  EXPECT_EQ(Row(norlandia_, "1").imputed(), "GREEN, imputed by cert.norlandia: import profile publish");
}

TEST_F(ImportTest, EachSourceHasItsOwnAndASlipHasNone) {
  Rules(Profile("GREEN") + Profile("RED", "publish:misp-feed"));
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled)}, From("misp-feed"));
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "RED");
  EXPECT_EQ(Row(norlandia_, "1").imputed(), "RED, imputed by cert.norlandia: import profile publish:misp-feed");
  const auto slip = norlandia_.Publish({Indicator("2", "b.example", Label::kUnlabelled)}, From("misp-fed"));
  EXPECT_EQ(slip.quarantined(), 1u);
  EXPECT_NE(slip.notable(0).detail().find("publish:misp-fed"), std::string::npos);
  v1::PublishOptions options;
  options.set_source("Misp Feed");
  EXPECT_EQ(ReasonOf(norlandia_.publication->Terms(options).status()), kUsage);
}

TEST_F(ImportTest, ThePublishersLabelComesFirst) {
  Rules(Profile("RED"));
  PublishTerms terms;
  terms.constraints.label = Label::kGreen;
  EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled)}, terms).imputed(), 0u);
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "GREEN");
}

TEST_F(ImportTest, AnotherProfileLoosensNothingThatIsStored) {
  const std::string one = Indicator("1", "a.example", Label::kUnlabelled);
  Rules(Profile("AMBER"));
  norlandia_.Publish({one});
  Rules(Profile("CLEAR"));
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "AMBER");
  EXPECT_EQ(norlandia_.Publish({one}).unchanged(), 1u);
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "AMBER");
  Rules(Profile("RED"));
  EXPECT_EQ(norlandia_.Publish({one}).published(), 1u);  // raised, as by --tlp RED
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "RED");
  Rules("");
  EXPECT_EQ(norlandia_.Publish({one}).unchanged(), 1u);
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "RED");
  EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled, kLater)}).quarantined(), 1u);
}

TEST_F(ImportTest, WhatIsHeldKeepsWhatItWasGiven) {
  const std::string hold = "[[rule]]\nid = \"hold\"\nwhen = { has_property = \"x_bad\" }\neffect = \"quarantine\"\n";
  Rules(Profile("AMBER") + hold);
  const auto held = norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled, kStamp, ",\"x_bad\":true")});
  ASSERT_EQ(held.quarantined(), 1u);
  Rules(Profile("CLEAR") + hold);
  v1::DeskRequest release;
  release.set_release(true);
  release.set_limit(10);
  const auto reply = Desk(norlandia_.room(), *norlandia_.publication).Act(release, [] { return true; });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->done(), 1u) << reply->rows(0).why();
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "AMBER");
  EXPECT_EQ(Row(norlandia_, "1").imputed(), "AMBER, imputed by cert.norlandia: import profile publish");
}

// The way out for what came before there was a profile; and no rule that holds is passed by it.
TEST_F(ImportTest, AReleaseGivesWhatHasNoLabelThatOfItsSource) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled),
                      Indicator("2", "b.example", Label::kUnlabelled, kStamp, ",\"x_bad\":true")},
                     From("feed"));
  Rules(Profile("CLEAR") + Profile("GREEN", "publish:feed") +
        "[[rule]]\nid = \"hold\"\nwhen = { has_property = \"x_bad\" }\neffect = \"quarantine\"\n");
  v1::DeskRequest release;
  release.set_release(true);
  release.set_limit(10);
  const auto reply = Desk(norlandia_.room(), *norlandia_.publication).Act(release, [] { return true; });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->done(), 1u);
  EXPECT_EQ(Row(norlandia_, "1").tlp(), "GREEN");
  EXPECT_TRUE(HeldFor("2").starts_with("LOCAL_RULE ")) << HeldFor("2");
}

}  // namespace
}  // namespace entente::exchange
