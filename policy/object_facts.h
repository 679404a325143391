#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "model/stix_object.h"

namespace entente::policy {

// What local rules may ask of an object (docs/formats/rules.md). Made once for an object, asked for each party.
struct ObjectFacts {
  std::string type;
  std::string origin;                   // name of the party that signed it; empty where nobody says
  std::vector<std::string> properties;  // "name" and "name=value" of each top-level property
  std::vector<std::string> labels;      // STIX labels
  std::vector<std::string> pattern_types;
  std::optional<int> confidence;
  std::optional<absl::Time> changed;  // modified, else created
  std::optional<absl::Time> valid_until;
  std::optional<uint64_t> size;
  std::optional<std::vector<std::string>> warning_lists;  // that one of its values is on; unset where nobody looked
  std::string source;                                     // "peer", "feed", "file", "analyst"; empty where nobody says
  bool properties_whole = true;  // `properties` are all there are; else what they lack is not known
  bool values_whole = true;      // all its values were looked up in warning lists
  bool released = false;  // a person let it go from where a rule held it: rules that hold do not count for it
};

inline constexpr size_t kMaxFactProperties = 512;  // of an object; further ones are not seen by rules

// What the object itself says: everything but origin, warning lists and source.
ObjectFacts FactsOf(const model::StixObject& object, size_t size);

// The types of observables that a STIX pattern compares, ascending, each once. Reads what it can of a malformed one.
std::vector<std::string> PatternTypes(std::string_view pattern);

}  // namespace entente::policy
