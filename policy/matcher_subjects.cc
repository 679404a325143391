#include "model/party.h"
#include "policy/constraints.h"
#include "policy/finding.h"
#include "policy/matchers.h"
#include "policy/object_facts.h"

// What a question says to each matcher.
namespace entente::policy {
namespace {

using Words = std::vector<std::string_view>;

Known One(std::string_view word, Words& out) {
  if (word.empty()) return Known::kNothing;
  out.push_back(word);
  return Known::kAll;
}
Known Truth(const std::optional<bool>& value, Words& out) {
  return value.has_value() ? One(*value ? "true" : "false", out) : Known::kNothing;
}
Known All(const std::vector<std::string>& words, Words& out, bool whole = true) {
  out.insert(out.end(), words.begin(), words.end());
  return whole ? Known::kAll : Known::kPart;
}
// Of lists that were not looked in, and of values beyond those that were looked up, nothing is known.
Known Warned(const ObjectFacts& object, Words& out) {
  if (!object.warning_lists) return Known::kNothing;
  if (object.warning_lists->empty() && !object.values_whole) return Known::kNothing;
  return Truth(!object.warning_lists->empty(), out);
}

std::optional<Direction> DirectionOf(const Facts& facts) {
  return facts.same_org ? Direction::kLocal : facts.question.direction;
}
std::string_view NameOf(const std::optional<Direction>& direction) {
  if (!direction) return {};
  return *direction == Direction::kOut ? "out" : *direction == Direction::kIn ? "in" : "local";
}

const model::Party& OtherParty(const Facts& facts) {
  return facts.question.direction == Direction::kIn ? facts.question.sender : facts.recipient;
}

std::string_view NameOf(model::Pap pap) {
  static constexpr std::string_view kNames[] = {"unset", "CLEAR", "GREEN", "AMBER", "RED"};
  const auto index = static_cast<size_t>(pap);
  return index < std::size(kNames) ? kNames[index] : std::string_view();
}

Known WordsOfParty(Key key, const Facts& facts, Words& out) {
  if (facts.to_public) return Known::kAll;  // nobody in particular: no name, no kind
  const model::Party& party = OtherParty(facts);
  switch (key) {
    case Key::kPeer:
      return One(party.name, out);
    case Key::kPeerKind:
      return One(model::Name(party.kind), out);
    case Key::kPeerNation:
      return One(party.nation, out);
    default:
      return All(party.sectors, out);
  }
}

Known Relationships(const Facts& facts, Words& out) {
  for (int i = 0; i < kRelationshipCount; ++i) {
    if ((facts.relationships >> i) & 1) out.push_back(Name(static_cast<Relationship>(i)));
  }
  return Known::kAll;
}

}  // namespace

bool ReadsObject(Key key) {
  switch (key) {
    case Key::kOrigin:
    case Key::kType:
    case Key::kProperty:
    case Key::kStixLabel:
    case Key::kPatternType:
    case Key::kExpired:
    case Key::kWarningList:
    case Key::kWarned:
    case Key::kSource:
      return true;
    default:
      return false;
  }
}

Known WordsOfObject(Key key, const ObjectFacts& object, absl::Time now, Words& out) {
  switch (key) {
    case Key::kOrigin:
      return One(object.origin, out);
    case Key::kType:
      return One(object.type, out);
    case Key::kProperty:
      return All(object.properties, out, object.properties_whole);
    case Key::kStixLabel:
      return All(object.labels, out);
    case Key::kPatternType:
      return All(object.pattern_types, out);
    case Key::kExpired:
      return Truth(object.valid_until && *object.valid_until <= now, out);
    case Key::kWarningList:
      return object.warning_lists ? All(*object.warning_lists, out, object.values_whole) : Known::kNothing;
    case Key::kWarned:
      return Warned(object, out);
    case Key::kSource:
      return One(object.source, out);
    default:
      return Known::kNothing;
  }
}

std::optional<int64_t> NumberOfObject(Measure measure, const ObjectFacts& object, absl::Time now) {
  switch (measure) {
    case Measure::kConfidence:
      return object.confidence;
    case Measure::kSize:
      return object.size;
    case Measure::kAgeDays:
      if (!object.changed) return std::nullopt;
      return absl::ToInt64Hours(now - *object.changed) / 24;
    default:
      return std::nullopt;
  }
}

Known WordsOf(Key key, const Facts& facts, Words& out) {
  switch (key) {
    case Key::kDirection:
      return One(NameOf(DirectionOf(facts)), out);
    case Key::kLane:
      return One(facts.question.lane.empty() ? "operations" : std::string_view(facts.question.lane), out);
    case Key::kPeer:
    case Key::kPeerKind:
    case Key::kPeerNation:
    case Key::kPeerSector:
      return WordsOfParty(key, facts, out);
    case Key::kGroup:
      if (!facts.constraints.sg_id.empty()) out.push_back(facts.constraints.sg_id);
      return Known::kAll;
    case Key::kRelationship:
      return Relationships(facts, out);
    case Key::kLabel:
      return IsLabel(facts.label) ? One(model::Name(facts.label), out) : Known::kNothing;
    case Key::kPap:
      return One(NameOf(facts.constraints.pap), out);
    case Key::kCrossBorder:
      return Truth(facts.crosses_border, out);
    case Key::kUse:
      return facts.standing.use ? One(*facts.standing.use, out) : Known::kNothing;
    default: {
      const ObjectFacts* object = facts.question.object;
      return object != nullptr ? WordsOfObject(key, *object, facts.question.now, out) : Known::kNothing;
    }
  }
}

std::optional<int64_t> NumberOf(Measure measure, const Facts& facts) {
  const ObjectFacts* object = facts.question.object;
  return object == nullptr ? std::nullopt : NumberOfObject(measure, *object, facts.question.now);
}

}  // namespace entente::policy
