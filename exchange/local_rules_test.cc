// Local rules at every door: what they keep back, and that deliveries and reads ask them anew.
#include <gtest/gtest.h>

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

const auto kSilent = [](uint64_t, uint64_t) { return true; };

std::string RuleText(const std::string& id, const std::string& when, const std::string& effect = "withhold") {
  return "[[rule]]\nid = \"" + id + "\"\nwhen = { " + when + " }\neffect = \"" + effect + "\"\n";
}

class LocalRules : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  static RejectReason Apply(TestNode& node, const std::string& rules, std::optional<uint64_t> accept = std::nullopt) {
    RuleChanges changes(node.room(), node.rules);
    EXPECT_TRUE(changes.Load().ok());
    v1::PolicyApply apply;
    apply.mutable_rules()->set_file("rules.toml");
    apply.mutable_rules()->set_text("version = 1\n" + rules);
    if (accept) apply.set_accept(*accept);
    return ReasonOf(changes.Apply(apply, false, kSilent).status());
  }
  RejectReason Held(TestNode& node, const std::string& tail) {
    return ReasonOf(node.reading->Get(IdOf(tail), "").status());
  }
  TestNode norlandia_{"cert.norlandia", "XN"};
  TestNode estovia_{"cert.estovia", "XE"};
};

TEST_F(LocalRules, APublishTellsObjectsApartThatARuleTellsApart) {
  ASSERT_EQ(Apply(norlandia_, RuleText("no-bad", "direction = \"out\", has_property = \"x_bad\"")), kNone);
  const v1::PublishProgress progress =
      norlandia_.Publish({Indicator("1", "a.example", Label::kGreen),
                          Indicator("2", "b.example", Label::kGreen, "2026-01-02T03:04:05.678Z", ",\"x_bad\":true"),
                          Indicator("3", "c.example", Label::kGreen)});
  EXPECT_EQ(progress.published(), 3u);
  EXPECT_EQ(progress.permitted().at("cert.estovia"), 2u);
  EXPECT_EQ(progress.withheld().at("cert.estovia"), 1u);
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(Held(estovia_, "1"), kNone);
  EXPECT_EQ(Held(estovia_, "2"), kNotFound);
  EXPECT_EQ(Held(norlandia_, "2"), kNone) << "the rule is about what goes out";
  const auto explained = norlandia_.reading->Explain(IdOf("2"), "cert.estovia");
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_EQ(explained->reason(), "LOCAL_RULE");
  EXPECT_EQ(explained->trace().rbegin()->check(), "local_rules");
  EXPECT_EQ(explained->trace().rbegin()->result(), "fail");
  EXPECT_NE(explained->recorded().find("withheld (LOCAL_RULE by local rule 'no-bad')"), std::string::npos)
      << explained->recorded();
}

// A rule that came while an object waited is obeyed: what is in the outbox is asked about again.
TEST_F(LocalRules, ADeliveryObeysTheRulesOfItsMoment) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen),
                      Indicator("2", "b.example", Label::kGreen, "2026-01-02T03:04:05.678Z", ",\"x_bad\":true")});
  ASSERT_EQ(Apply(norlandia_, RuleText("no-bad", "has_property = \"x_bad\", direction = \"out\"")), kNone);
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(Held(estovia_, "1"), kNone);
  EXPECT_EQ(Held(estovia_, "2"), kNotFound);
}

TEST_F(LocalRules, ARuleThatHoldsKeepsItFromEverybody) {
  const std::string bad = Indicator("2", "b.example", Label::kGreen, "2026-01-02T03:04:05.678Z", ",\"x_bad\":true");
  ASSERT_EQ(Apply(norlandia_, RuleText("hold", "has_property = \"x_bad\", peer = \"cert.estovia\"", "quarantine")),
            kNone);
  const v1::PublishProgress progress = norlandia_.Publish({Indicator("1", "a.example", Label::kGreen), bad});
  EXPECT_EQ(progress.quarantined(), 1u);
  EXPECT_EQ(progress.published(), 1u);
  EXPECT_EQ(progress.notable(0).reason(), "LOCAL_RULE");
  EXPECT_NE(progress.notable(0).detail().find("'hold'"), std::string::npos) << progress.notable(0).detail();
  EXPECT_EQ(Held(norlandia_, "2"), kPolicyRule);
  // Its reason gone, it is published as if for the first time.
  ASSERT_EQ(Apply(norlandia_, ""), kNone);
  EXPECT_EQ(norlandia_.Publish({bad}).published(), 1u);
  EXPECT_EQ(Held(norlandia_, "2"), kNone);
  EXPECT_EQ(norlandia_.journal->Count().quarantined, 0u);
}

