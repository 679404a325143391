#include "services/entente/policy_cases.h"

#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "base/reject.h"
#include "model/text.h"

namespace entente::cli {
namespace {

constexpr size_t kMaxText = 1024, kMaxList = 1000, kMaxDotsInLine = 100;

// Ends the reading at the first fault.
struct Fault {
  toml::source_region where;
  std::string what;
};
[[noreturn]] void Wrong(const toml::source_region& where, std::string what) {
  throw Fault{where, std::move(what)};
}

std::string PlaceOf(std::string_view file, const toml::source_region& where) {
  return model::Escaped(file, 256) + ":" + std::to_string(where.begin.line) + ":" + std::to_string(where.begin.column);
}

std::string TextOf(const toml::node& value, std::string_view key) {
  const auto* text = value.as_string();
  if (text == nullptr || text->get().empty() || text->get().size() > kMaxText) {
    Wrong(value.source(), std::string(key) + " must be a text of 1 to 1024 bytes, in quotes");
  }
  return text->get();
}

std::vector<std::string> TextsOf(const toml::node& value, std::string_view key) {
  const toml::array* list = value.as_array();
  if (list == nullptr) return {TextOf(value, key)};
  if (list->empty() || list->size() > kMaxList) Wrong(value.source(), std::string(key) + " must be 1 to 1000 texts");
  std::vector<std::string> texts;
  for (const toml::node& element : *list) texts.push_back(TextOf(element, key));
  return texts;
}

// The keys of a case, and where their values go.
using Text = std::string& (*)(PolicyCase&);
using Texts = std::vector<std::string>& (*)(PolicyCase&);
template <typename Into>
struct KeyOf {
  std::string_view name;
  Into into;
};
constexpr KeyOf<Text> kTexts[] = {
    {"id", [](PolicyCase& c) -> std::string& { return c.id; }},
    {"peer", [](PolicyCase& c) -> std::string& { return c.peer; }},
    {"object", [](PolicyCase& c) -> std::string& { return c.object; }},
    {"expect", [](PolicyCase& c) -> std::string& { return c.expect; }},
    {"reason", [](PolicyCase& c) -> std::string& { return c.reason; }},
    {"rule", [](PolicyCase& c) -> std::string& { return c.rule; }},
    {"tlp", [](PolicyCase& c) -> std::string& { return c.terms.tlp; }},
    {"pap", [](PolicyCase& c) -> std::string& { return c.terms.pap; }},
    {"group", [](PolicyCase& c) -> std::string& { return c.terms.group; }},
    {"exercise", [](PolicyCase& c) -> std::string& { return c.terms.exercise; }},
    {"personal_data", [](PolicyCase& c) -> std::string& { return c.terms.personal_data; }},
    {"embargo_until", [](PolicyCase& c) -> std::string& { return c.terms.embargo_until; }},
};
constexpr KeyOf<Texts> kLists[] = {
    {"to", [](PolicyCase& c) -> std::vector<std::string>& { return c.terms.to; }},
    {"rel_to", [](PolicyCase& c) -> std::vector<std::string>& { return c.terms.rel_to; }},
    {"not_rel_to", [](PolicyCase& c) -> std::vector<std::string>& { return c.terms.not_rel_to; }},
    {"sector_to", [](PolicyCase& c) -> std::vector<std::string>& { return c.terms.sector_to; }},
    {"purpose", [](PolicyCase& c) -> std::vector<std::string>& { return c.terms.purpose; }},
};
constexpr std::string_view kOrcon = "orcon";

[[noreturn]] void RefuseKey(const toml::key& key) {
  std::vector<std::string> known = {std::string(kOrcon)};
  for (const auto& text : kTexts) known.emplace_back(text.name);
  for (const auto& list : kLists) known.emplace_back(list.name);
  const std::string near = model::DidYouMean(key.str(), known);
  Wrong(key.source(), "'" + model::Escaped(key.str(), 64) + "' is no key of a case" +
                          (near.empty() ? "" : "; did you mean " + near + "?"));
}

void Take(const toml::key& key, const toml::node& value, PolicyCase& into) {
  const auto named = [&](const auto& known) { return known.name == key.str(); };
  if (const auto text = std::find_if(std::begin(kTexts), std::end(kTexts), named); text != std::end(kTexts)) {
    text->into(into) = TextOf(value, key.str());
  } else if (const auto list = std::find_if(std::begin(kLists), std::end(kLists), named); list != std::end(kLists)) {
    list->into(into) = TextsOf(value, key.str());
  } else if (key.str() == kOrcon) {
    if (!value.is_boolean()) Wrong(value.source(), "orcon must be true or false");
    into.terms.orcon = value.as_boolean()->get();
  } else {
    RefuseKey(key);
  }
}

PolicyCase ReadCase(const toml::node& node, std::string_view file) {
  const toml::table* table = node.as_table();
  if (table == nullptr) Wrong(node.source(), "a case must be a table, [[case]]");
  PolicyCase out;
  out.place = PlaceOf(file, node.source());
  for (const auto& [key, value] : *table) Take(key, value, out);
  for (const auto& [name, text] :
       {std::pair{"id", &out.id}, {"peer", &out.peer}, {"object", &out.object}, {"expect", &out.expect}}) {
    if (text->empty()) Wrong(node.source(), std::string(name) + " is missing");
  }
  static constexpr std::string_view kExpected[] = {"permit", "deny", "quarantine", "reject"};
  if (std::find(std::begin(kExpected), std::end(kExpected), out.expect) == std::end(kExpected)) {
    Wrong(table->get("expect")->source(), "expect is permit, deny, quarantine or reject");
  }
  return out;
}

std::vector<PolicyCase> ReadAll(const toml::table& root, std::string_view file) {
  for (const auto& [key, value] : root) {
    if (key.str() != "version" && key.str() != "case") Wrong(key.source(), "only version and [[case]] stand here");
  }
  const auto* version = root.get_as<int64_t>("version");
  if (version == nullptr || version->get() != 1) Wrong(root.source(), "version = 1 is missing");
  const toml::array* cases = root.get_as<toml::array>("case");
  if (cases == nullptr || cases->empty()) Wrong(root.source(), "there is no [[case]]");
  if (cases->size() > kMaxCases) Wrong((*cases)[kMaxCases].source(), "over 10,000 cases; use several files");
  std::vector<PolicyCase> out;
  std::set<std::string> ids;
  for (const toml::node& node : *cases) {
    out.push_back(ReadCase(node, file));
    if (!ids.insert(out.back().id).second) Wrong(node.source(), "a case of this id stands already");
  }
  return out;
}

// Each dot of a key is a table in a table for the parser, which follows them by calling itself.
absl::Status CheckDots(std::string_view text, std::string_view file) {
  size_t line = 1, column = 0, dots = 0;
  for (const char c : text) {
    ++column;
    if (c == '\n') {
      ++line;
      column = dots = 0;
    } else if (c == '.' && ++dots > kMaxDotsInLine) {
      return Reject(RejectReason::kConfig, model::Escaped(file, 256) + ":" + std::to_string(line) + ":" +
                                               std::to_string(column) + ": more than 100 dots in one line");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<PolicyCase>> ReadCases(std::string_view text, std::string_view file) {
  if (absl::Status status = CheckDots(text, file); !status.ok()) return status;
  try {
    return ReadAll(toml::parse(text, file), file);
  } catch (const Fault& fault) {
    return Reject(RejectReason::kConfig, PlaceOf(file, fault.where) + ": " + fault.what);
  } catch (const toml::parse_error& error) {
    return Reject(RejectReason::kConfig,
                  PlaceOf(file, error.source()) + ": no TOML: " + model::Escaped(error.description(), 256));
  }
}

}  // namespace entente::cli
