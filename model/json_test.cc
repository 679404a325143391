#include "model/json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "base/reject.h"
#include "model/json_text.h"

namespace entente::model {
namespace {

std::string Refusal(ByteView text) {
  const auto document = JsonDocument::Parse(text);
  if (document.ok()) return "accepted";
  EXPECT_EQ(ReasonOf(document.status()), RejectReason::kJson);
  return std::string(document.status().message());
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

TEST(Json, ReadsEveryKindOfValue) {
  const auto document = JsonDocument::Parse(R"( {"a":[null,true,false,-1.50e3,"x\n\u00e9\ud83d\ude02"],"b":{}} )");
  ASSERT_TRUE(document.ok()) << document.status();
  const JsonValue& list = *document->root().Find("a");
  ASSERT_EQ(list.elements().size(), 5u);
  EXPECT_EQ(list.elements()[0].kind(), JsonValue::Kind::kNull);
  EXPECT_TRUE(list.elements()[1].boolean());
  EXPECT_FALSE(list.elements()[2].boolean());
  EXPECT_EQ(list.elements()[3].number(), -1500.0);
  EXPECT_EQ(list.elements()[3].text(), "-1.50e3");
  EXPECT_EQ(list.elements()[4].text(), "x\n\xC3\xA9\xF0\x9F\x98\x82");
  EXPECT_TRUE(document->root().Find("b")->is_object());
}

TEST(Json, FindsMembersAndStrings) {
  const auto document = JsonDocument::Parse(R"({"z":"last","\u0061":"first","n":1})");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->root().members()[0].key, "z");
  EXPECT_EQ(document->root().StringAt("a"), "first");
  EXPECT_EQ(document->root().StringAt("n"), "");
  EXPECT_EQ(document->root().StringAt("absent"), "");
  EXPECT_EQ(document->root().Find("absent"), nullptr);
  EXPECT_EQ(document->root().Find("n")->Find("x"), nullptr);
}

TEST(Json, AcceptsLoneScalarsAndTheirEdges) {
  for (const char* text : {"0", "-0", "1e-400", "9007199254740991", "-9007199254740991", "9007199254740993.0", "1e22",
                           "null", "true", "false", "\"\"", "\"\\u0000\"", "\"\\/\"", "[]", "{}", " \t\r\n1 \t\r\n"}) {
    EXPECT_TRUE(JsonDocument::Parse(text).ok()) << text << ": " << JsonDocument::Parse(text).status();
  }
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* text : {"",
                           "  ",
                           "[",
                           "]",
                           "{",
                           "}",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[1}",
                           "{\"a\"}",
                           "{\"a\" 1}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{1:2}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":[1}",
                           "{'a':1}",
                           "'a'",
                           "nul",
                           "nulll",
                           "tru",
                           "truex",
                           "True",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "undefined",
                           "\"abc",
                           "abc\"",
                           "],[",
                           "\\\"a",
                           "\"a\"b",
                           "[[1]",
                           "{\"a\":{\"b\":1}",
                           "\"\\",
                           "[\"a\\\"]"}) {
    EXPECT_NE(Refusal(text), "accepted") << text;
  }
}

TEST(Json, RefusesMalformedNumbers) {
  for (const char* text :
       {"01", "-01", "1.", ".5", "-", "+1", "1.1.1", "1e", "1e+", "0x10", "1_000", "--1", "1a", "1\x01"}) {
    EXPECT_NE(Refusal(text), "accepted") << text;
    EXPECT_NE(Refusal("[" + std::string(text) + "]"), "accepted") << text;
  }
}

TEST(Json, FindsDuplicatesAmongManyKeysQuickly) {
  std::string text = "{";
  for (int i = 0; i < 400'000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(JsonDocument::Parse(text + "\"other\":0}").ok());
  EXPECT_TRUE(EndsWith(Refusal(text + "\n\"key77\":0}"), "the same key twice at line 2, column 1"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // comparing all pairs takes minutes
}

TEST(Json, NamesTheLineAndColumn) {
  EXPECT_EQ(Refusal("[\n1,\n\n  x]"), "a value is missing or misspelt at line 4, column 3");
  EXPECT_EQ(Refusal("{\"a\":1,}"), "expected a key in quotes and ':' behind it at line 1, column 8");
  EXPECT_EQ(Refusal("{\"a\":1 \"b\":2}"), "expected ',' or '}' in an object at line 1, column 8");
  EXPECT_EQ(Refusal("[1 2]"), "expected ',' or ']' in an array at line 1, column 4");
  EXPECT_EQ(Refusal("{\"a\":[1,2]"), "the text breaks off at line 1, column 11");
  EXPECT_EQ(Refusal("[1,\r\n\"abc"), "a string is not closed; it starts at line 2, column 1");
  EXPECT_EQ(Refusal("1\n\n ,2"), "there is more than one value at line 3, column 2");
}

TEST(Json, NeverQuotesTheInput) {
  for (const char* text : {"{\"secretkey\":1,\"secretkey\":2}", "[secretword]", "\"secret\\qword\"", "[\"secret"}) {
    EXPECT_EQ(Refusal(text).find("secret"), std::string::npos) << text;
  }
}

TEST(Json, EveryCutIsRefusedAtItsEndOrBefore) {
  const std::string text = R"({"a":[1,{"b":"x\n\u00e9"},true,null],"c":-1.5e3,"d":{}})";
  ASSERT_TRUE(JsonDocument::Parse(text).ok());
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string refusal = Refusal(text.substr(0, size));
    EXPECT_NE(refusal, "accepted") << size;
    EXPECT_NE(refusal.find(" at line 1, column "), std::string::npos) << refusal;
  }
}

TEST(Json, EveryFlippedByteIsReadOrRefusedNeverWorse) {
  const std::string text = R"({"a":[1,{"b":"x\n\u00e9"},true,null],"c":-1.5e3})";
  for (size_t at = 0; at < text.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(value);
      const auto document = JsonDocument::Parse(damaged);
      EXPECT_TRUE(!document.ok() || JsonDocument::Parse(Canonical(document->root())).ok()) << damaged;
    }
  }
}

TEST(Json, ADocumentSurvivesMovesAndItsInput) {
  auto text = std::make_unique<std::string>(R"({"k":"v","e":"\u0041"})");
  auto parsed = JsonDocument::Parse(*text);
  ASSERT_TRUE(parsed.ok());
  text.reset();
  JsonDocument first = *std::move(parsed);
  const JsonDocument second = std::move(first);
  EXPECT_EQ(second.root().StringAt("k"), "v");
  EXPECT_EQ(second.root().StringAt("e"), "A");
}

TEST(JsonText, FindsNoFaultInGoodText) {
  EXPECT_FALSE(FirstTextFault(R"({"a":"x\"y\\","b":[1]})").has_value());
}

}  // namespace
}  // namespace entente::model
