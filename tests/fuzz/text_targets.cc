#include <algorithm>
#include <charconv>
#include <set>

#include "base/utf8.h"
#include "crypto/encoding.h"
#include "model/marking.h"
#include "model/marking_limits.h"
#include "model/marking_text.h"
#include "model/observables.h"
#include "model/party.h"
#include "model/pattern_literals.h"
#include "model/stix_object.h"
#include "model/text.h"
#include "model/timestamp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_text.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using model::JsonValue;

// Depth and tokens of what was built, against the documented bounds.
size_t CountTokens(const JsonValue& value, int depth) {
  FUZZ_CHECK(depth <= model::kMaxJsonDepth || (!value.is_array() && !value.is_object()));
  size_t tokens = 1;
  for (const JsonValue& element : value.elements()) tokens += CountTokens(element, depth + 1);
  for (const JsonValue::Member& member : value.members()) tokens += 1 + CountTokens(member.value, depth + 1);
  return tokens;
}

// "at line L, column C" names a place in the text.
void CheckPlace(const absl::Status& status, ByteView text) {
  const std::string message(status.message());
  const size_t at = message.rfind("at line ");
  FUZZ_CHECK(at != std::string::npos);
  model::TextPlace place;
  const char* end = message.data() + message.size();
  const char* line = message.data() + at + 8;
  const auto behind = std::from_chars(line, end, place.line);
  FUZZ_CHECK(ByteView(behind.ptr, end).starts_with(", column "));
  FUZZ_CHECK(std::from_chars(behind.ptr + 9, end, place.column).ptr == end);
  const model::TextPlace last = model::PlaceBehind(text);
  FUZZ_CHECK(place.line >= 1 && place.column >= 1);
  FUZZ_CHECK(place.line < last.line || (place.line == last.line && place.column <= last.column));
}

bool IsStatement(std::string_view id) { return id.size() % 2 == 0; }

struct Normalised {
  model::Label label;
  model::Pap pap;
  std::set<std::string> unresolved;
  bool malformed;
  bool operator==(const Normalised&) const = default;
};
Normalised Normalise(const JsonValue& object) {
  model::EffectiveMarking marking = model::NormaliseMarkings(object, IsStatement);
  FUZZ_CHECK(marking.unresolved.size() <= model::kMaxMarkingRefs * 2);
  FUZZ_CHECK(model::Escaped(marking.malformed, 4096).find("\\x") == std::string::npos ||
             marking.malformed.find('\\') != std::string::npos);
  std::set<std::string> unresolved(marking.unresolved.begin(), marking.unresolved.end());
  FUZZ_CHECK(unresolved.size() == marking.unresolved.size());
  if (!marking.malformed.empty()) return {model::Label::kUnlabelled, model::Pap::kUnset, {}, true};
  return {marking.label, marking.pap, std::move(unresolved), false};
}

// `read` refuses with kUsage, or its value written reads back as the same value.
template <typename Read, typename Write>
bool ReadsBack(ByteView input, const Read& read, const Write& write) {
  const auto value = read(input);
  if (!value.ok()) {
    CheckRefused(value.status(), {kUsage, kStix});
    return false;
  }
  const auto again = read(write(*value));
  FUZZ_CHECK(again.ok() && *again == *value);
  return true;
}

}  // namespace

bool FuzzJson(ByteView input) {
  const auto document = model::JsonDocument::Parse(input);
  if (!document.ok()) {
    CheckRefused(document.status(), {kJson, kLimit});
    CheckPlace(document.status(), input);
    return false;
  }
  FUZZ_CHECK(CountTokens(document->root(), 1) <= model::kMaxJsonTokens);
  const Bytes written = WriteJson(document->root());
  const auto again = model::JsonDocument::Parse(written);
  FUZZ_CHECK(again.ok() && WriteJson(again->root()) == written);
  const Bytes canonical = model::Canonical(document->root());
  FUZZ_CHECK(model::Canonical(again->root()) == canonical);
  const auto third = model::JsonDocument::Parse(canonical);
  if (third.ok()) {
    FUZZ_CHECK(model::Canonical(third->root()) == canonical);
  } else {  // the one seam of docs/formats/json.md: 1e20 is written as plain digits, which count as an integer
    FUZZ_CHECK(std::string(third.status().message()).find("integer") != std::string::npos);
  }
  return true;
}

