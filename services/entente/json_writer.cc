#include "services/entente/json_writer.h"

#include <cassert>
#include <cstdio>

#include "model/text.h"

namespace entente::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the well-formed UTF-8 sequence at the front of `text` (RFC 3629: no overlong forms, no surrogates), 0 if
// none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

std::string EscapeAscii(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    default:
      break;
  }
  if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) return std::string(1, c);
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned char>(c));
  return buffer;
}

// One well-formed sequence of two to four bytes as \uXXXX, beyond U+FFFF as a surrogate pair.
std::string EscapeRune(std::string_view sequence) {
  const size_t size = sequence.size();
  uint32_t code = static_cast<unsigned char>(sequence[0]) & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned char>(sequence[i]) & 0x3Fu);
  char buffer[16];
  if (code < 0x10000) {
    std::snprintf(buffer, sizeof buffer, "\\u%04x", code);
  } else {
    code -= 0x10000;
    std::snprintf(buffer, sizeof buffer, "\\u%04x\\u%04x", 0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF));
  }
  return buffer;
}

}  // namespace

void JsonWriter::Comma() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (filled_.empty()) return;
  if (filled_.back()) out_ += ',';
  filled_.back() = true;
}

void JsonWriter::Quote(std::string_view text) {
  out_ += '"';
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 1) {
      out_ += EscapeAscii(text[0]);
    } else if (length > 1 && model::Escaped(text.substr(0, length)) != text.substr(0, length)) {
      out_ += EscapeRune(text.substr(0, length));  // what a terminal obeys, or a reader does not see
    } else if (length > 1) {
      out_ += text.substr(0, length);
    } else {
      out_ += kReplacement;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out_ += '"';
}

JsonWriter& JsonWriter::Raw(std::string_view token) {
  Comma();
  out_ += token;
  return *this;
}

JsonWriter& JsonWriter::BeginObject() {
  Raw("{");
  filled_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  assert(!filled_.empty() && !after_key_);
  filled_.pop_back();
  out_ += '}';
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  Raw("[");
  filled_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  assert(!filled_.empty() && !after_key_);
  filled_.pop_back();
  out_ += ']';
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  assert(!filled_.empty() && !after_key_);
  Comma();
  Quote(key);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::Value(std::string_view text) {
  Comma();
  Quote(text);
  return *this;
}

JsonWriter& JsonWriter::Value(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  return Raw(buffer);
}

}  // namespace entente::cli
