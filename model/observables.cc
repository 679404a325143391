#include "model/observables.h"

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_set.h"
#include "model/pattern_literals.h"
#include "model/stix_object.h"

namespace entente::model {
namespace {

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Gathers values, normalised, each once, up to the limits.
class ValueSet {
 public:
  bool IsFull() const { return values_.size() >= kMaxValuesPerObject; }
  void Add(std::string_view value) {
    if (IsFull() || value.size() > kMaxSearchValueBytes) return;
    std::string normal = NormaliseValue(value);
    if (!normal.empty() && seen_.insert(normal).second) values_.push_back(std::move(normal));
  }
  void AddString(const JsonValue& object, std::string_view property) { Add(object.StringAt(property)); }
  void AddStrings(const JsonValue& object, std::string_view property) {
    const JsonValue* list = object.Find(property);
    if (list == nullptr || !list->is_array()) return;
    for (const JsonValue& element : list->elements()) {
      if (IsFull()) return;
      if (element.is_string()) Add(element.text());
    }
  }
  std::vector<std::string> Take() { return std::move(values_); }

 private:
  std::vector<std::string> values_;
  absl::flat_hash_set<std::string> seen_;
};

void CollectObservable(const JsonValue& observable, ValueSet& values) {
  for (const std::string_view property :
       {"value", "name", "path", "key", "serial_number", "user_id", "account_login"}) {
    values.AddString(observable, property);
  }
  const JsonValue* hashes = observable.Find("hashes");
  if (hashes == nullptr || !hashes->is_object()) return;
  for (const JsonValue::Member& hash : hashes->members()) {
    if (values.IsFull()) return;
    if (hash.value.is_string()) values.Add(hash.value.text());
  }
}

// One property of every external reference: its "external_id" or its "url".
void CollectReferences(const JsonValue& object, std::string_view property, ValueSet& values) {
  const JsonValue* references = object.Find("external_references");
  if (references == nullptr || !references->is_array()) return;
  for (const JsonValue& reference : references->elements()) {
    if (values.IsFull()) return;
    values.AddString(reference, property);
  }
}

// STIX 2.0 keeps observables inside observed-data, in a dictionary under "objects".
void CollectEmbedded(const JsonValue& object, ValueSet& values) {
  const JsonValue* embedded = object.Find("objects");
  if (embedded == nullptr || !embedded->is_object()) return;
  for (const JsonValue::Member& member : embedded->members()) {
    if (values.IsFull()) return;
    CollectObservable(member.value, values);
  }
}

}  // namespace

std::string NormaliseValue(std::string_view value) {
  while (!value.empty() && IsSpace(value.front())) value.remove_prefix(1);
  while (!value.empty() && IsSpace(value.back())) value.remove_suffix(1);
  std::string out;
  out.reserve(value.size());
  for (char c : value) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const size_t size = out.size();
    const bool dotted =
        size >= 2 && out[size - 1] == '.' && ((c == ']' && out[size - 2] == '[') || (c == ')' && out[size - 2] == '('));
    if (dotted) {
      out.resize(size - 2);
      c = '.';
    }
    out.push_back(c);
  }
  if (out.rfind("hxxp", 0) == 0) out.replace(1, 2, "tt");
  return out;
}

std::vector<std::string> SearchValues(const StixObject& object) {
  ValueSet values;
  const JsonValue& json = object.json();
  if (object.type() == "marking-definition") return {};
  const std::string_view pattern_type = json.StringAt("pattern_type");
  if (object.type() == "indicator" && (pattern_type.empty() || pattern_type == "stix")) {
    for (const std::string& literal : PatternLiterals(json.StringAt("pattern"), kMaxValuesPerObject)) {
      values.Add(literal);
    }
  }
  CollectObservable(json, values);
  CollectReferences(json, "external_id", values);
  values.AddStrings(json, "aliases");
  values.AddStrings(json, "x_mitre_aliases");
  CollectEmbedded(json, values);
  CollectReferences(json, "url", values);  // last: a long list of sources takes no other value's place
  return values.Take();
}

}  // namespace entente::model
