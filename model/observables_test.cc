#include "model/observables.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>

#include "model/pattern_literals.h"
#include "model/stix_object.h"

namespace entente::model {
namespace {

using Values = std::vector<std::string>;

Values Literals(std::string_view pattern) {
  return PatternLiterals(pattern, kMaxValuesPerObject);
}

Values ValuesOf(const std::string& type, const std::string& more) {
  const auto object = StixObject::Parse(R"({"type":")" + type + R"(","id":")" + type +
                                        R"(--05b7c427-1452-437e-a19e-32590edf60c3",)" + more + "}");
  EXPECT_TRUE(object.ok()) << object.status();
  return object.ok() ? SearchValues(*object) : Values();
}

std::string Escape(std::string text) {
  for (size_t at = 0; (at = text.find_first_of("\\'", at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

TEST(PatternLiterals, Comparisons) {
  EXPECT_EQ(Literals("[domain-name:value='weather4free.com']"), Values{"weather4free.com"});
  EXPECT_EQ(Literals("[domain-name:value = 'a' AND url:value == 'b'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.1']"),
            (Values{"a", "b", "192.0.2.1"}));
  EXPECT_EQ(Literals("[file:name IN ('a', 'b' , 'c')] WITHIN 5 SECONDS"), (Values{"a", "b", "c"}));
  EXPECT_EQ(Literals("[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR x:y ISSUPERSET '203.0.113.7']"),
            (Values{"198.51.100.0/24", "203.0.113.7"}));
}

TEST(PatternLiterals, QuotedPathStepsAreNoValues) {
  EXPECT_EQ(Literals("[file:hashes.'SHA-256' = 'aec0']"), Values{"aec0"});
  EXPECT_EQ(Literals("[file:hashes.'SHA-256'='aec0' OR file:hashes.MD5 = 'd41d']"), (Values{"aec0", "d41d"}));
  EXPECT_EQ(Literals("[x:extensions.'a-ext'.list[*].'b' IN ('v')]"), Values{"v"});
}

TEST(PatternLiterals, EscapesAreUndone) {
  EXPECT_EQ(Literals(R"([file:name = 'it\'s' AND directory:path = 'C:\\Temp\\'])"), (Values{"it's", R"(C:\Temp\)"}));
  EXPECT_EQ(Literals("[file:name = 'a = \\'b\\' ]']"), Values{"a = 'b' ]"});
}

TEST(PatternLiterals, WhatIsNotComparedIsLeftOut) {
  for (const char* pattern :
       {"[file:name != 'a']", "[file:name NOT = 'a']", "[file:name NOT IN ('a','b')]", "[file:name LIKE 'a%']",
        "[url:value MATCHES '^a']", "[file:size > 1]", "[file:created = t'2024-01-01T00:00:00Z']",
        "[artifact:payload_bin = b'QQ==']", "[x:y = h'ff']", "// [a:b = 'c']", "", "'a'", "[EXISTS a:'b']",
        "[a:b NOT ISSUBSET '192.0.2.0/24']", "[a:b = 1] START t'2024-01-01T00:00:00Z' STOP t'2025-01-01T00:00:00Z'"}) {
    EXPECT_EQ(Literals(pattern), Values()) << pattern;
  }
}

TEST(PatternLiterals, CommentsAreSkipped) {
  EXPECT_EQ(Literals("[a:b = /* 'no' */ 'yes'] // c:d = 'no'\n OR [c:d = 'too']"), (Values{"yes", "too"}));
  EXPECT_EQ(Literals("[a:b = 'http://x/*y*/']"), Values{"http://x/*y*/"});
  EXPECT_EQ(Literals("/* [a:b = 'c']"), Values());
}

TEST(PatternLiterals, MalformedPatternsGiveWhatTheyHave) {
  EXPECT_EQ(Literals("[a:b = 'c"), Values());
  EXPECT_EQ(Literals("[a:b = 'c' AND"), Values{"c"});
  EXPECT_EQ(Literals("[a:b IN ('c', 'd'"), (Values{"c", "d"}));
  EXPECT_EQ(Literals("[a:b = 'c\\"), Values());
}

TEST(PatternLiterals, AreBoundedAndLinear) {
  std::string pattern = "[a:b IN (";
  for (int i = 0; i < 1'000'000; ++i) pattern += "'" + std::to_string(i) + "',";
  EXPECT_EQ(PatternLiterals(pattern, kMaxValuesPerObject).size(), kMaxValuesPerObject);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(Literals(std::string(8'000'000, '/') + std::string(8'000'000, '\'')).empty());
  EXPECT_TRUE(Literals("[a:b = '" + std::string(8'000'000, '\\')).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

RC_GTEST_PROP(PatternLiterals, ReadBackWhatWasEscaped, (const std::string& first, const std::string& second)) {
  RC_ASSERT(Literals("[a:b.'c' = '" + Escape(first) + "' OR d:e IN ('" + Escape(second) + "')]") ==
            (Values{first, second}));
}

TEST(SearchValues, OfAnIndicator) {
  EXPECT_EQ(ValuesOf("indicator",
                     R"("name":"Bad Site","pattern":"[url:value='HXXP://Evil[.]example/A']","pattern_type":"stix")"),
            (Values{"http://evil.example/a", "bad site"}));
  EXPECT_EQ(ValuesOf("indicator", R"("pattern":"[domain-name:value='x.example']")"), Values{"x.example"});
  EXPECT_EQ(ValuesOf("indicator", R"("pattern":"rule x { strings: $a = 'y' }","pattern_type":"yara")"), Values());
}

TEST(SearchValues, OfObservables) {
  EXPECT_EQ(ValuesOf("domain-name", R"("value":"Example.COM")"), Values{"example.com"});
  EXPECT_EQ(ValuesOf("file", R"("name":"A.exe","hashes":{"MD5":"D41D","SHA-256":"AB","x":1})"),
            (Values{"a.exe", "d41d", "ab"}));
  EXPECT_EQ(ValuesOf("directory", R"("path":"C:\\Temp")"), Values{"c:\\temp"});
  EXPECT_EQ(ValuesOf("windows-registry-key", R"("key":"HKLM\\Run")"), Values{"hklm\\run"});
  EXPECT_EQ(ValuesOf("observed-data",
                     R"("objects":{"0":{"type":"url","value":"u"},"1":{"type":"file","hashes":{"MD5":"h"}},"2":3})"),
            (Values{"u", "h"}));
}

TEST(SearchValues, OfDomainObjects) {
  EXPECT_EQ(ValuesOf("attack-pattern", R"("name":"Default Credentials","external_references":[
      {"source_name":"mitre-attack","external_id":"T0812"},{"source_name":"x"},{"external_id":7},8])"),
            (Values{"default credentials", "t0812"}));
  EXPECT_EQ(ValuesOf("intrusion-set",
                     R"("name":"Sandworm","aliases":["Voodoo Bear","SANDWORM",1],"x_mitre_aliases":["IRIDIUM"])"),
            (Values{"sandworm", "voodoo bear", "iridium"}));
  EXPECT_EQ(ValuesOf("vulnerability", R"("name":"CVE-2017-0144")"), Values{"cve-2017-0144"});
}

TEST(SearchValues, OfExternalReferences) {
  EXPECT_EQ(ValuesOf("attack-pattern", R"("name":"Phishing","external_references":[
      {"source_name":"mitre-attack","url":"https://attack.mitre.org/techniques/T1566","external_id":"T1566"},
      {"source_name":"cve","external_id":"CVE-2017-0144"},{"source_name":"x","url":"hxxps://Evil[.]example/Report"},
      {"url":["no"]},{"url":"https://attack.mitre.org/techniques/T1566"}])"),
            (Values{"phishing", "t1566", "cve-2017-0144", "https://attack.mitre.org/techniques/t1566",
                    "https://evil.example/report"}));
}

TEST(SearchValues, UrlsOfReferencesComeLastWithinTheBound) {
  std::string references = R"("name":"n","aliases":["alias"],"external_references":[{"external_id":"T1"})";
  for (int i = 0; i < 1000; ++i) references += R"(,{"url":"https://a.example/)" + std::to_string(i) + "\"}";
  const Values values = ValuesOf("malware", references + "]");
  ASSERT_EQ(values.size(), kMaxValuesPerObject);
  EXPECT_EQ(Values(values.begin(), values.begin() + 4), (Values{"n", "t1", "alias", "https://a.example/0"}));
}

TEST(SearchValues, IgnoreOtherShapesAndMarkings) {
  EXPECT_EQ(
      ValuesOf("malware", R"("name":1,"aliases":{"a":"b"},"hashes":["x"],"external_references":{},"objects":[{}])"),
      Values());
  EXPECT_EQ(ValuesOf("marking-definition", R"("name":"TLP:RED")"), Values());
}

TEST(SearchValues, AreBounded) {
  std::string aliases = "\"name\":\"n\",\"aliases\":[\"0\"";
  for (int i = 1; i < 1000; ++i) aliases += ",\"" + std::to_string(i) + "\"";
  EXPECT_EQ(ValuesOf("malware", aliases + "]").size(), kMaxValuesPerObject);
  EXPECT_EQ(ValuesOf("url", "\"value\":\"" + std::string(kMaxSearchValueBytes, 'x') + "\"").size(), 1u);
  EXPECT_EQ(ValuesOf("url", "\"value\":\"" + std::string(kMaxSearchValueBytes + 1, 'x') + "\"").size(), 0u);
}

TEST(NormaliseValue, LowersTrimsAndRefangs) {
  EXPECT_EQ(NormaliseValue(" \t\nExample.COM\r "), "example.com");
  EXPECT_EQ(NormaliseValue("hxxps://evil[.]example(.)com/x"), "https://evil.example.com/x");
  EXPECT_EQ(NormaliseValue("HXXP://A"), "http://a");
  EXPECT_EQ(NormaliseValue("\xC3\x89t\xC3\xA9"), "\xC3\x89t\xC3\xA9");  // only ASCII is lowered
  EXPECT_EQ(NormaliseValue("a[.)b"), "a[.)b");
  EXPECT_EQ(NormaliseValue("  "), "");
}

RC_GTEST_PROP(NormaliseValue, TwiceIsOnce, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("[", "]", ".", "(", ")", "hxxp", "H", "x", "p", " ", "\n", "a"));
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  const std::string once = NormaliseValue(text);
  RC_ASSERT(NormaliseValue(once) == once);
}

}  // namespace
}  // namespace entente::model
