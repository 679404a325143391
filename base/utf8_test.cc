#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace entente {
namespace {

TEST(Utf8, ReadsBackEveryCodePoint) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text(4, '\0');
    text.resize(static_cast<size_t>(WriteRune(code, text.data()) - text.data()));
    const Rune rune = ReadRune(text, 0);
    ASSERT_EQ(rune.code, code);
    ASSERT_EQ(rune.size, text.size());
    ASSERT_TRUE(text.size() == 1 || ReadRune(text.substr(0, text.size() - 1), 0).size == 0);
  }
}

TEST(Utf8, IsWellFormedFromEndToEndOrNot) {
  for (const char* good :
       {"", "plain", "caf\xC3\xA9", "\xE2\x80\x94 \xF0\x9F\x98\x80", "\xED\x9F\xBF\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "a\xFF", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3(", "good until \xF0\x9F\x98"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace entente
