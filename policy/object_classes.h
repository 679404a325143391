#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "policy/object_facts.h"
#include "policy/rule.h"

namespace entente::policy {

// What a set of rules asks of objects, so that those it cannot tell apart are asked about once: which words, in `when`
// and in `unless`, and between which numbers. Immutable.
class ObjectClasses {
 public:
  explicit ObjectClasses(const std::vector<Rule>& rules);
  bool empty() const { return words_.empty() && measures_.empty() && !holds_; }
  // Rules::ClassOf.
  std::string Of(const ObjectFacts& object, absl::Time now) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct AskedWords {
    Key key;
    std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> numbers;
  };
  struct AskedNumbers {
    Measure measure;
    std::vector<int64_t> edges;  // ascending; a rule's answer changes at these alone
  };
  void Add(const Conditions& conditions, Key key, AskedWords& out) const;
  void AddRemoved(const std::vector<Rule>& rules, AskedWords& out) const;

  std::vector<AskedWords> words_;
  std::vector<AskedNumbers> measures_;
  bool holds_ = false;  // some rule holds objects for a person, whose release counts
};

}  // namespace entente::policy
