#include <gtest/gtest.h>

#include <random>

#include "policy/policy.h"
#include "policy/rules.h"

// docs/formats/rules.md, "What is refused".
namespace entente::policy {
namespace {

const std::vector<std::string> kParties = {"cert.estovia", "volt-energy"};
const std::string kGroup(64, 'a');

std::string Said(std::string_view text) {
  static const std::vector<std::string> groups = {kGroup}, lists = {"List of RFC 1918 CIDR blocks"};
  const absl::StatusOr<Rules> rules = Rules::Parse(text, "rules.toml", {&kParties, &groups, &lists});
  if (rules.ok()) return "ok";
  EXPECT_EQ(ReasonOf(rules.status()), RejectReason::kConfig);
  return std::string(rules.status().message());
}
// The file around one rule's `when` and effect.
std::string Rule(const std::string& when, const std::string& effect = "\"withhold\"") {
  return "version = 1\n[[rule]]\nid = \"one\"\nwhen = " + when + "\neffect = " + effect + "\n";
}
void ExpectFault(std::string_view text, std::string_view beginning, std::string_view part = "") {
  const std::string said = Said(text);
  EXPECT_TRUE(said.starts_with("rules.toml:" + std::string(beginning))) << said;
  EXPECT_NE(said.find(part), std::string::npos) << said;
}

TEST(RuleFaults, OfTheFile) {
  EXPECT_EQ(Said("version = 1\n"), "ok");
  ExpectFault("", "1:1: missing:", "version = 1");
  ExpectFault("version = 2", "1:11: value:");
  ExpectFault("version = \"1\"", "1:11: type:");
  ExpectFault("version = 1\nrule = 3", "2:8: type:");
  ExpectFault("version = 1\nrule = [3]", "2:9: type:");
  ExpectFault("version = 1\nversoin = 2", "2:1: unknown-key:", "did you mean version?");
  ExpectFault("version = 1\n[[rule]\n", "2:8: syntax:");
  ExpectFault("version = 1\n[[rule]]\nid = \"\xFF\"\n", "3:", "syntax");
  ExpectFault("version = 1\na.b.c.d.e.f.g.h.i.j = 1", "2:18: syntax:", "dots");
}

TEST(RuleFaults, TyposNameWhatWasMeant) {
  ExpectFault(Rule("{ lable_at_least = \"GREEN\" }"), "4:10: unknown-key:", "did you mean label_at_least?");
  ExpectFault(Rule("{ direction = \"outt\" }"), "4:22: value:", "did you mean out?");
  ExpectFault(Rule("{ peer_kind = [\"cert\", \"privat\"] }"), "4:31: value:", "did you mean private?");
  ExpectFault(Rule("{ label_at_least = \"AMBR\" }"), "4:27: value:", "did you mean AMBER?");
  ExpectFault(Rule("{}", "\"withold\""), "5:10: value:", "did you mean withhold?");
  ExpectFault("version = 1\n[[rule]]\nidd = \"one\"\n", "3:1: unknown-key:", "did you mean id?");
  ExpectFault("version = 1\n[[rules]]\nid = \"one\"\n", "2:3: unknown-key:", "did you mean rule?");
}

TEST(RuleFaults, MissingAndMistyped) {
  ExpectFault("version = 1\n[[rule]]\neffect = \"withhold\"\n", "2:1: missing:", "id");
  ExpectFault("version = 1\n[[rule]]\nid = \"one\"\n", "2:1: missing:", "effect");
  ExpectFault(Rule("{}", "\"redact\""), "2:1: missing:", "remove");
  ExpectFault(Rule("{}") + "remove = [\"x\"]\n", "6:10: value:");
  ExpectFault(Rule("{}", "\"redact\"") + "remove = [\"id\"]\n", "6:11: value:");
  ExpectFault(Rule("[]"), "4:8: type:");
  ExpectFault(Rule("{ cross_border = \"yes\" }"), "4:25: type:");
  ExpectFault(Rule("{ confidence_below = \"50\" }"), "4:29: type:");
  ExpectFault(Rule("{ type = [\"indicator\", 3] }"), "4:31: type:");
  ExpectFault(Rule("{}") + "unless = {}\n", "6:10: value:");
  ExpectFault("version = 1\n[[rule]]\nid = \"two words\"\n", "3:6: value:");
}

TEST(RuleFaults, ValuesAndBounds) {
  ExpectFault(Rule("{ peer_nation = \"xe\" }"), "4:24: value:");
  ExpectFault(Rule("{ peer_sector = \"two words\" }"), "4:24: value:");
  ExpectFault(Rule("{ type = \"Indicator\" }"), "4:17: value:");
  ExpectFault(Rule("{ confidence_below = 101 }"), "4:29: value:", "0 to 100");
  ExpectFault(Rule("{ larger_than = -1 }"), "4:24: value:");
  ExpectFault(Rule("{ type = [] }"), "4:17: value:");
  std::string many = "\"a\"";
  for (size_t i = 1; i < 64; ++i) many += ", \"a\"";
  EXPECT_EQ(Said(Rule("{ type = [" + many + "] }")), "ok");
  ExpectFault(Rule("{ type = [" + many + ", \"a\"] }"), "4:17: value:", "1 to 64");
  EXPECT_EQ(Said(Rule("{ label_in = \"" + std::string(256, 'x') + "\" }")), "ok");
  ExpectFault(Rule("{ label_in = \"" + std::string(257, 'x') + "\" }"), "4:21: value:");
  EXPECT_EQ(Said(Rule("{}") + "comment = \"" + std::string(512, 'x') + "\"\n"), "ok");
  ExpectFault(Rule("{}") + "comment = \"" + std::string(513, 'x') + "\"\n", "6:11: value:");
}

TEST(RuleFaults, NamesThatAreNotKnownHere) {
  EXPECT_EQ(Said(Rule("{ peer = \"volt-energy\", group = \"" + kGroup + "\" }")), "ok");
  ExpectFault(Rule("{ peer = \"volt-enregy\" }"), "4:17: unknown-name:", "did you mean volt-energy?");
  ExpectFault(Rule("{ origin = \"nobody.at.all\" }"), "4:19: unknown-name:");
  std::string off = kGroup;
  off[40] = 'b';
  ExpectFault(Rule("{ group = \"" + off + "\" }"), "4:18: unknown-name:", "did you mean " + kGroup);
  ExpectFault(Rule("{ group = \"" + kGroup.substr(1) + "\" }"), "4:18: value:", "63 characters");
  ExpectFault(Rule("{ warning_list = \"List of RFC 1918 CIDR block\" }"),
              "4:25: unknown-name:", "did you mean List of RFC 1918");
  EXPECT_TRUE(Rules::Parse(Rule("{ peer = \"anybody\" }"), "rules.toml").ok());  // where nobody says which are known
}

TEST(RuleFaults, Duplicates) {
  ExpectFault("version = 1\n" +
                  std::string("[[rule]]\nid = \"one\"\nwhen = { type = \"note\" }\neffect = \"withhold\"\n") +
                  "[[rule]]\nid = \"one\"\nwhen = { type = \"tool\" }\neffect = \"withhold\"\n",
              "6:1: duplicate-id:", "2:1");
}

TEST(RuleFaults, APermitThatWouldOpenTheMatrix) {
  const std::string permit = "\"permit\"";
  ExpectFault(Rule("{ type = \"note\" }", permit), "2:1: opens:", "RED to community");
  ExpectFault(Rule("{ label_at_least = \"RED\", relationship = \"community\" }", permit),
              "2:1: opens:", "RED to community");
  ExpectFault(Rule("{ label_at_most = \"GREEN\", peer_kind = [\"cert\", \"relay\"] }", permit),
              "2:1: opens:", "GREEN to relay");
  ExpectFault(Rule("{ label_at_most = \"AMBER\", peer_kind = \"observer\" }", permit),
              "2:1: opens:", "AMBER to observer");
  ExpectFault(Rule("{ label_at_most = \"GREEN\", relationship = \"public\" }", permit),
              "2:1: opens:", "GREEN to public");
  EXPECT_EQ(Said(Rule("{ label_at_most = \"CLEAR\", relationship = \"public\" }", permit)), "ok");
  EXPECT_EQ(Said(Rule("{ label_at_most = \"GREEN\", peer_kind = [\"cert\", \"observer\"] }", permit)), "ok");
  EXPECT_EQ(Said(Rule("{ peer_kind = \"cert\" }", permit)), "ok");  // RED to a named seat
  EXPECT_EQ(Said(Rule("{ direction = \"local\" }", permit)), "ok");
}

TEST(RuleFaults, RulesThatNeverMatch) {
  ExpectFault(Rule("{ label_at_least = \"RED\", label_at_most = \"GREEN\" }"), "4:8: never:");
  ExpectFault(Rule("{ confidence_at_least = 50, confidence_below = 50 }"), "4:", "never:");
  ExpectFault(Rule("{ confidence_below = 0 }"), "4:29: never:");
}

std::string Two(const std::string& first, const std::string& second) {
  return "version = 1\n[[rule]]\nid = \"one\"\neffect = \"withhold\"\n" + first +
         "\n[[rule]]\nid = \"two\"\neffect = \"withhold\"\n" + second + "\n";
}
TEST(RuleFaults, UnreachableRules) {
  ExpectFault(Two("", ""), "6:1: unreachable:", "'one' at 2:1");
  ExpectFault(Two("when = { type = [\"note\", \"tool\"] }", "when = { type = \"tool\", cross_border = true }"),
              "6:1: unreachable:");
  ExpectFault(Two("when = { label_at_least = \"GREEN\" }", "when = { label_at_least = \"RED\" }"), "6:1: unreachable:");
  ExpectFault(Two("when = { confidence_below = 50 }", "when = { confidence_below = 40 }"), "6:1: unreachable:");
  EXPECT_EQ(Said(Two("when = { confidence_below = 40 }", "when = { confidence_below = 50 }")), "ok");
  EXPECT_EQ(Said(Two("when = { type = \"note\" }\nunless = { cross_border = true }", "when = { type = \"note\" }")),
            "ok");
  EXPECT_EQ(Said(Two("when = { type = \"tool\" }", "")), "ok");
}

std::string Many(size_t count) {
  std::string text = "version = 1\n";
  for (size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    text += "[[rule]]\nid = \"r" + number + "\"\nwhen = { type = \"t" + number + "\" }\neffect = \"withhold\"\n";
  }
  return text;
}
TEST(RuleFaults, MoreRulesOrBytesThanThereMayBe) {
  EXPECT_EQ(Said(Many(kMaxRules)), "ok");
  const std::string first_too_many = std::to_string(2 + 4 * kMaxRules) + ":1: too-many-rules:";
  ExpectFault(Many(kMaxRules + 1), first_too_many);
  ExpectFault(Many(100'000), first_too_many);
  std::string inline_rules = "version = 1\nrule = [";
  for (size_t i = 0; i <= kMaxRules; ++i) inline_rules += "{id=\"r" + std::to_string(i) + "\",effect=\"withhold\"},";
  ExpectFault(inline_rules + "]", "2:", "too-many-rules");
  ExpectFault("version = 1\n#" + std::string(kMaxRulesBytes, 'x'), "1:1: file-too-large:");
}

TEST(RuleFaults, WhatStandsInStringsAndCommentsIsNoRule) {
  std::string text = Rule("{}") + "comment = '''\n";
  for (int i = 0; i < 20; ++i) text += "[[\n";
  EXPECT_EQ(Said(text + "'''\n# a.b.c.d.e.f.g.h.i.j.k [[\n"), "ok");
  EXPECT_EQ(Said(Rule("{ label_in = [\"a.b.c.d.e.f.g.h.i.j.k\", 'l.\"m', \"n\\\"o\"] }")), "ok");
}

// Whatever a file is made of, it is read whole or refused with a place.
TEST(RuleFaults, DamageIsReadOrNamed) {
  const std::string good =
      Rule("{ type = [\"note\"], label_at_most = \"AMBER\", peer = 'volt-energy' }") + "unless = { warned = true }\n";
  ASSERT_EQ(Said(good), "ok");
  std::mt19937 random(7);
  for (int i = 0; i < 4000; ++i) {
    std::string bent = good;
    for (int flips = static_cast<int>(random() % 3); flips >= 0; --flips)
      bent[random() % bent.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bent.resize(random() % bent.size());
    const std::string said = Said(bent);
    EXPECT_TRUE(said == "ok" || said.starts_with("rules.toml:")) << said;
  }
}

}  // namespace
}  // namespace entente::policy
