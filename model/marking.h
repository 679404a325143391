#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/json.h"

namespace entente::model {

// TLP 2.0, loosest first; comparison is strictness. kUnlabelled is not a label and never permits anything.
enum class Label { kUnlabelled = 0, kClear = 1, kGreen = 2, kAmber = 3, kAmberStrict = 4, kRed = 5 };
std::string_view Name(Label label);  // "CLEAR", "AMBER+STRICT", "" for unlabelled
// "CLEAR", "TLP:CLEAR", "tlp:amber+strict", "WHITE" (= CLEAR), any case. Refuses with kUsage and names the choices.
absl::StatusOr<Label> ParseLabel(std::string_view text);

enum class Pap { kUnset = 0, kClear = 1, kGreen = 2, kAmber = 3, kRed = 4 };

// What one marking id means, by id alone: TLP 1 and 2, PAP, and the aliases seen in the wild (OpenCTI's AMBER+STRICT).
// Exact match; near misses are unknown. Nothing for ids that need their definition or are unknown.
struct KnownMarking {
  Label label = Label::kUnlabelled;
  Pap pap = Pap::kUnset;
};
std::optional<KnownMarking> LookUpMarking(std::string_view marking_id);

// One object's markings, normalised: the strictest of object_marking_refs and granular_markings. `unresolved` lists
// marking ids that are neither known by id nor, per `is_statement`, statement markings (which restrict nothing here).
// An object with an unresolved id, or with `malformed` set, is quarantined, never permitted.
struct EffectiveMarking {
  Label label = Label::kUnlabelled;
  Pap pap = Pap::kUnset;
  std::vector<std::string> unresolved;
  std::string malformed;  // what is wrong, escaped, with the place in the object; empty when nothing is
};
EffectiveMarking NormaliseMarkings(const JsonValue& object, const std::function<bool(std::string_view)>& is_statement);

// A marking-definition object itself: whether it defines a statement marking; whether it claims an id from the TLP or PAP
// tables with a definition that contradicts it (forged), or spells a level in a statement under another id (disguised),
// both to be quarantined. A genuine table entry is CLEAR.
enum class DefinitionKind { kNotADefinition, kStatement, kKnown, kForged, kDisguised, kOther };
DefinitionKind ClassifyDefinition(const JsonValue& object);

}  // namespace entente::model
