#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "policy/checks.h"
#include "policy/object_facts.h"
#include "policy/rule.h"

// Private to policy/: the matchers of local rules, by name and by what a question says to them.
namespace entente::policy {

enum class ValueKind { kWords, kTruth, kLabelFloor, kLabelCeiling, kAtLeast, kBelow, kAbove };
enum class Namespace { kNone, kParties, kGroups, kWarningLists };
struct Matcher {
  std::string_view name;
  ValueKind kind;
  Key key = Key::kCount;              // of words, truth values and labels
  Measure measure = Measure::kCount;  // of numbers
  int64_t least = 0, most = 0;        // a number's bounds
  Namespace names = Namespace::kNone;
};
const Matcher* FindMatcher(std::string_view name);
std::vector<std::string> MatcherNames();

// The word as it is compared (a group id as its bytes), or what is wrong with it, as a phrase.
struct WordOrFault {
  std::string word, fault;
};
WordOrFault ReadWord(Key key, const std::string& text);

// Whether what is said is known: not at all, in part (more may be true than is said), or wholly.
enum class Known { kNothing, kPart, kAll };
// What a question says to one matcher of words: appended to `out`, borrowed from `facts`.
Known WordsOf(Key key, const Facts& facts, std::vector<std::string_view>& out);
// What it says to one of numbers; unset where it is not known.
std::optional<int64_t> NumberOf(Measure measure, const Facts& facts);

// The same of an object alone, for the matchers that read nothing else.
bool ReadsObject(Key key);
Known WordsOfObject(Key key, const ObjectFacts& object, absl::Time now, std::vector<std::string_view>& out);
std::optional<int64_t> NumberOfObject(Measure measure, const ObjectFacts& object, absl::Time now);

inline constexpr size_t kMaxMatcherWords = 64, kMaxMatcherWordBytes = 256;

}  // namespace entente::policy
