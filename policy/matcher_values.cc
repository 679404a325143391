#include <algorithm>
#include <array>

#include "model/party.h"
#include "policy/matchers.h"

// The matchers by name, and which words each takes.
namespace entente::policy {
namespace {

constexpr int64_t kMaxDays = 36'500, kMaxObjectBytes = 32 << 20;

Matcher Words(std::string_view name, Key key, Namespace names = Namespace::kNone) {
  return {name, ValueKind::kWords, key, Measure::kCount, 0, 0, names};
}
Matcher Of(std::string_view name, ValueKind kind, Key key) {
  return {name, kind, key};
}
Matcher Number(std::string_view name, ValueKind kind, Measure measure, int64_t most) {
  return {name, kind, Key::kCount, measure, 0, most};
}

const std::vector<Matcher>& Matchers() {
  static const std::vector<Matcher> matchers = {
      Words("direction", Key::kDirection),
      Words("lane", Key::kLane),
      Words("peer", Key::kPeer, Namespace::kParties),
      Words("peer_kind", Key::kPeerKind),
      Words("peer_nation", Key::kPeerNation),
      Words("peer_sector", Key::kPeerSector),
      Words("group", Key::kGroup, Namespace::kGroups),
      Words("origin", Key::kOrigin, Namespace::kParties),
      Words("relationship", Key::kRelationship),
      Of("label_at_least", ValueKind::kLabelFloor, Key::kLabel),
      Of("label_at_most", ValueKind::kLabelCeiling, Key::kLabel),
      Words("pap", Key::kPap),
      Words("type", Key::kType),
      Words("has_property", Key::kProperty),
      Words("label_in", Key::kStixLabel),
      Words("pattern_type", Key::kPatternType),
      Number("confidence_below", ValueKind::kBelow, Measure::kConfidence, 100),
      Number("confidence_at_least", ValueKind::kAtLeast, Measure::kConfidence, 100),
      Number("older_than_days", ValueKind::kAtLeast, Measure::kAgeDays, kMaxDays),
      Of("expired", ValueKind::kTruth, Key::kExpired),
      Number("larger_than", ValueKind::kAbove, Measure::kSize, kMaxObjectBytes),
      Words("warning_list", Key::kWarningList, Namespace::kWarningLists),
      Of("warned", ValueKind::kTruth, Key::kWarned),
      Words("source", Key::kSource),
      Of("cross_border", ValueKind::kTruth, Key::kCrossBorder),
      Words("use", Key::kUse),
  };
  return matchers;
}

std::vector<std::string> ChoicesOf(Key key) {
  switch (key) {
    case Key::kDirection:
      return {"out", "in", "local"};
    case Key::kPeerKind:
      return {"nation", "cert", "private", "research", "observer", "relay"};
    case Key::kPap:
      return {"CLEAR", "GREEN", "AMBER", "RED", "unset"};
    case Key::kSource:
      return {"peer", "feed", "file", "analyst"};
    case Key::kRelationship: {
      std::vector<std::string> names;
      for (int i = 0; i < kRelationshipCount; ++i) names.emplace_back(Name(static_cast<Relationship>(i)));
      return names;
    }
    default:
      return {};
  }
}

std::string NotAmong(const std::string& text, const std::vector<std::string>& choices) {
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
  const std::string near = model::DidYouMean(text, choices);
  return "'" + model::Escaped(text, 64) + "' is none of " + all + (near.empty() ? "" : "; did you mean " + near + "?");
}

bool IsTypeName(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

WordOrFault ReadGroup(const std::string& text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (text.size() != 2 * kSharingGroupIdSize ||
      std::any_of(text.begin(), text.end(), [&](char c) { return digit(c) < 0; })) {
    return {"", "a group id is 64 hexadecimal digits in lower case, this has " + std::to_string(text.size()) +
                    " characters"};
  }
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return {bytes, ""};
}

}  // namespace

const Matcher* FindMatcher(std::string_view name) {
  for (const Matcher& matcher : Matchers()) {
    if (matcher.name == name) return &matcher;
  }
  return nullptr;
}

std::vector<std::string> MatcherNames() {
  std::vector<std::string> names;
  for (const Matcher& matcher : Matchers()) names.emplace_back(matcher.name);
  return names;
}

WordOrFault ReadWord(Key key, const std::string& text) {
  if (text.empty() || text.size() > kMaxMatcherWordBytes) return {"", "a text is 1 to 256 bytes long"};
  if (const std::vector<std::string> choices = ChoicesOf(key); !choices.empty()) {
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) return {"", NotAmong(text, choices)};
  }
  switch (key) {
    case Key::kPeerNation:
      if (const auto nation = model::ParseNation(text); !nation.ok() || *nation != text) {
        return {"", "'" + model::Escaped(text, 64) + "' is no ISO 3166-1 code of two capital letters"};
      }
      break;
    case Key::kLane:
    case Key::kPeerSector:
    case Key::kUse:
      if (!model::IsWord(text))
        return {"", "'" + model::Escaped(text, 64) + "' is no word of up to 64 printable ASCII characters"};
      break;
    case Key::kType:
    case Key::kPatternType:
      if (!IsTypeName(text)) return {"", "'" + model::Escaped(text, 64) + "' is no type: a-z, 0-9 and -"};
      break;
    case Key::kGroup:
      return ReadGroup(text);
    default:
      break;
  }
  return {text, ""};
}

}  // namespace entente::policy
