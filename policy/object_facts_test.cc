#include "policy/object_facts.h"

#include <gtest/gtest.h>

namespace entente::policy {
namespace {

ObjectFacts Of(const std::string& rest) {
  const std::string text = R"({"type":"indicator","id":"indicator--00000000-0000-4000-8000-000000000001")" + rest + "}";
  const auto object = model::StixObject::Parse(text);
  EXPECT_TRUE(object.ok()) << object.status();
  return FactsOf(*object, text.size());
}
bool Has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

TEST(ObjectFactsOf, ReadsWhatRulesAsk) {
  const ObjectFacts facts = Of(
      R"(,"created":"2026-01-01T00:00:00Z","modified":"2026-01-02T00:00:00Z","valid_until":"2026-02-01T00:00:00Z",)"
      R"("confidence":80,"labels":["a","b",3],"pattern":"[ipv4-addr:value = '10.0.0.1']","x":true,"n":1.50,"o":{"y":1},"z":null)");
  EXPECT_EQ(facts.type, "indicator");
  EXPECT_EQ(facts.confidence, 80);
  EXPECT_EQ(facts.labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(facts.pattern_types, (std::vector<std::string>{"ipv4-addr"}));
  EXPECT_EQ(facts.changed, absl::FromCivil(absl::CivilDay(2026, 1, 2), absl::UTCTimeZone()));
  EXPECT_EQ(facts.valid_until, absl::FromCivil(absl::CivilDay(2026, 2, 1), absl::UTCTimeZone()));
  for (const char* property : {"x", "x=true", "n=1.50", "o", "z", "confidence=80"})
    EXPECT_TRUE(Has(facts.properties, property)) << property;
  EXPECT_FALSE(Has(facts.properties, "y"));
  EXPECT_FALSE(Has(facts.properties, "o="));
  EXPECT_GT(*facts.size, 100u);
  EXPECT_FALSE(facts.warning_lists.has_value());
  EXPECT_TRUE(facts.origin.empty() && facts.source.empty());
}

TEST(ObjectFactsOf, NonsenseIsNotKnown) {
  const ObjectFacts facts =
      Of(R"(,"created":"2026-01-01T00:00:00Z","valid_until":"soon","confidence":101,"labels":"a","pattern":7)");
  EXPECT_FALSE(facts.confidence || facts.valid_until);
  EXPECT_TRUE(facts.labels.empty() && facts.pattern_types.empty());
  EXPECT_TRUE(facts.changed.has_value());
  EXPECT_FALSE(Of(R"(,"confidence":"80")").confidence || Of(R"(,"confidence":-1)").confidence);
}

TEST(ObjectFactsOf, PropertiesAreBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += ",\"p" + std::to_string(i) + "\":[]";
  EXPECT_EQ(Of(many).properties.size(), kMaxFactProperties);
  EXPECT_FALSE(Has(Of(",\"long\":\"" + std::string(300, 'x') + "\"").properties, "long=" + std::string(300, 'x')));
}

TEST(PatternTypes, AreReadOutsideQuotes) {
  using Types = std::vector<std::string>;
  EXPECT_EQ(PatternTypes("[file:hashes.'SHA-256' = 'a'] AND [domain-name:value = 'x:y' OR url:value LIKE 'http://%']"),
            (Types{"domain-name", "file", "url"}));
  EXPECT_EQ(PatternTypes(R"([file:name = 'it\'s:here' AND file:size > 3])"), (Types{"file"}));
  EXPECT_EQ(PatternTypes("[NOT (ipv4-addr:value = '1')]"), (Types{"ipv4-addr"}));
  EXPECT_EQ(PatternTypes(""), Types{});
  EXPECT_EQ(PatternTypes("[::'"), Types{});
  EXPECT_EQ(PatternTypes("[a:b = 'open"), (Types{"a"}));
}

}  // namespace
}  // namespace entente::policy
