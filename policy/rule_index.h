#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/checks.h"
#include "policy/matchers.h"
#include "policy/object_classes.h"
#include "policy/rule.h"
#include "policy/rules.h"

namespace entente::policy {

// Rules, turned round: for each matcher which rules a word or a number leaves. A question costs one look-up for each
// word it says and one pass over bits for each matcher that any rule uses, not one for each rule. Immutable.
class RuleIndex {
 public:
  RuleIndex(std::vector<Rule> rules, std::string file);

  // The rules that match up to the first that is no redaction, that one last.
  std::vector<const Rule*> Find(const Facts& facts) const;
  const std::string& file() const { return file_; }
  size_t size() const { return rules_.size(); }
  const ObjectClasses& object_classes() const { return object_classes_; }
  bool names_party(std::string_view name) const;

 private:
  static constexpr size_t kMostWords = kMaxRules / 64;
  using Bits = std::vector<uint64_t>;
  using Candidates = std::array<uint64_t, kMostWords>;
  // Rules that ask for one word: few by number, many by bits.
  struct Askers {
    std::vector<uint32_t> few;
    Bits many;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct WordColumn {
    Key key;
    Bits free;     // rules that do not ask
    Bits unknown;  // those that hold where nothing is known
    std::unordered_map<std::string, Askers, Hash, std::equal_to<>> by_word;
  };
  struct MeasureColumn {
    Measure measure;
    Bits unknown;
    std::vector<std::pair<int64_t, Bits>> from;  // what holds from that number to the next
  };

  Bits Empty() const { return Bits(blocks_, 0); }
  void AddWords(Key key);
  void AddMeasure(Measure measure);
  void Narrow(const WordColumn& column, const Facts& facts, std::vector<std::string_view>& words,
              Candidates& left) const;
  void Narrow(const MeasureColumn& column, const Facts& facts, Candidates& left) const;

  std::vector<Rule> rules_;
  ObjectClasses object_classes_;
  std::string file_;
  size_t blocks_;
  std::vector<WordColumn> words_;
  std::vector<MeasureColumn> measures_;
};

}  // namespace entente::policy
