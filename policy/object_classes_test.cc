#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "policy/object_facts.h"
#include "policy/sample_questions.h"
#include "policy/testing/any_question.h"

namespace entente::policy {
namespace {

using testing::Pick;

Rules Loaded(const std::string& text) {
  absl::StatusOr<Rules> rules = Rules::Parse("version = 1\n" + text, "rules.toml");
  EXPECT_TRUE(rules.ok()) << rules.status().message();
  return rules.ok() ? *rules : Rules();
}

std::string RuleText(const std::string& id, const std::string& when, const std::string& unless = "",
                     const std::string& effect = "withhold") {
  return "[[rule]]\nid = \"" + id + "\"\nwhen = { " + when + " }\n" +
         (unless.empty() ? "" : "unless = { " + unless + " }\n") + "effect = \"" + effect + "\"\n";
}

ObjectFacts Of(const std::string& type) {
  ObjectFacts facts;
  facts.type = type;
  return facts;
}

TEST(ObjectClasses, OnlyWhatRulesAskTellsObjectsApart) {
  const Rules rules = Loaded(RuleText("a", "type = \"indicator\""));
  EXPECT_TRUE(rules.reads_objects());
  EXPECT_NE(rules.ClassOf(Of("indicator"), SampleNow()), rules.ClassOf(Of("malware"), SampleNow()));
  EXPECT_EQ(rules.ClassOf(Of("tool"), SampleNow()), rules.ClassOf(Of("malware"), SampleNow()));
  EXPECT_NE(rules.ClassOf(Of(""), SampleNow()), rules.ClassOf(Of("malware"), SampleNow())) << "not known is no word";
  ObjectFacts labelled = Of("tool");
  labelled.labels = {"sector:energy"};
  EXPECT_EQ(rules.ClassOf(labelled, SampleNow()), rules.ClassOf(Of("tool"), SampleNow()));
}

TEST(ObjectClasses, RulesThatReadNoObjectFindAllAlike) {
  const Rules rules = Loaded(RuleText("a", "peer = \"cert.estovia\"", "label_at_least = \"RED\""));
  EXPECT_FALSE(rules.reads_objects());
  EXPECT_EQ(rules.ClassOf(Of("tool"), SampleNow()), "");
  EXPECT_FALSE(Rules().reads_objects());
}

TEST(ObjectClasses, AnExceptionTellsThemApartToo) {
  const Rules rules = Loaded(RuleText("a", "direction = \"out\"", "label_in = \"ok\", confidence_at_least = 80"));
  ObjectFacts low = Of("tool"), high = low;
  low.confidence = 79;
  high.confidence = 80;
  EXPECT_NE(rules.ClassOf(low, SampleNow()), rules.ClassOf(high, SampleNow()));
  low.confidence = 3;
  high.confidence = 78;
  EXPECT_EQ(rules.ClassOf(low, SampleNow()), rules.ClassOf(high, SampleNow()));
}

TEST(ObjectClasses, TimeMovesObjectsFromClassToClass) {
  const Rules rules = Loaded(RuleText("a", "expired = true") + RuleText("b", "older_than_days = 10"));
  ObjectFacts facts = Of("tool");
  facts.valid_until = SampleNow();
  facts.changed = SampleNow();
  const std::string fresh = rules.ClassOf(facts, SampleNow() - absl::Seconds(1));
  const std::string expired = rules.ClassOf(facts, SampleNow());
  EXPECT_NE(fresh, expired);
  EXPECT_EQ(expired, rules.ClassOf(facts, SampleNow() + absl::Hours(24 * 10) - absl::Seconds(1)));
  EXPECT_NE(expired, rules.ClassOf(facts, SampleNow() + absl::Hours(24 * 10)));
}

// What a rule holds, a person may let go; what a rule withholds, nobody.
TEST(ObjectClasses, WhatAPersonReleasedIsHeldByNoRule) {
  const Rules holds = Loaded(RuleText("a", "direction = \"out\"", "", "quarantine"));
  EXPECT_TRUE(holds.reads_objects());
  ObjectFacts held = Of("tool"), released = held;
  released.released = true;
  EXPECT_NE(holds.ClassOf(held, SampleNow()), holds.ClassOf(released, SampleNow()));
  Question question = SampleQuestion(model::Label::kGreen, Estovia());
  question.direction = Direction::kOut;
  question.object = &held;
  EXPECT_TRUE(Evaluate(holds, question).denial()->quarantine);
  question.object = &released;
  EXPECT_TRUE(Evaluate(holds, question).permitted());
  const Rules both = Loaded(RuleText("a", "direction = \"out\"", "", "quarantine") + RuleText("b", "type = \"tool\""));
  EXPECT_EQ(Evaluate(both, question).rule, "b");
  EXPECT_FALSE(Evaluate(both, question).permitted());
}

// A bound on what is read opens nothing: what lies behind it counts against release.
TEST(ObjectClasses, WhatWasNotReadToItsEndCountsAgainstRelease) {
  const Rules withholds = Loaded(RuleText("a", "has_property = \"x_secret\""));
  const Rules permits = Loaded(RuleText("p", "has_property = \"x_open\", peer_kind = \"cert\"", "", "permit") +
                               RuleText("rest", "direction = \"out\""));
  const Rules exempts = Loaded(RuleText("e", "direction = \"out\"", "has_property = \"x_fine\""));
  const Rules warned = Loaded(RuleText("w", "warning_list = \"w\"") + RuleText("v", "warned = true"));
  ObjectFacts whole = Of("tool");
  whole.properties = {"name"};
  whole.warning_lists.emplace();
  ObjectFacts part = whole;
  part.properties_whole = part.values_whole = false;
  Question question = SampleQuestion(model::Label::kGreen, Estovia());
  question.direction = Direction::kOut;
  const auto permitted = [&](const Rules& rules, const ObjectFacts& object) {
    question.object = &object;
    return Evaluate(rules, question).permitted();
  };
  EXPECT_TRUE(permitted(withholds, whole));
  EXPECT_FALSE(permitted(withholds, part));
  EXPECT_TRUE(permitted(warned, whole));
  EXPECT_FALSE(permitted(warned, part));
  EXPECT_FALSE(permitted(permits, part)) << "what is not known permits nothing";
  EXPECT_FALSE(permitted(exempts, part)) << "and exempts from nothing";
  part.properties.push_back("x_open");
  EXPECT_TRUE(permitted(permits, part)) << "what is said counts";
  part.properties.push_back("x_fine");
  EXPECT_TRUE(permitted(exempts, part));
}

TEST(ObjectClasses, PartiesThatRulesNameAreKnown) {
  const Rules rules = Loaded(RuleText("a", "peer = [\"b\", \"a\"]", "origin = \"c\""));
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(rules.names_party(name)) << name;
  EXPECT_FALSE(rules.names_party("d"));
  EXPECT_FALSE(Rules().names_party("a"));
}

std::string AnyConditions() {
  static const std::vector<std::string> kPool = {"type = \"indicator\"",      "type = [\"malware\", \"tool\"]",
                                                 "label_in = [\"x\", \"y\"]", "has_property = \"name\"",
                                                 "has_property = \"name=n\"", "pattern_type = \"ipv4-addr\"",
                                                 "confidence_below = 30",     "confidence_at_least = 70",
                                                 "older_than_days = 5",       "expired = true",
                                                 "larger_than = 100",         "warned = true",
                                                 "warning_list = \"w\"",      "source = \"peer\"",
                                                 "origin = \"cert.estovia\"", "direction = \"out\""};
  std::string out;
  std::vector<std::string> keys;
  for (int i = Pick(3); i >= 0; --i) {
    const std::string& one = kPool[static_cast<size_t>(Pick(static_cast<int>(kPool.size())))];
    const std::string key = one.substr(0, one.find(' '));
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    keys.push_back(key);
    out += (out.empty() ? "" : ", ") + one;
  }
  return out;
}

ObjectFacts AnyObject() {
  ObjectFacts facts;
  facts.type = std::vector<std::string>{"", "indicator", "malware", "report"}[static_cast<size_t>(Pick(4))];
  if (Pick(2) == 0) facts.properties = {"name", Pick(2) == 0 ? "name=n" : "name=m"};
  if (Pick(2) == 0) facts.labels = {Pick(2) == 0 ? "x" : "z"};
  if (Pick(2) == 0) facts.pattern_types = {Pick(2) == 0 ? "ipv4-addr" : "file"};
  if (Pick(2) == 0) facts.confidence = Pick(101);
  if (Pick(2) == 0) facts.changed = SampleNow() - absl::Hours(24 * Pick(10));
  if (Pick(2) == 0) facts.valid_until = SampleNow() + absl::Hours(Pick(3) - 1);
  if (Pick(2) == 0) facts.size = static_cast<uint64_t>(Pick(200));
  if (Pick(2) == 0) facts.warning_lists.emplace();
  if (facts.warning_lists && Pick(2) == 0) facts.warning_lists->push_back(Pick(2) == 0 ? "w" : "v");
  facts.released = Pick(4) == 0;
  facts.properties_whole = Pick(4) != 0;
  facts.values_whole = Pick(4) != 0;
  facts.source = std::vector<std::string>{"", "peer", "analyst"}[static_cast<size_t>(Pick(3))];
  facts.origin = std::vector<std::string>{"", "cert.estovia", "else"}[static_cast<size_t>(Pick(3))];
  return facts;
}

// The promise itself, and that it is not kept by telling all objects apart.
RC_GTEST_PROP(ObjectClassesProperty, ObjectsOfOneClassGetOneDecision, ()) {
  std::string text = "version = 1\n";
  const std::vector<std::string> effects = {"withhold", "quarantine", "permit", "redact\"\nremove = \"name"};
  for (int i = Pick(4); i >= 0; --i) {
    text += RuleText("r" + std::to_string(i), AnyConditions(), Pick(2) == 0 ? "" : AnyConditions(),
                     effects[static_cast<size_t>(Pick(4))]);
  }
  const absl::StatusOr<Rules> rules = Rules::Parse(text, "rules.toml");
  RC_PRE(rules.ok());
  Question question = testing::AnyQuestion();
  const ObjectFacts one = AnyObject(), other = AnyObject();
  const bool alike = rules->ClassOf(one, question.now) == rules->ClassOf(other, question.now);
  RC_CLASSIFY(alike);
  question.object = &one;
  const Decision first = Evaluate(*rules, question);
  question.object = &other;
  const Decision second = Evaluate(*rules, question);
  if (alike) {
    RC_ASSERT(first.permitted() == second.permitted());
    RC_ASSERT(first.rule == second.rule);
    if (!first.permitted()) return;
    RC_ASSERT(first.permit()->removes() == second.permit()->removes());
    RC_ASSERT(first.permit()->asks(Obligation::kRedact) == second.permit()->asks(Obligation::kRedact));
  }
}

}  // namespace
}  // namespace entente::policy
