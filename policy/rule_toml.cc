#include "policy/rule_toml.h"

#include "model/text.h"

namespace entente::policy {

Place PlaceOf(const toml::source_region& where) {
  return {where.begin.line, where.begin.column};
}

void Fail(const toml::source_region& where, std::string_view name, std::string what) {
  throw Fault{PlaceOf(where), name, std::move(what)};
}

void RefuseKey(const toml::key& key, const Words& known) {
  const std::string near = model::DidYouMean(key.str(), known);
  std::string choices;
  for (const std::string& name : known) choices += (choices.empty() ? "" : ", ") + name;
  Fail(key.source(), "unknown-key",
       "'" + model::Escaped(key.str(), 64) + "'; " +
           (near.empty() ? "known are " + choices : "did you mean " + near + "?"));
}

std::string TextOf(const toml::node& value, std::string_view key) {
  if (!value.is_string()) Fail(value.source(), "type", std::string(key) + " must be a text, in quotes");
  return value.as_string()->get();
}

}  // namespace entente::policy
