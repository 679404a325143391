#include "policy/rule_index.h"

#include <algorithm>
#include <bit>
#include <set>

#include "model/text.h"
#include "policy/rule_file.h"

namespace entente::policy {
namespace {

void Set(std::vector<uint64_t>& bits, size_t at) {
  bits[at / 64] |= uint64_t{1} << (at % 64);
}

// `unless`, asked of the few rules whose `when` holds. What is not known exempts from a permit and from nothing else.
bool Exempts(const Rule& rule, const Facts& facts) {
  if (!rule.unless) return false;
  const bool where_unknown = rule.effect == Effect::kPermit;
  std::vector<std::string_view> said;
  for (size_t key = 0; key < kKeyCount; ++key) {
    const std::vector<std::string>& asked = rule.unless->words[key];
    if (asked.empty()) continue;
    said.clear();
    const Known known = WordsOf(static_cast<Key>(key), facts, said);
    const auto is_asked = [&](std::string_view word) { return std::binary_search(asked.begin(), asked.end(), word); };
    if (std::any_of(said.begin(), said.end(), is_asked)) continue;
    if (known == Known::kAll || !where_unknown) return false;
  }
  for (size_t i = 0; i < kMeasureCount; ++i) {
    const Interval& interval = rule.unless->measures[i];
    if (interval.whole()) continue;
    const std::optional<int64_t> number = NumberOf(static_cast<Measure>(i), facts);
    if (number ? *number < interval.least || *number > interval.most : !where_unknown) return false;
  }
  return true;
}

}  // namespace

RuleIndex::RuleIndex(std::vector<Rule> rules, std::string file)
    : rules_(std::move(rules)), object_classes_(rules_), file_(std::move(file)), blocks_((rules_.size() + 63) / 64) {
  for (size_t key = 0; key < kKeyCount; ++key) AddWords(static_cast<Key>(key));
  for (size_t measure = 0; measure < kMeasureCount; ++measure) AddMeasure(static_cast<Measure>(measure));
}

void RuleIndex::AddWords(Key key) {
  WordColumn column{key, Empty(), Empty(), {}};
  for (size_t i = 0; i < rules_.size(); ++i) {
    const std::vector<std::string>& asked = rules_[i].when.words[static_cast<size_t>(key)];
    if (asked.empty()) Set(column.free, i);
    if (asked.empty() || rules_[i].effect != Effect::kPermit) Set(column.unknown, i);
    for (const std::string& word : asked) column.by_word[word].few.push_back(static_cast<uint32_t>(i));
  }
  if (column.by_word.empty()) return;
  for (auto& [word, askers] : column.by_word) {
    if (askers.few.size() <= blocks_) continue;
    askers.many = Empty();
    for (const uint32_t i : askers.few) Set(askers.many, i);
    askers.few.clear();
  }
  words_.push_back(std::move(column));
}

void RuleIndex::AddMeasure(Measure measure) {
  std::set<int64_t> edges = {INT64_MIN};
  const auto interval = [&](size_t i) -> const Interval& {
    return rules_[i].when.measures[static_cast<size_t>(measure)];
  };
  MeasureColumn column{measure, Empty(), {}};
  for (size_t i = 0; i < rules_.size(); ++i) {
    edges.insert(interval(i).least);
    if (interval(i).most != INT64_MAX) edges.insert(interval(i).most + 1);
    if (interval(i).whole() || rules_[i].effect != Effect::kPermit) Set(column.unknown, i);
  }
  if (edges.size() == 1) return;
  for (const int64_t edge : edges) {
    column.from.emplace_back(edge, Empty());
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (interval(i).least <= edge && edge <= interval(i).most) Set(column.from.back().second, i);
    }
  }
  measures_.push_back(std::move(column));
}

