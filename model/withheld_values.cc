#include "model/withheld_values.h"

#include <algorithm>
#include <cstring>

#include "model/stix_object.h"

namespace entente::model {
namespace {

bool IsLetterOrDigit(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80;
}

// Letters and digits, those of ASCII in lower case.
std::string Folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsLetterOrDigit(c)) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

// As STIX names properties: it says what something is, not which.
bool IsPlainName(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool StandsAlone(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsLetterOrDigit(text[at - 1])) && (end == text.size() || !IsLetterOrDigit(text[end]))) return true;
  }
  return false;
}

uint32_t StartOf(const char* text) {
  uint32_t start;
  std::memcpy(&start, text, sizeof start);
  return start;
}

}  // namespace

void WithheldValues::Needles::Add(std::string text) {
  if (text.size() < kMinWithheldBytes) return;
  const uint32_t start = StartOf(text.data());
  by_start_[start].push_back(std::move(text));
}

bool WithheldValues::Needles::AnyIn(std::string_view text) const {
  static_assert(kMinWithheldBytes == sizeof(uint32_t));
  if (by_start_.empty()) return false;
  for (size_t at = 0; at + kMinWithheldBytes <= text.size(); ++at) {
    const auto found = by_start_.find(StartOf(text.data() + at));
    if (found == by_start_.end()) continue;
    const std::string_view rest = text.substr(at);
    const auto begins = [rest](const std::string& needle) { return rest.starts_with(needle); };
    if (std::any_of(found->second.begin(), found->second.end(), begins)) return true;
  }
  return false;
}

void WithheldValues::Add(std::string_view text) {
  if (text.empty() || too_many_ || !known_.emplace(text).second) return;
  bytes_ += text.size();
  too_many_ = known_.size() > kMaxWithheldValues || bytes_ > kMaxWithheldBytes;
  texts_.emplace_back(text);
  if (text.size() < kMinWithheldBytes) words_.emplace(text);
  exact_.Add(std::string(text));
  folded_.Add(Folded(text));
  // The number in an id says as much as the id.
  const size_t dashes = text.find("--");
  if (dashes != std::string_view::npos && IsStixId(text, text.substr(0, dashes))) Add(text.substr(dashes + 2));
}

void WithheldValues::Add(const JsonValue& value) {
  if (value.is_string()) return Add(value.text());
  if (value.kind() == JsonValue::Kind::kNumber) {
    for (const std::string& text : {std::string(value.text()), Canonical(value)}) {
      if (text.size() >= kMinWithheldBytes) Add(text);
    }
  }
  for (const JsonValue& element : value.elements()) Add(element);
  for (const JsonValue::Member& member : value.members()) {
    if (!IsPlainName(member.key)) Add(member.key);
    Add(member.value);
  }
}

bool WithheldValues::InText(std::string_view text) const {
  if (exact_.AnyIn(text) || folded_.AnyIn(Folded(text))) return true;
  return std::any_of(words_.begin(), words_.end(), [text](const auto& word) { return StandsAlone(text, word); });
}

bool WithheldValues::InValue(const JsonValue& value) const {
  if (value.is_string() || value.kind() == JsonValue::Kind::kNumber) return InText(value.text());
  for (const JsonValue& element : value.elements()) {
    if (InValue(element)) return true;
  }
  return std::any_of(value.members().begin(), value.members().end(),
                     [this](const JsonValue::Member& member) { return InText(member.key) || InValue(member.value); });
}

bool WithheldValues::OccurIn(const JsonValue& object, ByteView bytes) const {
  return exact_.AnyIn(bytes) || InValue(object);
}

}  // namespace entente::model
