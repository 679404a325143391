#include "model/required_properties.h"

#include <algorithm>
#include <iterator>

namespace entente::model {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::string_view kOfAll[] = {"type",     "id",      "spec_version",        "created",
                                       "modified", "revoked", "object_marking_refs", "granular_markings"};

// STIX 2.1, sections 4 to 6: besides those of all objects. Words parted by spaces.
struct OfType {
  std::string_view type, required;
};
constexpr OfType kRequired[] = {
    {"attack-pattern", "name"},
    {"campaign", "name"},
    {"course-of-action", "name"},
    {"grouping", "context object_refs"},
    {"identity", "name"},
    {"incident", "name"},
    {"indicator", "pattern pattern_type valid_from"},
    {"infrastructure", "name"},
    {"intrusion-set", "name"},
    {"location", ""},
    {"malware", "is_family"},
    {"malware-analysis", "product"},
    {"note", "content object_refs"},
    {"observed-data", "first_observed last_observed number_observed"},
    {"opinion", "opinion object_refs"},
    {"report", "name published object_refs"},
    {"threat-actor", "name"},
    {"tool", "name"},
    {"vulnerability", "name"},
    {"relationship", "relationship_type source_ref target_ref"},
    {"sighting", "sighting_of_ref"},
    {"artifact", ""},
    {"autonomous-system", "number"},
    {"directory", "path"},
    {"domain-name", "value"},
    {"email-addr", "value"},
    {"email-message", "is_multipart"},
    {"file", ""},
    {"ipv4-addr", "value"},
    {"ipv6-addr", "value"},
    {"mac-addr", "value"},
    {"mutex", "name"},
    {"network-traffic", "protocols"},
    {"process", ""},
    {"software", "name"},
    {"url", "value"},
    {"user-account", ""},
    {"windows-registry-key", ""},
    {"x509-certificate", ""},
};
// One of these has to be there.
constexpr OfType kOneOf[] = {
    {"location", "region country latitude"},
    {"malware-analysis", "result analysis_sco_refs"},
    {"observed-data", "objects object_refs"},
    {"artifact", "payload_bin url"},
    {"file", "hashes name"},
    {"network-traffic", "src_ref dst_ref"},
};
// One of these goes with the other: without the first the second means nothing.
struct Together {
  std::string_view type, first, second;
};
constexpr Together kTogether[] = {
    {"location", "latitude", "longitude"},
    {"location", "longitude", "latitude"},
    {"location", "latitude", "precision"},
    {"artifact", "hashes", "url"},
};
// Of these types any one property besides the common ones will do.
constexpr std::string_view kAnyOne[] = {"process", "user-account", "windows-registry-key", "x509-certificate"};
constexpr std::string_view kCommon[] = {
    "type", "id", "spec_version", "object_marking_refs", "granular_markings", "defanged", "extensions"};
// What they say is about ids and texts of others, or means the marking itself.
constexpr std::string_view kNeverDerived[] = {"marking-definition", "extension-definition", "language-content"};

template <typename List>
bool Among(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

// Whether any of the words fits.
template <typename Fits>
bool AnyWord(std::string_view words, Fits fits) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    if (fits(word)) return true;
    words.remove_prefix(std::min(words.size(), word.size() + 1));
  }
  return false;
}

std::string Needs(std::string_view type, std::string_view what) {
  return std::string(type) + " needs " + std::string(what);
}

std::string WhyNotOneOf(std::string_view type, const JsonValue& object, const Names& gone) {
  for (const OfType& row : kOneOf) {
    if (row.type != type) continue;
    const auto stays = [&](std::string_view name) { return object.Find(name) != nullptr && !gone.contains(name); };
    const auto goes = [&](std::string_view name) { return gone.contains(name); };
    if (AnyWord(row.required, goes) && !AnyWord(row.required, stays))
      return Needs(type, "one of " + std::string(row.required));
  }
  for (const Together& row : kTogether) {
    if (row.type == type && gone.contains(row.first) && object.Find(row.second) != nullptr &&
        !gone.contains(row.second)) {
      return Needs(type, std::string(row.first) + " beside " + std::string(row.second));
    }
  }
  if (!Among(kAnyOne, type)) return {};
  const bool left = std::any_of(object.members().begin(), object.members().end(), [&](const JsonValue::Member& member) {
    return !Among(kCommon, member.key) && !gone.contains(member.key);
  });
  return left ? "" : Needs(type, "a property of its own");
}

}  // namespace

std::string WhyNotWithout(std::string_view type, const JsonValue& object, const Names& gone) {
  if (Among(kNeverDerived, type)) return "nothing is derived from a " + std::string(type);
  for (const std::string& name : gone) {
    if (Among(kOfAll, name)) return "no object goes without " + name;
  }
  const auto row =
      std::find_if(std::begin(kRequired), std::end(kRequired), [&](const OfType& one) { return one.type == type; });
  if (row == std::end(kRequired)) {
    return gone.contains("extensions") ? "an object of a type that STIX does not define needs extensions" : "";
  }
  std::string needed;
  AnyWord(row->required, [&](std::string_view name) {
    if (gone.contains(name)) needed = Needs(type, name);
    return !needed.empty();
  });
  return needed.empty() ? WhyNotOneOf(type, object, gone) : needed;
}

}  // namespace entente::model