TEST_F(LocalRules, WhatARuleRefusesOnArrivalIsHeldAndNotLost) {
  ASSERT_EQ(Apply(estovia_,
                  RuleText("not-from", "direction = \"in\", peer = \"cert.norlandia\", label_at_least = \"GREEN\"")),
            kNone);
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen), Indicator("2", "b.example", Label::kClear)});
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(Held(estovia_, "1"), kPolicyRule);
  EXPECT_EQ(Held(estovia_, "2"), kNone);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 0u) << "the sender was told that it is stored";
}

TEST_F(LocalRules, ReadsAtHomeObeyThemToo) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  ASSERT_EQ(Apply(norlandia_, RuleText("not-here", "direction = \"local\", type = \"indicator\"")), kNone);
  EXPECT_EQ(Held(norlandia_, "1"), kPolicyRule);
  EXPECT_EQ(norlandia_.reading->Search("a.example", 10)->matches_size(), 0);
  const v1::PublishProgress refused = norlandia_.Publish({Indicator("2", "b.example", Label::kGreen)});
  EXPECT_EQ(refused.rejected(), 1u) << "what its own people may not hold is not taken";
  EXPECT_EQ(refused.notable(0).reason(), "LOCAL_RULE");
  ASSERT_EQ(Apply(norlandia_, ""), kNone);
  EXPECT_EQ(Held(norlandia_, "1"), kNone);
}

TEST_F(LocalRules, SourceAndOriginAreKnownOnArrivalAndWhenReadLater) {
  ASSERT_EQ(Apply(estovia_,
                  RuleText("not-analysts", "source = \"analyst\"") + RuleText("not-own", "origin = \"cert.estovia\"")),
            kNone);
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(Held(estovia_, "1"), kNone);
  ASSERT_EQ(Apply(estovia_, RuleText("not-peers", "source = \"peer\", direction = \"local\"")), kNone);
  EXPECT_EQ(Held(estovia_, "1"), kPolicyRule);
  ASSERT_EQ(Apply(estovia_, RuleText("not-theirs", "origin = \"cert.norlandia\", direction = \"local\"")), kNone);
  EXPECT_EQ(Held(estovia_, "1"), kPolicyRule);
}

TEST_F(LocalRules, WarningListsAreAskedWhereRulesNameThem) {
  norlandia_.warning_lists.push_back(*model::WarningList::Parse(
      R"({"name":"resolvers","version":1,"type":"string","list":["dns.example"]})", "resolvers.json"));
  ASSERT_EQ(Apply(norlandia_, RuleText("noise", "warning_list = \"resolvers\"", "quarantine")), kNone);
  const v1::PublishProgress progress =
      norlandia_.Publish({Indicator("1", "a.example", Label::kGreen), Indicator("2", "dns.example", Label::kGreen)});
  EXPECT_EQ(progress.published(), 1u);
  EXPECT_EQ(progress.quarantined(), 1u);
  EXPECT_EQ(Apply(norlandia_, RuleText("noise", "warning_list = \"resolver\"")), kConfig) << "one letter off";
}