bool FuzzStix(ByteView input) {
  const auto object = model::StixObject::Parse(input);
  if (!object.ok()) {
    CheckRefused(object.status(), {kJson, kLimit, kNoId, kStix});
    return false;
  }
  FUZZ_CHECK(object->id().size() <= model::kMaxStixIdBytes);
  FUZZ_CHECK(object->id().starts_with(std::string(object->type()) + "--"));
  const auto version = model::ParseTimestamp(object->version());
  FUZZ_CHECK(object->version().empty() ? object->version_ns() == 0
                                       : version.ok() && *version == object->version_ns());
  const std::vector<std::string> values = model::SearchValues(*object);
  FUZZ_CHECK(values.size() <= model::kMaxValuesPerObject);
  FUZZ_CHECK(std::set<std::string>(values.begin(), values.end()).size() == values.size());
  for (const std::string& value : values) FUZZ_CHECK(!value.empty() && value.size() <= model::kMaxSearchValueBytes);
  const auto again = model::StixObject::Parse(WriteJson(object->json()));
  FUZZ_CHECK(again.ok() && again->id() == object->id() && again->version_ns() == object->version_ns());
  FUZZ_CHECK(model::SearchValues(*again) == values);
  return true;
}

bool FuzzMarking(ByteView input) {
  const auto document = model::JsonDocument::Parse(input);
  if (!document.ok()) return false;
  const Normalised marking = Normalise(document->root());
  const model::DefinitionKind kind = model::ClassifyDefinition(document->root());
  // Neither the order of keys nor the way a string is escaped changes what a marking says.
  const auto sorted = model::JsonDocument::Parse(model::Canonical(document->root()));
  if (sorted.ok()) {
    FUZZ_CHECK(Normalise(sorted->root()) == marking);
    FUZZ_CHECK(model::ClassifyDefinition(sorted->root()) == kind);
  }
  return document->root().is_object();
}

bool FuzzWords(ByteView input) {
  constexpr size_t kLimit = 512;
  const std::string shown = model::Escaped(input, kLimit);
  FUZZ_CHECK(shown.size() <= kLimit + 3);
  for (size_t at = 0; at < shown.size();) {
    const Rune rune = ReadRune(shown, at);
    FUZZ_CHECK(rune.size > 0 && rune.code >= 0x20 && rune.code != 0x7f);
    at += rune.size;
  }
  for (const std::string& literal : model::PatternLiterals(input, 16)) FUZZ_CHECK(literal.size() <= input.size());
  FUZZ_CHECK(model::NormaliseValue(input).size() <= input.size());
  static_cast<void>(model::SpellsALevel(input));
  static_cast<void>(model::LookUpMarking(input));
  static_cast<void>(model::DidYouMean(input.substr(0, 64), {"name", "nation"}));
  const auto same = [](const std::string& text) { return text; };
  bool read = ReadsBack(input, model::ParsePartyName, same);
  read |= ReadsBack(input, model::ParseNation, same);
  read |= ReadsBack(input, model::ParsePartyKind, [](model::PartyKind kind) { return model::Name(kind); });
  read |= ReadsBack(input, model::ParseLabel, [](model::Label label) { return model::Name(label); });
  read |= ReadsBack(input, crypto::FromHex, [](const Bytes& bytes) { return crypto::ToHex(bytes); });
  read |= ReadsBack(input, crypto::FromBase64, [](const Bytes& bytes) { return crypto::ToBase64(bytes); });
  read |= ReadsBack(input, crypto::FromFingerprint, [](const OrgId& org) { return crypto::ToFingerprint(org); });
  const auto time = model::ParseTimestamp(input);
  if (!time.ok()) CheckRefused(time.status(), {kStix});
  return read || time.ok();
}

}  // namespace entente::fuzz
