#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Private to policy/: local rules as they stand in a file (docs/formats/rules.md).
namespace entente::policy {

// Matchers of words: one of the rule's must be one of the question's. A truth value is the word "true" or "false";
// label_at_least and label_at_most together are the labels between them.
enum class Key {
  kDirection,
  kLane,
  kPeer,
  kPeerKind,
  kPeerNation,
  kPeerSector,
  kGroup,
  kOrigin,
  kRelationship,
  kLabel,
  kPap,
  kType,
  kProperty,
  kStixLabel,
  kPatternType,
  kExpired,
  kWarningList,
  kWarned,
  kSource,
  kCrossBorder,
  kUse,
  kCount
};
inline constexpr size_t kKeyCount = static_cast<size_t>(Key::kCount);

// Matchers of numbers: an interval of what is allowed, both ends in it.
enum class Measure { kConfidence, kAgeDays, kSize, kCount };
inline constexpr size_t kMeasureCount = static_cast<size_t>(Measure::kCount);
struct Interval {
  int64_t least = INT64_MIN, most = INT64_MAX;
  bool whole() const { return least == INT64_MIN && most == INT64_MAX; }
};

struct Conditions {
  std::array<std::vector<std::string>, kKeyCount> words;  // sorted; empty: does not ask
  std::array<Interval, kMeasureCount> measures;
};

enum class Effect { kWithhold, kRedact, kQuarantine, kPermit };

struct Place {
  uint32_t line = 1, column = 1;
};

struct Rule {
  std::string id;
  Place place;
  Conditions when;
  std::optional<Conditions> unless;
  Effect effect = Effect::kWithhold;
  std::vector<std::string> remove;
};

}  // namespace entente::policy
