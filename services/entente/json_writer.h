#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace entente::cli {

// Writes one JSON value as one line. Strings come out as valid, terminal-safe JSON whatever bytes they hold, and a
// parser reads back the same text: control and invisible characters are written as \u escapes; only invalid UTF-8 is lost, to
// U+FFFD. The caller keeps the nesting right (checked by assert).
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& Value(std::string_view text);
  JsonWriter& Value(const char* text) { return Value(std::string_view(text)); }
  JsonWriter& Value(std::same_as<bool> auto value) { return Raw(value ? "true" : "false"); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonWriter& Value(T value) { return Raw(std::to_string(value)); }
  // Milliseconds precision; not for NaN or infinity.
  JsonWriter& Value(double value);
  JsonWriter& Null() { return Raw("null"); }
  template <typename T>
  JsonWriter& Field(std::string_view key, const T& value) {
    return Key(key).Value(value);
  }
  // The text so far; complete once everything begun has ended.
  const std::string& text() const { return out_; }

 private:
  JsonWriter& Raw(std::string_view token);
  void Comma();
  void Quote(std::string_view text);

  std::string out_;
  std::vector<bool> filled_;  // per open object or array: whether something is in it
  bool after_key_ = false;
};

}  // namespace entente::cli
