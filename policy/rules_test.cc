#include "policy/rules.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "policy/object_facts.h"
#include "policy/sample_questions.h"

// docs/formats/rules.md, "How rules decide" and "Matchers".
namespace entente::policy {
namespace {

using model::Label;
using enum RejectReason;

Rules Loaded(const std::string& rules) {
  absl::StatusOr<Rules> loaded = Rules::Parse("version = 1\n" + rules, "rules.toml");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? *loaded : Rules();
}
std::string RuleText(const std::string& id, const std::string& when,
                     const std::string& rest = "effect = \"withhold\"") {
  return "[[rule]]\nid = \"" + id + "\"\nwhen = " + when + "\n" + rest + "\n";
}
RejectReason Under(const Rules& rules, const Question& question) {
  const Decision decision = Evaluate(rules, question);
  return decision.permitted() ? kNone : decision.denial()->reason;
}

ObjectFacts SampleObject() {
  ObjectFacts object;
  object.type = "indicator";
  object.origin = "cert.norlandia";
  object.properties = {"name", "name=x", "pattern"};
  object.labels = {"sector:energy"};
  object.pattern_types = {"domain-name", "ipv4-addr"};
  object.confidence = 50;
  object.changed = SampleNow() - absl::Hours(24 * 10);
  object.valid_until = SampleNow() + absl::Hours(1);
  object.size = 1000;
  object.warning_lists = std::vector<std::string>{"rfc1918"};
  object.source = "analyst";
  return object;
}

class Matching : public ::testing::Test {
 protected:
  Matching() : object_(SampleObject()), question_(SampleQuestion(Label::kGreen, Estovia())) {
    question_.object = &object_;
    question_.direction = Direction::kOut;
    question_.constraints.pap = model::Pap::kGreen;
    question_.standing.use = "blocking";
    question_.recipient.sectors = {"energy"};
    question_.honours_obligations = true;
  }
  bool Matches(const std::string& when) { return Under(Loaded(RuleText("one", when)), question_) == kPolicyRule; }
  void Expect(const std::string& matching, const std::string& not_matching) {
    EXPECT_TRUE(Matches("{ " + matching + " }")) << matching;
    EXPECT_FALSE(Matches("{ " + not_matching + " }")) << not_matching;
  }
  ObjectFacts object_;
  Question question_;
};

TEST_F(Matching, OfTheWay) {
  Expect("direction = [\"in\", \"out\"]", "direction = [\"in\", \"local\"]");
  Expect("lane = \"operations\"", "lane = \"winter\"");
  Expect("peer = \"cert.estovia\"", "peer = \"cert.norlandia\"");
  Expect("peer_kind = \"cert\"", "peer_kind = [\"nation\", \"private\"]");
  Expect("peer_nation = \"XE\"", "peer_nation = \"XN\"");
  Expect("peer_sector = [\"energy\", \"water\"]", "peer_sector = \"water\"");
  Expect("relationship = \"peer_nation\"", "relationship = [\"client\", \"public\"]");
  Expect("cross_border = true", "cross_border = false");
  Expect("use = \"blocking\"", "use = \"research\"");
  question_.direction = Direction::kIn;
  Expect("peer = \"cert.norlandia\"", "peer = \"cert.estovia\"");
}

TEST_F(Matching, OfTheMarkings) {
  Expect("label_at_least = \"GREEN\"", "label_at_least = \"AMBER\"");
  Expect("label_at_most = \"GREEN\"", "label_at_most = \"CLEAR\"");
  Expect("pap = \"GREEN\"", "pap = [\"RED\", \"unset\"]");
  question_.constraints.sg_id = Bytes(32, '\xAB');
  question_.standing.group.emplace().member = true;
  std::string id;
  for (int i = 0; i < 32; ++i) id += "ab";
  Expect("group = \"" + id + "\"", "group = \"" + std::string(64, 'a') + "\"");
}

TEST_F(Matching, OfTheObject) {
  Expect("type = [\"indicator\", \"malware\"]", "type = \"malware\"");
  Expect("origin = \"cert.norlandia\"", "origin = \"cert.estovia\"");
  Expect("has_property = \"name\"", "has_property = \"x_victim\"");
  Expect("has_property = [\"y\", \"name=x\"]", "has_property = \"name=y\"");
  Expect("label_in = \"sector:energy\"", "label_in = \"sector\"");
  Expect("pattern_type = \"ipv4-addr\"", "pattern_type = \"file\"");
  Expect("confidence_below = 51", "confidence_below = 50");
  Expect("confidence_at_least = 50", "confidence_at_least = 51");
  Expect("older_than_days = 10", "older_than_days = 11");
  Expect("expired = false", "expired = true");
  Expect("larger_than = 999", "larger_than = 1000");
  Expect("warning_list = \"rfc1918\"", "warning_list = \"tlds\"");
  Expect("warned = true", "warned = false");
  Expect("source = \"analyst\"", "source = [\"peer\", \"feed\", \"file\"]");
}

TEST_F(Matching, AllOfWhenAndNoneOfUnless) {
  EXPECT_TRUE(Matches("{ type = \"indicator\", peer_nation = \"XE\" }"));
  EXPECT_FALSE(Matches("{ type = \"indicator\", peer_nation = \"XN\" }"));
  const auto unless = [&](const std::string& conditions) {
    const std::string rest = "effect = \"withhold\"\nunless = { " + conditions + " }";
    return Under(Loaded(RuleText("one", "{ type = \"indicator\" }", rest)), question_);
  };
  EXPECT_EQ(unless("peer_sector = \"energy\""), kNone);
  EXPECT_EQ(unless("peer_sector = \"water\""), kPolicyRule);
  EXPECT_EQ(unless("peer_sector = \"energy\", confidence_below = 50"), kPolicyRule);
  EXPECT_EQ(unless("peer_sector = \"energy\", confidence_below = 51"), kNone);
}

TEST_F(Matching, WhatIsNotKnownNarrows) {
  question_.object = nullptr;
  question_.direction.reset();
  question_.standing.use.reset();
  for (const std::string when : {"type = \"malware\"", "confidence_below = 1", "warned = true", "direction = \"in\"",
                                 "use = \"research\"", "source = \"feed\"", "larger_than = 33000000"}) {
    EXPECT_TRUE(Matches("{ " + when + " }")) << when;
    const std::string permits = RuleText("permits", "{ peer_kind = \"cert\", " + when + " }", "effect = \"permit\"");
    EXPECT_EQ(Under(Loaded(permits + RuleText("all", "{}")), question_), kPolicyRule) << when;
    const std::string unless = "effect = \"withhold\"\nunless = { " + when + " }";
    EXPECT_EQ(Under(Loaded(RuleText("one", "{}", unless)), question_), kPolicyRule) << when;
    const std::string but =
        RuleText("permits", "{ peer_kind = \"cert\" }", "effect = \"permit\"\nunless = { " + when + " }");
    EXPECT_EQ(Under(Loaded(but + RuleText("all", "{}")), question_), kPolicyRule) << when;
  }
}

TEST_F(Matching, TheFirstThatMatchesDecides) {
  const std::string permit =
      RuleText("known", "{ peer_kind = \"cert\", peer = \"cert.estovia\" }", "effect = \"permit\"");
  const std::string all = RuleText("nobody", "{}");
  EXPECT_EQ(Under(Loaded(permit + all), question_), kNone);
  EXPECT_EQ(Under(Loaded(all), question_), kPolicyRule);
  question_.recipient.name = "cert.other";
  EXPECT_EQ(Under(Loaded(permit + all), question_), kPolicyRule);
}

TEST_F(Matching, APermitOpensNothing) {
  const Rules rules = Loaded(RuleText("known", "{ peer_kind = \"cert\" }", "effect = \"permit\""));
  question_.constraints.label = Label::kAmber;
  EXPECT_EQ(Under(rules, question_), kPolicyTlp);
}

TEST_F(Matching, EffectsAndWhatTheTraceSays) {
  const Rules held = Loaded(RuleText("odd", "{}", "effect = \"quarantine\""));
  const Decision decision = Evaluate(held, question_);
  ASSERT_NE(decision.denial(), nullptr);
  EXPECT_TRUE(decision.denial()->quarantine);
  EXPECT_EQ(decision.trace.back().check, "local_rules");
  EXPECT_EQ(decision.trace.back().detail, "held by 'odd' (rules.toml:2)");
  EXPECT_NE(decision.denial()->remedy.find("rules.toml:2"), std::string::npos);

  const Rules redact =
      Loaded(RuleText("victims", "{}", "effect = \"redact\"\nremove = [\"x_victim\", \"created_by_ref\"]"));
  object_.properties.emplace_back("x_victim");
  const Decision redacted = Evaluate(redact, question_);
  ASSERT_TRUE(redacted.permitted());
  EXPECT_TRUE(redacted.permit()->asks(Obligation::kRedact));
  EXPECT_EQ(redacted.permit()->removes(), (std::vector<std::string>{"created_by_ref", "x_victim"}));
  question_.honours_obligations = false;
  EXPECT_EQ(Under(redact, question_), kPolicyUnsupported);
}

// What was taken out already, or never was there, is not asked for again.
TEST_F(Matching, ARedactionAsksNothingOfWhatHasNoneOfIt) {
  const Rules redact = Loaded(RuleText("victims", "{}", "effect = \"redact\"\nremove = [\"x_victim\", \"created_by_ref\"]"));
  question_.honours_obligations = false;
  EXPECT_EQ(Under(redact, question_), kNone);
  object_.properties_whole = false;
  EXPECT_EQ(Under(redact, question_), kPolicyUnsupported) << "it may be among what was not read";
  object_.properties_whole = true;
  question_.object = nullptr;
  EXPECT_EQ(Under(redact, question_), kPolicyUnsupported) << "nobody says what it has";
  EXPECT_TRUE(redact.reads_objects());
}

TEST_F(Matching, RedactionsAddUpAndEndNothing) {
  const auto redact = [](const std::string& id, const std::string& what) {
    return RuleText(id, "{}", "effect = \"redact\"\nremove = \"" + what + "\"");
  };
  object_.properties = {"x", "y"};
  const std::string both = redact("one", "y") + redact("two", "x");
  const Decision decision = Evaluate(Loaded(both), question_);
  ASSERT_TRUE(decision.permitted());
  EXPECT_EQ(decision.permit()->removes(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(decision.trace.back().detail, "redacted by 'one' (rules.toml:2), redacted by 'two' (rules.toml:7)");
  EXPECT_EQ(Under(Loaded(both + RuleText("all", "{}")), question_), kPolicyRule);
  const std::string permit = RuleText("known", "{ peer_kind = \"cert\" }", "effect = \"permit\"");
  EXPECT_EQ(Evaluate(Loaded(redact("one", "y") + permit + redact("two", "x")), question_).permit()->removes(),
            std::vector<std::string>{"y"});
}

TEST_F(Matching, HomeIsBoundByRulesWithoutDirection) {
  question_.recipient = question_.sender;
  EXPECT_TRUE(Matches("{ type = \"indicator\" }"));
  Expect("direction = \"local\"", "direction = \"out\"");
}

TEST(RuleSet, NoRulesAreNoStepOfTheTrace) {
  EXPECT_EQ(Loaded("").size(), 0u);
  EXPECT_EQ(Evaluate(Loaded(""), SampleQuestion(Label::kGreen, Estovia())).trace.back().check, "retention");
}

// Each of 64 and more rules is found, in whatever word of bits it stands.
TEST(RuleSet, EveryRuleIsFoundAmongMany) {
  std::string text;
  for (int i = 0; i < 130; ++i) text += RuleText("r" + std::to_string(i), "{ type = \"t" + std::to_string(i) + "\" }");
  const Rules rules = Loaded(text);
  ObjectFacts object;
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.object = &object;
  for (int i = 0; i < 131; ++i) {
    object.type = "t" + std::to_string(i);
    const Decision decision = Evaluate(rules, question);
    EXPECT_EQ(decision.permitted(), i == 130);
    if (i == 130) continue;
    EXPECT_NE(decision.trace.back().detail.find("'r" + std::to_string(i) + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace entente::policy
