#include <algorithm>
#include <array>
#include <charconv>

#include "model/json.h"
#include "model/json_text.h"

namespace entente::model {
namespace {

// Where `byte` sorts among UTF-16 code units: U+E000..U+FFFF (lead bytes EE, EF) follow the surrogates that spell
// everything above U+FFFF (lead bytes F0..F4). All other bytes already sort as their code points do.
uint8_t Utf16Rank(char byte) {
  const auto value = static_cast<uint8_t>(byte);
  return value == 0xEE || value == 0xEF ? static_cast<uint8_t>(value + 0x10) : value;
}

bool SortsBefore(std::string_view a, std::string_view b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() || in_b == b.end()) return in_a == a.end() && in_b != b.end();
  return Utf16Rank(*in_a) < Utf16Rank(*in_b);
}

void AppendString(Bytes& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    out.push_back('\\');
    constexpr std::string_view kShort = "\b\t\n\f\r\"\\", kLetters = "btnfr\"\\";
    if (const size_t at = kShort.find(text[i]); at != std::string_view::npos) {
      out.push_back(kLetters[at]);
    } else {
      out.append("u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xF]);
    }
  }
  out.append(text, plain, text.size() - plain);
  out.push_back('"');
}

// ECMAScript's Number::toString: the shortest digits that read back as `number`, laid out by their decimal exponent.
void AppendNumber(Bytes& out, double number) {
  if (number == 0) {  // -0 too
    out.push_back('0');
    return;
  }
  std::array<char, 32> text;  // "-d.dddddddddddddddde-308" is 24
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
  std::string_view shortest(text.data(), static_cast<size_t>(written.ptr - text.data()));
  if (shortest.front() == '-') {
    out.push_back('-');
    shortest.remove_prefix(1);
  }
  const size_t mark = shortest.find('e');
  int exponent = 0;
  const bool negative = shortest[mark + 1] == '-';
  std::from_chars(shortest.data() + mark + 2, shortest.data() + shortest.size(), exponent);
  if (negative) exponent = -exponent;
  Bytes digits(1, shortest[0]);
  if (mark > 2) digits.append(shortest.substr(2, mark - 2));
  const int count = static_cast<int>(digits.size());
  if (exponent >= 21 || exponent < -6) {
    out.push_back(digits[0]);
    if (count > 1) out.append(".").append(digits, 1);
    out.append(exponent < 0 ? "e-" : "e+").append(std::to_string(std::abs(exponent)));
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
  } else if (count > exponent + 1) {
    out.append(digits, 0, static_cast<size_t>(exponent) + 1).append(".");
    out.append(digits, static_cast<size_t>(exponent) + 1);
  } else {
    out.append(digits).append(static_cast<size_t>(exponent + 1 - count), '0');
  }
}

void AppendValue(Bytes& out, const JsonValue& value);

void AppendObject(Bytes& out, const JsonValue& object) {
  std::vector<const JsonValue::Member*> sorted;
  sorted.reserve(object.members().size());
  for (const JsonValue::Member& member : object.members()) sorted.push_back(&member);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return SortsBefore(a->key, b->key); });
  out.push_back('{');
  for (const JsonValue::Member* member : sorted) {
    if (member != sorted.front()) out.push_back(',');
    AppendString(out, member->key);
    out.push_back(':');
    AppendValue(out, member->value);
  }
  out.push_back('}');
}

void AppendValue(Bytes& out, const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      out.append("null");
      return;
    case JsonValue::Kind::kBool:
      out.append(value.boolean() ? "true" : "false");
      return;
    case JsonValue::Kind::kNumber:
      AppendNumber(out, value.number());
      return;
    case JsonValue::Kind::kString:
      AppendString(out, value.text());
      return;
    case JsonValue::Kind::kArray:
      out.push_back('[');
      for (const JsonValue& element : value.elements()) {
        if (&element != &value.elements().front()) out.push_back(',');
        AppendValue(out, element);
      }
      out.push_back(']');
      return;
    case JsonValue::Kind::kObject:
      AppendObject(out, value);
      return;
  }
}

}  // namespace

void AppendCanonicalString(Bytes& out, std::string_view text) {
  AppendString(out, text);
}

Bytes Canonical(const JsonValue& value) {
  Bytes out;
  AppendValue(out, value);
  return out;
}

}  // namespace entente::model
