#include "policy/object_classes.h"

#include <algorithm>
#include <optional>
#include <set>

#include "policy/matchers.h"

namespace entente::policy {
namespace {

constexpr char kKnown = 1, kUnknown = 0;

void Append(uint32_t number, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

template <typename Take>
void ForEachConditions(const std::vector<Rule>& rules, Take take) {
  for (const Rule& rule : rules) {
    take(rule.when);
    if (rule.unless) take(*rule.unless);
  }
}

void Edges(const Interval& interval, std::set<int64_t>& out) {
  if (interval.least != INT64_MIN) out.insert(interval.least);
  if (interval.most != INT64_MAX) out.insert(interval.most + 1);
}

}  // namespace

ObjectClasses::ObjectClasses(const std::vector<Rule>& rules) {
  for (size_t i = 0; i < kKeyCount; ++i) {
    AskedWords asked{static_cast<Key>(i), {}};
    if (!ReadsObject(asked.key)) continue;
    ForEachConditions(rules, [&](const Conditions& conditions) { Add(conditions, asked.key, asked); });
    if (asked.key == Key::kProperty) AddRemoved(rules, asked);
    if (!asked.numbers.empty()) words_.push_back(std::move(asked));
  }
  holds_ = std::any_of(rules.begin(), rules.end(), [](const Rule& rule) { return rule.effect == Effect::kQuarantine; });
  for (size_t i = 0; i < kMeasureCount; ++i) {
    std::set<int64_t> edges;
    ForEachConditions(rules, [&](const Conditions& conditions) { Edges(conditions.measures[i], edges); });
    if (!edges.empty()) measures_.push_back({static_cast<Measure>(i), {edges.begin(), edges.end()}});
  }
}

void ObjectClasses::Add(const Conditions& conditions, Key key, AskedWords& out) const {
  for (const std::string& word : conditions.words[static_cast<size_t>(key)]) {
    out.numbers.try_emplace(word, static_cast<uint32_t>(out.numbers.size()));
  }
}

// A redaction asks nothing of an object that has none of what it takes away.
void ObjectClasses::AddRemoved(const std::vector<Rule>& rules, AskedWords& out) const {
  for (const Rule& rule : rules) {
    for (const std::string& name : rule.remove) out.numbers.try_emplace(name, static_cast<uint32_t>(out.numbers.size()));
  }
}

std::string ObjectClasses::Of(const ObjectFacts& object, absl::Time now) const {
  std::string out;
  if (holds_) out += object.released ? kKnown : kUnknown;
  std::vector<std::string_view> said;
  std::vector<uint32_t> asked;
  for (const AskedWords& words : words_) {
    said.clear();
    asked.clear();
    out += static_cast<char>(WordsOfObject(words.key, object, now, said));
    for (const std::string_view word : said) {
      if (const auto found = words.numbers.find(word); found != words.numbers.end()) asked.push_back(found->second);
    }
    std::sort(asked.begin(), asked.end());
    asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
    Append(static_cast<uint32_t>(asked.size()), out);
    for (const uint32_t number : asked) Append(number, out);
  }
  for (const AskedNumbers& numbers : measures_) {
    const std::optional<int64_t> number = NumberOfObject(numbers.measure, object, now);
    out += number ? kKnown : kUnknown;
    if (!number) continue;
    const auto above = std::upper_bound(numbers.edges.begin(), numbers.edges.end(), *number);
    Append(static_cast<uint32_t>(above - numbers.edges.begin()), out);
  }
  return out;
}

}  // namespace entente::policy
