#include "services/entente/json_writer.h"

#include <gtest/gtest.h>

#include "model/json.h"

namespace entente::cli {
namespace {

std::string Quoted(std::string_view text) {
  return JsonWriter().Value(text).text();
}

TEST(JsonWriter, WritesEveryKindOnOneLine) {
  JsonWriter json;
  json.BeginObject().Field("n", 18446744073709551615u).Field("i", -1).Field("b", true).Field("s", "x").Field("d", 1.5);
  json.Key("a").BeginArray().Value(1).BeginObject().EndObject().EndArray().Key("e").BeginArray().EndArray().EndObject();
  EXPECT_EQ(json.text(), R"({"n":18446744073709551615,"i":-1,"b":true,"s":"x","d":1.500,"a":[1,{}],"e":[]})");
}

TEST(JsonWriter, EscapesWhatJsonAndTerminalsActOn) {
  EXPECT_EQ(Quoted("\"\\\n\r\t\b\f"), R"("\"\\\n\r\t\b\f")");
  EXPECT_EQ(Quoted(std::string_view("\0\x1b\x7f", 3)), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(Quoted("\xC2\x9B"
                   "31m"),
            R"("\u009b31m")");
  EXPECT_EQ(Quoted("z\xC3\xBC\xF0\x9F\x94\x92"), "\"z\xC3\xBC\xF0\x9F\x94\x92\"");
}

TEST(JsonWriter, InvisibleCharactersAreEscapedAndReadBackAsTheyWere) {
  const std::string text = "a\xE2\x80\xAE" "b\xF3\xA0\x81\x81\xE2\x80\x8D \\x1b \"";  // override, tag A, joiner
  EXPECT_EQ(Quoted(text), R"("a\u202eb\udb40\udc41\u200d \\x1b \"")");
  const auto parsed = model::JsonDocument::Parse("{\"k\":" + Quoted(text) + "}");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->root().StringAt("k"), text);
}

TEST(JsonWriter, InvalidUtf8BecomesTheReplacementCharacter) {
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(Quoted("a\xFF"
                   "b"),
            "\"a" + replaced + "b\"");
  EXPECT_EQ(Quoted("\xC3"), "\"" + replaced + "\"");
  EXPECT_EQ(Quoted("\xC0\xAF"), "\"" + replaced + replaced + "\"");
  EXPECT_EQ(Quoted("\xED\xA0\x80"), "\"" + replaced + replaced + replaced + "\"");
  EXPECT_EQ(Quoted("\xF4\x90\x80\x80"), "\"" + replaced + replaced + replaced + replaced + "\"");
}

TEST(JsonWriter, EveryByteComesOutAsStrictJson) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const std::string document = "{\"k\":" + Quoted(text) + "}";
      ASSERT_TRUE(model::JsonDocument::Parse(document).ok()) << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace entente::cli
