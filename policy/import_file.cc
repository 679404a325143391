#include <map>

#include "model/party.h"
#include "model/text.h"
#include "policy/rule_toml.h"

namespace entente::policy {
namespace {

std::string At(Place place) {
  return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column);
}

// "publish", or "publish:NAME".
bool IsImportSource(std::string_view source) {
  if (source.substr(0, kPublishSource.size()) != kPublishSource) return false;
  source.remove_prefix(kPublishSource.size());
  return source.empty() || (source.front() == ':' && model::ParsePartyName(source.substr(1)).ok());
}

std::string ReadSource(const toml::node& value) {
  std::string source = TextOf(value, "source");
  if (IsImportSource(source)) return source;
  const bool of_peer = source.substr(0, 4) == "peer";
  Fail(value.source(), "value",
       of_peer
           ? "source: what a peer sends has the label that its origin signed; profiles are for publish and publish:NAME"
           : "source must be publish or publish:NAME, where NAME is what `entente publish --source` gives, of "
             "a-z 0-9 . - _");
}

model::Label ReadDefault(const toml::node& value) {
  const auto label = model::ParseLabel(TextOf(value, "default_label"));
  if (!label.ok()) Fail(value.source(), "value", std::string(label.status().message()));
  return *label;
}

struct Profile {
  std::string source;
  model::Label label = model::Label::kUnlabelled;
};

Profile ReadProfile(const toml::node& node) {
  static const Words kKeys = {"source", "comment", "default_label"};
  const toml::table* table = node.as_table();
  if (table == nullptr) Fail(node.source(), "type", "an import profile must be a table, [[import]]");
  Profile profile;
  for (const auto& [key, value] : *table) {
    if (key.str() == "source") {
      profile.source = ReadSource(value);
    } else if (key.str() == "default_label") {
      profile.label = ReadDefault(value);
    } else if (key.str() == "comment") {
      if (TextOf(value, key.str()).size() > kMaxComment)
        Fail(value.source(), "value", "comment is longer than 512 bytes");
    } else {
      RefuseKey(key, kKeys);
    }
  }
  if (profile.source.empty()) Fail(node.source(), "missing", "source: publish, or publish:NAME");
  if (profile.label == model::Label::kUnlabelled) {
    Fail(node.source(), "missing", "default_label: the label of what has none; leave out the profile to have it held");
  }
  return profile;
}

}  // namespace

ImportProfiles ReadImports(const toml::node& list) {
  if (!list.is_array()) Fail(list.source(), "type", "import profiles must be tables, [[import]]");
  ImportProfiles profiles;
  std::map<std::string, Place> places;
  for (const toml::node& node : *list.as_array()) {
    if (profiles.size() == kMaxImports) {
      Fail(node.source(), "too-many-imports", "more than " + std::to_string(kMaxImports) + " import profiles");
    }
    Profile profile = ReadProfile(node);
    const auto [first, fresh] = places.try_emplace(profile.source, PlaceOf(node.source()));
    if (!fresh) {
      Fail(node.source(), "duplicate-source",
           "'" + profile.source + "' has a profile already, at " + At(first->second) + "; keep one of them");
    }
    profiles.emplace(std::move(profile.source), profile.label);
  }
  return profiles;
}

}  // namespace entente::policy
