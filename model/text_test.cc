#include "model/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/utf8.h"

namespace entente::model {
namespace {

TEST(Escaped, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(Escaped("Plain text, caf\xC3\xA9, \xE2\x82\xAC, \xF0\x9F\x98\x82"),
            "Plain text, caf\xC3\xA9, \xE2\x82\xAC, \xF0\x9F\x98\x82");
  EXPECT_EQ(Escaped(""), "");
}

TEST(Escaped, ShowsControlCharactersAndBackslashes) {
  EXPECT_EQ(Escaped("a\x1b[31m\n\t\r\x7f\\"), "a\\x1b[31m\\x0a\\x09\\x0d\\x7f\\\\");
  EXPECT_EQ(Escaped(std::string_view("\0x", 2)), "\\x00x");
  EXPECT_EQ(Escaped("\xC2\x9B"), "\\u{9b}");
}

TEST(Escaped, ShowsInvalidUtf8ByteByByte) {
  EXPECT_EQ(Escaped("\xFF\x80z"), "\\xff\\x80z");
  EXPECT_EQ(Escaped("\xC0\xAF"), "\\xc0\\xaf");
  EXPECT_EQ(Escaped("\xED\xA0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(Escaped("\xE2\x82"), "\\xe2\\x82");
}

TEST(Escaped, ShowsWhatDeceivesTheEye) {
  for (const char32_t code : {0xAD,   0x61C,  0x200B, 0x200D, 0x200E, 0x200F, 0x202A,  0x202E,  0x2028, 0x2060,
                              0x2066, 0x2069, 0x3164, 0xFE0F, 0xFEFF, 0xFFF9, 0xE0041, 0xE0100, 0xFFFF, 0x10FFFF}) {
    std::string text(4, '\0');
    text.resize(static_cast<size_t>(WriteRune(code, text.data()) - text.data()));
    EXPECT_EQ(Escaped(text).rfind("\\u{", 0), 0u) << std::hex << static_cast<uint32_t>(code);
  }
}

TEST(Escaped, CutsAtTheLimitAndNeverInsideAPiece) {
  EXPECT_EQ(Escaped("abcdef", 6), "abcdef");
  EXPECT_EQ(Escaped("abcdefg", 6), "abcdef...");
  EXPECT_EQ(Escaped("abcd\x01", 6), "abcd...");
  EXPECT_EQ(Escaped("abcde\xC3\xA9", 6), "abcde...");
  EXPECT_EQ(Escaped(std::string(600, 'x')), std::string(512, 'x') + "...");
  EXPECT_EQ(Escaped("a", 0), "...");
}

RC_GTEST_PROP(Escaped, AnythingBecomesVisible, (const std::string& text)) {
  const std::string shown = Escaped(text, 4096);
  for (size_t i = 0; i < shown.size();) {
    const Rune rune = ReadRune(shown, i);
    RC_ASSERT(rune.size > 0);
    RC_ASSERT(rune.code >= 0x20 && rune.code != 0x7F);
    i += rune.size;
  }
}

TEST(IsWord, TakesPrintableAsciiWithoutASpace) {
  EXPECT_TRUE(IsWord("locked-shields-26"));
  EXPECT_TRUE(IsWord("!~"));
  EXPECT_TRUE(IsWord(std::string(kMaxWordBytes, 'w')));
  for (const std::string& text : {std::string(), std::string("two words"), std::string("tab\t"), std::string("caf\xc3\xa9"),
                                  std::string("\x7f"), std::string(kMaxWordBytes + 1, 'w')}) {
    EXPECT_FALSE(IsWord(text)) << text;
  }
}

TEST(DidYouMean, FindsTheNearest) {
  const std::vector<std::string> choices = {"publish", "peer", "search", "status", "AMBER+STRICT"};
  EXPECT_EQ(DidYouMean("pubish", choices), "publish");
  EXPECT_EQ(DidYouMean("serach", choices), "search");
  EXPECT_EQ(DidYouMean("STATUS", choices), "status");
  EXPECT_EQ(DidYouMean("amber-strict", choices), "AMBER+STRICT");
}

TEST(DidYouMean, SaysNothingWhenNothingIsNear) {
  const std::vector<std::string> choices = {"publish", "peer", "a"};
  EXPECT_EQ(DidYouMean("zzzzzzz", choices), "");
  EXPECT_EQ(DidYouMean("", choices), "");
  EXPECT_EQ(DidYouMean("x", choices), "");
  EXPECT_EQ(DidYouMean(std::string(1'000'000, 'p'), choices), "");
  EXPECT_EQ(DidYouMean("peer", {}), "");
}

}  // namespace
}  // namespace entente::model