TEST_F(LocalRules, TheShadowIsCountedAndRecordedAndNotObeyed) {
  RuleChanges changes(norlandia_.room(), norlandia_.rules);
  v1::RulesText text;
  text.set_file("trial.toml");
  text.set_text("version = 1\n" + RuleText("trial", "direction = \"out\", has_property = \"x_bad\""));
  ASSERT_TRUE(changes.SetShadow(text).ok());
  EXPECT_EQ(norlandia_
                .Publish({Indicator("1", "a.example", Label::kGreen),
                          Indicator("2", "b.example", Label::kGreen, "2026-01-02T03:04:05.678Z", ",\"x_bad\":true")})
                .permitted()
                .at("cert.estovia"),
            2u);
  EXPECT_EQ(norlandia_.counters.ShadowCloses(), 1u);
  EXPECT_GT(norlandia_.counters.ShadowSame(), 0u);
  EXPECT_EQ(norlandia_.counters.ShadowOpens(), 0u);
  size_t recorded = 0;
  for (uint64_t seq = 1; seq <= norlandia_.journal->Head().sequence; ++seq) {
    const auto record = norlandia_.journal->FindRecord(seq);
    for (const v1::RecordedDecision& decision : (*record)->batch().decisions()) {
      EXPECT_TRUE(decision.permitted());
      recorded += decision.shadow() == "LOCAL_RULE" ? 1 : 0;
    }
  }
  EXPECT_EQ(recorded, 1u);
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(Held(estovia_, "2"), kNone);
  ASSERT_TRUE(changes.SetShadow(v1::RulesText()).ok());
  EXPECT_FALSE(norlandia_.rules.Now()->shadow.has_value());
}

// A stricter label is taken whatever a rule says: a rule that objects to it must not leave the looser one standing.
TEST_F(LocalRules, ALabelIsRaisedWhateverARuleSays) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  for (const std::string effect : {"quarantine", "withhold"}) {
    ASSERT_EQ(Apply(norlandia_, RuleText("no-red", "label_at_least = \"AMBER\"", effect)), kNone);
    PublishTerms stricter;
    stricter.constraints.label = effect == "withhold" ? Label::kRed : Label::kAmber;
    EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}, stricter).published(), 1u) << effect;
    EXPECT_EQ(Held(norlandia_, "1"), kPolicyRule) << "every read is under the label that it was raised to";
    EXPECT_EQ(norlandia_.reading->Search("a.example", 10)->matches_size(), 0);
  }
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(Held(estovia_, "1"), kNotFound);
  ASSERT_EQ(Apply(norlandia_, ""), kNone);
  EXPECT_EQ(norlandia_.reading->Get(IdOf("1"), "")->row.tlp(), "RED");
}

TEST_F(LocalRules, AnOriginsStricterLabelIsTakenInWhateverARuleSays) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  DeliverAll(norlandia_, estovia_);
  ASSERT_EQ(Apply(estovia_, RuleText("low", "direction = \"in\", label_at_least = \"AMBER\"")), kNone);
  PublishTerms stricter = {};
  stricter.constraints.label = Label::kAmber;
  stricter.constraints.addressees = {estovia_.org()};
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}, stricter);
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(estovia_.reading->Get(IdOf("1"), "")->row.tlp(), "AMBER");
}

TEST_F(LocalRules, AListThatIsGoneKeepsTheRulesFromLoading) {
  norlandia_.warning_lists.push_back(*model::WarningList::Parse(
      R"({"name":"resolvers","version":1,"type":"string","list":["dns.example"]})", "resolvers.json"));
  ASSERT_EQ(Apply(norlandia_, RuleText("noise", "warning_list = \"resolvers\"", "quarantine")), kNone);
  norlandia_.warning_lists.clear();
  RuleBook book;
  RuleChanges again(norlandia_.room(), book);
  EXPECT_EQ(ReasonOf(again.Load()), kConfig);
}

// Behind the bounds of what is read of an object nothing hides.
TEST_F(LocalRules, APropertyBehindTheBoundIsNotOverlooked) {
  ASSERT_EQ(Apply(norlandia_, RuleText("secret", "direction = \"out\", has_property = \"x_secret\"")), kNone);
  std::string filler;
  for (int i = 0; i < 300; ++i) filler += ",\"x_" + std::to_string(i) + "\":1";
  EXPECT_EQ(
      norlandia_
          .Publish({Indicator("1", "a.example", Label::kGreen, "2026-01-02T03:04:05.678Z", filler + ",\"x_secret\":1")})
          .permitted()
          .at("cert.estovia"),
      0u);
}

}  // namespace
}  // namespace entente::exchange
