#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "model/json.h"
#include "tests/vectors/vector_file.h"

namespace entente::model {
namespace {

Bytes CanonicalOf(ByteView text) {
  const auto document = JsonDocument::Parse(text);
  EXPECT_TRUE(document.ok()) << document.status();
  return document.ok() ? Canonical(document->root()) : "";
}

TEST(Canonical, DocumentsOfTheRfc) {
  for (const auto& record : test::ReadVectors("jcs-documents.txt")) {
    EXPECT_EQ(CanonicalOf(record.at("input")), record.at("output")) << record.at("name");
  }
}

TEST(Canonical, NumbersAsEcmaScriptWritesThem) {
  for (const auto& record : test::ReadVectors("jcs-numbers.txt")) {
    const auto bits = ReadBigEndian<uint64_t>(record.at("bits"));
    double number = 0;
    std::memcpy(&number, &bits, sizeof number);
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%.17e", number);
    EXPECT_EQ(CanonicalOf(text.data()), record.at("text")) << text.data();
  }
}

TEST(Canonical, SortsByUtf16CodeUnits) {
  EXPECT_EQ(CanonicalOf(R"({"\ue000":1,"\ud83d\ude00":2,"\ufb33":3,"a":4,"":5,"aa":6,"\ud7ff":7,"\uffff":8})"),
            "{\"\":5,\"a\":4,\"aa\":6,\"\xED\x9F\xBF\":7,\"\xF0\x9F\x98\x80\":2,\"\xEE\x80\x80\":1,\"\xEF\xAC\xB3\":3,"
            "\"\xEF\xBF\xBF\":8}");
}

TEST(Canonical, EscapesOnlyWhatMustBe) {
  EXPECT_EQ(CanonicalOf(R"("\u0000\u0008\t\n\u000b\f\r\u001f\"\\\/\u007f\u2028\u00e9")"),
            "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\x7F\xE2\x80\xA8\xC3\xA9\"");
}

TEST(Canonical, DropsWhiteSpaceAndNormalisesNothingElse) {
  EXPECT_EQ(CanonicalOf(" [ -0 , 1.0 , { } , [ ] , null ] "), "[0,1,{},[],null]");
  EXPECT_EQ(CanonicalOf("\"A\xCC\x8A\""), "\"A\xCC\x8A\"");
}

TEST(Canonical, WritesWholeNumbersOutUpTo21Digits) {
  EXPECT_EQ(CanonicalOf("1e20"), "100000000000000000000");
  EXPECT_EQ(CanonicalOf("9007199254740993.0"), "9007199254740992");
  EXPECT_FALSE(JsonDocument::Parse("100000000000000000000").ok());
}

TEST(Canonical, TheUpstreamFilesWhenPresent) {
  const std::filesystem::path folder = ENTENTE_SOURCE_DIR "/../shared/data/vectors/jcs/testdata";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "corpora not present";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "input")) {
    const auto read = [](const std::filesystem::path& path) {
      std::ifstream in(path, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_EQ(CanonicalOf(read(entry.path())), read(folder / "output" / entry.path().filename())) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 6);
}

// A random JSON text: a tree of every kind, with white space and escapes as a writer may choose them.
std::string RandomString() {
  std::string out = "\"";
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "Z", " ", "\\n", "\\u0041", "\\ud83d\\ude02", "\xC3\xA9", "\xF0\x9F\x98\x80",
                                    "\xEE\x80\x80", "\\\\", "\\\"", "\\/", "\\u0000", "'", "{", "]"));
  for (const std::string& piece : pieces) out += piece;
  return out + "\"";
}

std::string RandomNumber() {
  if (*rc::gen::arbitrary<bool>())
    return std::to_string(*rc::gen::inRange<int64_t>(-9007199254740991, 9007199254740992));
  // Whole numbers from 2^53 to 10^21 are written out by RFC 8785 and then refused by Parse (docs/formats/json.md).
  const double number = *rc::gen::suchThat(rc::gen::arbitrary<double>(), [](double candidate) {
    return std::abs(candidate) < 9007199254740992.0 || std::abs(candidate) >= 1e21;
  });
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.17e", number);
  return text.data();
}

std::string RandomTree(int depth) {
  const int kind = *rc::gen::inRange(0, depth < 6 ? 7 : 5);
  if (kind == 0) return "null";
  if (kind == 1) return "true";
  if (kind == 2) return "false";
  if (kind == 3) return RandomNumber();
  if (kind == 4) return RandomString();
  const std::string space = *rc::gen::element<std::string>("", " ", "\n\t");
  const int size = *rc::gen::inRange(0, 5);
  std::string out = kind == 5 ? "[" : "{";
  for (int i = 0; i < size; ++i) {
    if (i > 0) out += "," + space;
    // A counter in front keeps generated keys apart.
    if (kind == 6) out += "\"" + std::to_string((i * 7) % 5) + RandomString().substr(1) + space + ":";
    out += RandomTree(depth + 1);
  }
  return out + space + (kind == 5 ? "]" : "}");
}

RC_GTEST_PROP(Canonical, IsAFixedPointOfParsing, ()) {
  const std::string text = RandomTree(0);
  const auto first = JsonDocument::Parse(text);
  RC_ASSERT(first.ok());
  const Bytes canonical = Canonical(first->root());
  const auto second = JsonDocument::Parse(canonical);
  RC_ASSERT(second.ok());
  RC_ASSERT(Canonical(second->root()) == canonical);
}

}  // namespace
}  // namespace entente::model
