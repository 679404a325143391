#pragma once

#include "model/json.h"

namespace entente::fuzz {

inline void AppendQuoted(Bytes& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xF]);
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

// A value as JSON text that says the same: numbers as they were written, members in their order.
inline void AppendJson(Bytes& out, const model::JsonValue& value) {
  using Kind = model::JsonValue::Kind;
  bool first = true;
  const auto comma = [&] {
    if (!first) out.push_back(',');
    first = false;
  };
  switch (value.kind()) {
    case Kind::kNull: out.append("null"); return;
    case Kind::kBool: out.append(value.boolean() ? "true" : "false"); return;
    case Kind::kNumber: out.append(value.text()); return;
    case Kind::kString: AppendQuoted(out, value.text()); return;
    case Kind::kArray:
      out.push_back('[');
      for (const model::JsonValue& element : value.elements()) {
        comma();
        AppendJson(out, element);
      }
      out.push_back(']');
      return;
    case Kind::kObject:
      out.push_back('{');
      for (const model::JsonValue::Member& member : value.members()) {
        comma();
        AppendQuoted(out, member.key);
        out.push_back(':');
        AppendJson(out, member.value);
      }
      out.push_back('}');
      return;
  }
}
inline Bytes WriteJson(const model::JsonValue& value) {
  Bytes out;
  AppendJson(out, value);
  return out;
}

}  // namespace entente::fuzz
