#pragma once

#include <cstdint>
#include <string_view>

namespace entente {

// One code point read from UTF-8. size 0: no well-formed sequence starts here (RFC 3629: overlong forms, surrogates and
// anything over U+10FFFF are ill-formed).
struct Rune {
  char32_t code = 0;
  size_t size = 0;
};
// `at` must be inside `text`.
Rune ReadRune(std::string_view text, size_t at);
// Whether `text` is well-formed from end to end; the empty text is.
bool IsUtf8(std::string_view text);
// Writes the UTF-8 of `code` (no surrogate, at most U+10FFFF) and returns one past its end; up to four bytes.
char* WriteRune(char32_t code, char* out);

}  // namespace entente
