#include "model/json_text.h"

#include <cstring>

#include "base/utf8.h"

namespace entente::model {
namespace {

// The value of four hex digits, or -1. `text` must hold them.
int ReadHex4(const char* text) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Reads the \u escape at `in` (and the low half behind a high one). Empty `what` when fine; advances `in` behind it.
std::string_view ReadUnicodeEscape(const char*& in, const char* end, char32_t& code) {
  constexpr std::string_view kBadHex = "a \\u escape needs four hexadecimal digits";
  constexpr std::string_view kAlone = "a \\u escape names half of a surrogate pair";
  const auto unit_at = [end](const char* at) { return end - at >= 6 && at[1] == 'u' ? ReadHex4(at + 2) : -1; };
  const int first = unit_at(in);
  if (first < 0) return kBadHex;
  if (first >= 0xDC00 && first <= 0xDFFF) return kAlone;
  code = static_cast<char32_t>(first);
  in += 6;
  if (first < 0xD800 || first > 0xDBFF) return {};
  const int second = in != end && *in == '\\' ? unit_at(in) : -1;
  if (second < 0xDC00 || second > 0xDFFF) return kAlone;
  code = 0x10000 + ((static_cast<char32_t>(first) - 0xD800) << 10) + (static_cast<char32_t>(second) - 0xDC00);
  in += 6;
  return {};
}

char SimpleEscape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

// Where the string ends that starts at `at`; npos when it does not.
size_t ClosingQuote(ByteView text, size_t at) {
  while (true) {
    at = text.find('"', at + 1);
    if (at == ByteView::npos) return at;
    const size_t before = text.find_last_not_of('\\', at - 1);
    if ((at - 1 - before) % 2 == 0) return at;  // an even number of backslashes: the quote is not escaped
  }
}

}  // namespace

std::optional<JsonFault> TooManyTokens(ByteView text, size_t limit) {
  size_t tokens = 1;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      at = ClosingQuote(text, at);
      if (at == ByteView::npos) break;
    } else if ((text[at] == ',' || text[at] == ':') && ++tokens > limit) {
      return JsonFault{"more than 1000000 keys and values", at};
    }
  }
  return std::nullopt;
}

std::optional<JsonFault> FirstTextFault(ByteView text) {
  bool in_string = false;
  size_t string_start = 0;
  for (size_t i = 0; i < text.size();) {
    const Rune rune = ReadRune(text, i);
    if (rune.size == 0) return JsonFault{"the text is not valid UTF-8", i};
    if (in_string && rune.code < 0x20) return JsonFault{"a control character inside a string must be escaped", i};
    if (in_string && rune.code == '\\') {
      i += i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0x80 && text[i + 1] >= 0x20 ? 2 : 1;
      continue;
    }
    if (!in_string && rune.code == '\\') return JsonFault{"a backslash outside a string", i};
    if (rune.code == '"') {
      in_string = !in_string;
      string_start = i;
    }
    i += rune.size;
  }
  if (in_string) return JsonFault{"a string is not closed; it starts", string_start};
  return std::nullopt;
}

Unescaped UnescapeInPlace(char* content, size_t size) {
  const char* const end = content + size;
  const char* in = static_cast<const char*>(std::memchr(content, '\\', size));
  if (in == nullptr) return {size, std::nullopt};
  char* out = content + (in - content);
  while (in != end) {
    const void* escape = std::memchr(in, '\\', static_cast<size_t>(end - in));
    const char* const plain_end = escape == nullptr ? end : static_cast<const char*>(escape);
    std::memmove(out, in, static_cast<size_t>(plain_end - in));
    out += plain_end - in;
    in = plain_end;
    if (in == end) break;
    const auto fault = [&](std::string_view what) {
      return Unescaped{0, JsonFault{what, static_cast<size_t>(in - content)}};
    };
    if (in + 1 == end) return fault("a backslash ends a string");
    if (in[1] == 'u') {
      char32_t code = 0;
      const char* behind = in;
      if (std::string_view what = ReadUnicodeEscape(behind, end, code); !what.empty()) return fault(what);
      in = behind;
      out = WriteRune(code, out);
      continue;
    }
    const char plain = SimpleEscape(in[1]);
    if (plain == '\0') return fault("unknown escape in a string");
    *out++ = plain;
    in += 2;
  }
  return {static_cast<size_t>(out - content), std::nullopt};
}

}  // namespace entente::model
