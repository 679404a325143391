#include "base/testing/damage_table.h"
#include "model/json.h"
#include "model/stix_object.h"

// JSON with one thing wrong: refused before anything is made canonical or signed.
namespace entente::model {
namespace {

using enum RejectReason;
using test::Damage;
using test::DamageTable;
using test::OneAnswer;
using test::Outcome;

// Each of the texts, all refused for one reason with these words among what is said.
std::function<Outcome()> Texts(std::vector<std::string> texts, std::string says = "") {
  return [texts = std::move(texts), says = std::move(says)] {
    OneAnswer answer;
    for (size_t i = 0; i < texts.size(); ++i) {
      const Outcome outcome = JsonDocument::Parse(texts[i]);
      EXPECT_NE(outcome.said.find(says), std::string::npos) << texts[i] << ": " << outcome.said;
      answer.Take(outcome, i);
    }
    return answer.Said();
  };
}
std::function<Outcome()> Nested(size_t depth) {
  return Texts({std::string(depth, '[') + std::string(depth, ']')});
}
// Each control character, raw in a string.
std::vector<std::string> ControlCharacters() {
  std::vector<std::string> out;
  for (char c = 0; c < 0x20; ++c) out.push_back(std::string("[\"a") + c + "\"]");
  return out;
}

const Damage kJsonRows[] = {
    {0, "Good", kNone,
     Texts({R"({"a":1,"A":2,"b":{"a":3}})", "1.7976931348623157e308", "[\"\x7F\"]", "9007199254740991"})},
    {21, "ANameTwice", kJson,
     Texts({R"({"id":1,"id":2})", R"({"":1,"":2})", R"({"x":[{"k":1,"j":2,"k":3}]})"}, "the same key twice")},
    {21, "ANameTwiceEscaped", kJson,
     Texts({R"({"id":1,"\u0069d":2})", R"({"\u0069d":1,"id":2})", R"({"\u0069\u0064":1,"i\u0064":2})",
            R"({"a/b":1,"a\/b":2})", "{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}", R"({"\u00e9":1,"\u00E9":2})",
            R"({"x":{"y":[{"k":1,"\u006b":2}]}})"},
           "the same key twice")},
    {21, "ALoneSurrogate", kJson,
     Texts({R"(["\ud800"])", R"(["\udc00"])", R"(["\ud800\ud800"])", R"(["\ud800x"])", R"(["\ud83d\u0041"])",
            R"(["\ud83d\n"])", R"(["\uDE02\uD83D"])", R"({"\ud800":1})"})},
    {21, "ABadEscape", kJson, Texts({R"(["\u12"])", R"(["\u00zz"])", R"(["\x"])", R"(["\'"])", R"(["\U0041"])"})},
    {21, "NoUtf8", kJson,
     Texts({"[\"\x80\"]", "[\"\xC0\xAF\"]", "[\"\xE0\x80\x80\"]", "[\"\xED\xA0\x80\"]", "[\"\xF4\x90\x80\x80\"]",
            "[\"\xFF\"]", "[\"\xC3\"]"},
           "not valid UTF-8")},
    {21, "ARawControlCharacter", kJson, Texts(ControlCharacters())},
    {0, "AsDeepAsItMayBe", kNone, Nested(kMaxJsonDepth)},
    {21, "ALevelTooDeep", kJson, Nested(kMaxJsonDepth + 1)},
    {21, "AMillionLevels", kJson, Nested(1'000'000)},
    {21, "AnIntegerBeyondTheExactRange", kJson,
     Texts({"9007199254740992", "-9007199254740992", "9007199254740993", "18446744073709551616"}, "2^53-1")},
    {21, "ANumberThatNoDoubleHolds", kJson, Texts({"1e400", "-1e400", "1e309", "123456789e999999999", "1.8e308"})},
    {21, "NoNumber", kJson, Texts({"NaN", "Infinity", "-Infinity", "nan", "01", "+1", ".5", "1.", "0x10"})},
    {21, "AByteOrderMark", kJson, Texts({"\xEF\xBB\xBF{}"}, "byte order mark")},
    {21, "AByteOrderMarkBehindALine", kJson, Texts({"\n\xEF\xBB\xBF{}"})},
    {21, "TrailingBytes", kJson,
     Texts({"1 2", "1,2", "[1]]", "[1][2]", "{}{}", "{} x", "{\"a\":1}}", "[] ,", "1]", "[]\"x\"", "{}\n{}", "{}\x1e{}",
            std::string("{}\0", 3), std::string("[1,\0 2]", 7)})},
    {21, "AComment", kJson, Texts({"/*c*/1", "1//c", "[1,/*c*/2]", "{//c\n}", "#c\n1", "{\"a\":1/**/}"})},
    {21, "AStixObjectWithANameTwice", kJson,
     [] {
       return StixObject::Parse(
           R"({"type":"indicator","id":"indicator--62689db9-09a7-4ee7-9a4f-4a9f970a1a4f","\u0069d":"x"})");
     }},
};
const DamageTable kJsonTable("Json", kJsonRows);

}  // namespace
}  // namespace entente::model
