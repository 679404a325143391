#include "services/entente/policy_cases.h"

#include <gtest/gtest.h>

#include "base/reject.h"

namespace entente::cli {
namespace {

constexpr auto kGood = R"(version = 1
[[case]]
id = "energy stays"
peer = "cert.estovia"
object = "green.json"
tlp = "GREEN"
rel_to = ["XN", "XE"]
to = "cert.estovia"
orcon = true
expect = "deny"
reason = "LOCAL_RULE"
rule = "energy"
)";

std::string Refused(const std::string& text) {
  const auto cases = ReadCases(text, "cases.toml");
  EXPECT_EQ(ReasonOf(cases.status()), RejectReason::kConfig);
  return std::string(cases.status().message());
}

TEST(PolicyCases, EveryKeyIsRead) {
  const auto cases = ReadCases(kGood, "cases.toml");
  ASSERT_TRUE(cases.ok()) << cases.status();
  const PolicyCase& one = cases->front();
  EXPECT_EQ(one.id, "energy stays");
  EXPECT_EQ(one.peer, "cert.estovia");
  EXPECT_EQ(one.object, "green.json");
  EXPECT_EQ(one.terms.tlp, "GREEN");
  EXPECT_EQ(one.terms.rel_to, (std::vector<std::string>{"XN", "XE"}));
  EXPECT_EQ(one.terms.to, std::vector<std::string>{"cert.estovia"});
  EXPECT_TRUE(one.terms.orcon);
  EXPECT_EQ(one.expect + one.reason + one.rule, "denyLOCAL_RULEenergy");
  EXPECT_EQ(one.place, "cases.toml:2:1");
}

TEST(PolicyCases, AFaultIsNamedWithItsPlace) {
  const std::string good = kGood;
  EXPECT_EQ(Refused(good + "pear = \"x\"\n"), "cases.toml:13:1: 'pear' is no key of a case; did you mean peer?");
  EXPECT_EQ(Refused("version = 2\n"), "cases.toml:1:1: version = 1 is missing");
  EXPECT_EQ(Refused("version = 1\n"), "cases.toml:1:1: there is no [[case]]");
  EXPECT_EQ(Refused("version = 1\ncase = 3\n"), "cases.toml:1:1: there is no [[case]]");
  EXPECT_EQ(Refused("version = 1\n[[case]]\nid = \"a\"\n"), "cases.toml:2:1: peer is missing");
  EXPECT_EQ(Refused("version = 1\nrules = 1\n"), "cases.toml:2:1: only version and [[case]] stand here");
  EXPECT_EQ(Refused(good + good.substr(good.find("[[case]]"))), "cases.toml:13:1: a case of this id stands already");
  EXPECT_NE(Refused("version = \n").find("cases.toml:1:"), std::string::npos);
  EXPECT_NE(Refused(good + "purpose = 3\n").find("purpose must be a text"), std::string::npos);
  EXPECT_NE(Refused(good + "purpose = []\n").find("1 to 1000 texts"), std::string::npos);
  std::string other = good;
  other.replace(other.find("\"deny\""), 6, "\"maybe\"");
  EXPECT_EQ(Refused(other), "cases.toml:10:10: expect is permit, deny, quarantine or reject");
}

// A key of so many dots took the parser down.
TEST(PolicyCases, AKeyOfManyDotsIsRefusedBeforeItIsParsed) {
  std::string text = "version = 1\na";
  for (int i = 0; i < 500'000; ++i) text += ".a";
  EXPECT_EQ(Refused(text + " = 1\n"), "cases.toml:2:202: more than 100 dots in one line");
}

TEST(PolicyCases, MoreThanTheBoundAreRefused) {
  std::string text = "version = 1\n";
  const auto add = [&](size_t i) {
    text += "[[case]]\nid = \"" + std::to_string(i) + "\"\npeer = \"p\"\nobject = \"o\"\nexpect = \"deny\"\n";
  };
  for (size_t i = 0; i < kMaxCases; ++i) add(i);
  EXPECT_EQ(ReadCases(text, "cases.toml")->size(), kMaxCases);
  add(kMaxCases);
  EXPECT_NE(Refused(text).find("over 10,000 cases"), std::string::npos);
}

}  // namespace
}  // namespace entente::cli
