#include "policy/object_facts.h"

#include <algorithm>

#include "model/timestamp.h"

namespace entente::policy {
namespace {

using model::JsonValue;

bool IsTypeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

std::optional<absl::Time> TimeAt(const JsonValue& object, std::string_view key) {
  const std::string_view text = object.StringAt(key);
  if (text.empty()) return std::nullopt;
  const absl::StatusOr<int64_t> at = model::ParseTimestamp(text);
  if (!at.ok()) return std::nullopt;
  return absl::FromUnixNanos(*at);
}

// A scalar as written; empty for what has no short text.
std::string TextOf(const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::kString:
    case JsonValue::Kind::kNumber:
      return std::string(value.text());
    case JsonValue::Kind::kBool:
      return value.boolean() ? "true" : "false";
    default:
      return {};
  }
}

constexpr size_t kMaxValueBytes = 256;  // no rule names a longer one

// False where there are more than are read.
bool AddProperties(const JsonValue& object, std::vector<std::string>& out) {
  for (const JsonValue::Member& member : object.members()) {
    if (out.size() >= kMaxFactProperties) return false;
    out.emplace_back(member.key);
    const std::string text = TextOf(member.value);
    const bool scalar = !member.value.is_array() && !member.value.is_object();
    if (scalar && member.key.size() + text.size() < kMaxValueBytes) out.push_back(std::string(member.key) + "=" + text);
  }
  return true;
}

}  // namespace

std::vector<std::string> PatternTypes(std::string_view pattern) {
  std::vector<std::string> types;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '\'') {
      quoted = !quoted;
      begin = i + 1;
    } else if (!quoted && !IsTypeCharacter(c)) {
      if (c == ':' && i > begin) types.emplace_back(pattern.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return types;
}

ObjectFacts FactsOf(const model::StixObject& object, size_t size) {
  const JsonValue& json = object.json();
  ObjectFacts facts;
  facts.type = object.type();
  facts.size = size;
  facts.properties_whole = AddProperties(json, facts.properties);
  if (const JsonValue* labels = json.Find("labels"); labels != nullptr) {
    for (const JsonValue& label : labels->elements()) {
      if (label.is_string()) facts.labels.emplace_back(label.text());
    }
  }
  facts.pattern_types = PatternTypes(json.StringAt("pattern"));
  const JsonValue* confidence = json.Find("confidence");
  if (confidence != nullptr && confidence->kind() == JsonValue::Kind::kNumber && confidence->number() >= 0 &&
      confidence->number() <= 100) {
    facts.confidence = static_cast<int>(confidence->number());
  }
  facts.changed = TimeAt(json, "modified");
  if (!facts.changed) facts.changed = TimeAt(json, "created");
  facts.valid_until = TimeAt(json, "valid_until");
  return facts;
}

}  // namespace entente::policy