void RuleIndex::Narrow(const WordColumn& column, const Facts& facts, std::vector<std::string_view>& words,
                       Candidates& left) const {
  words.clear();
  // Where not all is known, a rule that does not permit holds as if the rest were what it asks for.
  const Known known = WordsOf(column.key, facts, words);
  const Bits& without_words = known == Known::kAll ? column.free : column.unknown;
  Candidates held;
  std::copy(without_words.begin(), without_words.end(), held.begin());
  for (const std::string_view word : words) {
    const auto askers = column.by_word.find(word);
    if (askers == column.by_word.end()) continue;
    for (const uint32_t i : askers->second.few) held[i / 64] |= uint64_t{1} << (i % 64);
    if (askers->second.many.empty()) continue;
    for (size_t b = 0; b < blocks_; ++b) held[b] |= askers->second.many[b];
  }
  for (size_t b = 0; b < blocks_; ++b) left[b] &= held[b];
}

void RuleIndex::Narrow(const MeasureColumn& column, const Facts& facts, Candidates& left) const {
  const std::optional<int64_t> number = NumberOf(column.measure, facts);
  const Bits* held = &column.unknown;
  if (number) {
    const auto behind = std::upper_bound(column.from.begin(), column.from.end(), *number,
                                         [](int64_t n, const auto& entry) { return n < entry.first; });
    held = &std::prev(behind)->second;
  }
  for (size_t b = 0; b < blocks_; ++b) left[b] &= (*held)[b];
}

std::vector<const Rule*> RuleIndex::Find(const Facts& facts) const {
  std::vector<const Rule*> found;
  const bool released = facts.question.object != nullptr && facts.question.object->released;
  Candidates left;
  std::fill_n(left.begin(), blocks_, ~uint64_t{0});
  if (rules_.size() % 64 != 0) left[blocks_ - 1] = (uint64_t{1} << (rules_.size() % 64)) - 1;
  std::vector<std::string_view> words;
  words.reserve(64);
  for (const WordColumn& column : words_) Narrow(column, facts, words, left);
  for (const MeasureColumn& column : measures_) Narrow(column, facts, left);
  for (size_t b = 0; b < blocks_; ++b) {
    for (; left[b] != 0; left[b] &= left[b] - 1) {
      const Rule& rule = rules_[b * 64 + static_cast<size_t>(std::countr_zero(left[b]))];
      if ((rule.effect == Effect::kQuarantine && released) || Exempts(rule, facts)) continue;
      found.push_back(&rule);
      if (rule.effect != Effect::kRedact) return found;
    }
  }
  return found;
}

bool RuleIndex::names_party(std::string_view name) const {
  const auto named = [name](const Conditions& conditions) {
    const auto among = [&](Key key) {
      const std::vector<std::string>& words = conditions.words[static_cast<size_t>(key)];
      return std::binary_search(words.begin(), words.end(), name);
    };
    return among(Key::kPeer) || among(Key::kOrigin);
  };
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return named(rule.when) || (rule.unless && named(*rule.unless));
  });
}

absl::StatusOr<Rules> Rules::Parse(std::string_view text, std::string_view file, const KnownNames& known) {
  if (absl::Status status = ScanRuleText(text, file); !status.ok()) return status;
  absl::StatusOr<RuleFile> read = ReadRules(text, file, known);
  if (!read.ok()) return read.status();
  if (absl::Status status = CheckRules(read->rules, file); !status.ok()) return status;
  Rules out;
  if (!read->rules.empty()) {
    out.index_ = std::make_shared<const RuleIndex>(std::move(read->rules), model::Escaped(file, 256));
  }
  if (!read->imports.empty()) out.imports_ = std::make_shared<const ImportProfiles>(std::move(read->imports));
  return out;
}

size_t Rules::imports() const {
  return imports_ ? imports_->size() : 0;
}

std::optional<model::Label> Rules::DefaultLabel(std::string_view source) const {
  if (!imports_) return std::nullopt;
  const auto found = imports_->find(source);
  return found == imports_->end() ? std::nullopt : std::optional(found->second);
}

size_t Rules::size() const {
  return index_ ? index_->size() : 0;
}

bool Rules::reads_objects() const {
  return index_ && !index_->object_classes().empty();
}

std::string Rules::ClassOf(const ObjectFacts& object, absl::Time now) const {
  return index_ ? index_->object_classes().Of(object, now) : std::string();
}

bool Rules::names_party(std::string_view name) const {
  return index_ && index_->names_party(name);
}

}  // namespace entente::policy
