#include "policy/rule_file.h"

#include <algorithm>

#include "model/text.h"
#include "policy/matchers.h"
#include "policy/rule_toml.h"

namespace entente::policy {
namespace {

constexpr size_t kMaxRemoved = 64, kMaxPropertyName = 64;

// One text or a list of them, each with its place.
std::vector<std::pair<std::string, const toml::node*>> TextsOf(const toml::node& value, std::string_view key) {
  std::vector<std::pair<std::string, const toml::node*>> texts;
  if (const toml::array* list = value.as_array(); list != nullptr) {
    if (list->empty() || list->size() > kMaxMatcherWords) {
      Fail(value.source(), "value", std::string(key) + " must be 1 to 64 texts");
    }
    for (const toml::node& element : *list) texts.emplace_back(TextOf(element, key), &element);
  } else {
    texts.emplace_back(TextOf(value, key), &value);
  }
  return texts;
}

// One rule at a time; a fault is thrown and caught where reading began.
class RuleReader {
 public:
  explicit RuleReader(const KnownNames& known) : known_(known) {}

  Rule Read(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) Fail(node.source(), "type", "a rule must be a table, [[rule]]");
    Rule rule;
    rule.place = PlaceOf(node.source());
    for (const auto& [key, value] : *table) Take(key, value, rule);
    if (rule.id.empty()) Fail(node.source(), "missing", "id: every rule has one, which decisions name");
    if (!table->contains("effect")) Fail(node.source(), "missing", "effect: withhold, redact, quarantine or permit");
    if (rule.effect == Effect::kRedact && rule.remove.empty()) {
      Fail(node.source(), "missing", "remove: the properties that redact takes away");
    }
    if (rule.effect != Effect::kRedact && table->contains("remove")) {
      Fail(table->get("remove")->source(), "value", "remove goes with the effect redact only");
    }
    return rule;
  }

 private:
  void Take(const toml::key& key, const toml::node& value, Rule& rule) {
    static const Words kKeys = {"id", "comment", "when", "unless", "effect", "remove"};
    const std::string_view name = key.str();
    if (name == "id") {
      rule.id = TextOf(value, name);
      if (!model::IsWord(rule.id))
        Fail(value.source(), "value", "id must be 1 to 64 printable ASCII characters without a space");
    } else if (name == "comment") {
      if (TextOf(value, name).size() > kMaxComment) Fail(value.source(), "value", "comment is longer than 512 bytes");
    } else if (name == "effect") {
      rule.effect = ReadEffect(value);
    } else if (name == "remove") {
      rule.remove = ReadRemove(value);
    } else if (name == "when") {
      rule.when = ReadConditions(value, name);
    } else if (name == "unless") {
      rule.unless = ReadConditions(value, name);
      if (value.as_table()->empty()) Fail(value.source(), "value", "unless is empty; leave it out");
    } else {
      RefuseKey(key, kKeys);
    }
  }

  static Effect ReadEffect(const toml::node& value) {
    static const Words kEffects = {"withhold", "redact", "quarantine", "permit"};
    const std::string text = TextOf(value, "effect");
    const auto found = std::find(kEffects.begin(), kEffects.end(), text);
    if (found != kEffects.end()) return static_cast<Effect>(found - kEffects.begin());
    const std::string near = model::DidYouMean(text, kEffects);
    Fail(
        value.source(), "value",
        "effect must be withhold, redact, quarantine or permit" + (near.empty() ? "" : "; did you mean " + near + "?"));
  }

  static Words ReadRemove(const toml::node& value) {
    static_assert(kMaxRemoved == kMaxMatcherWords);
    Words names;
    for (const auto& [text, at] : TextsOf(value, "remove")) {
      if (text.empty() || text.size() > kMaxPropertyName)
        Fail(at->source(), "value", "a property has 1 to 64 characters");
      if (text == "id" || text == "type")
        Fail(at->source(), "value", text + " cannot be removed: no object is without it");
      names.push_back(text);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  Conditions ReadConditions(const toml::node& value, std::string_view of) {
    const toml::table* table = value.as_table();
    if (table == nullptr) Fail(value.source(), "type", std::string(of) + " must be a table of matchers, { ... }");
    Conditions conditions;
    model::Label floor = model::Label::kClear, ceiling = model::Label::kRed;
    for (const auto& [key, node] : *table) {
      const Matcher* matcher = FindMatcher(key.str());
      if (matcher == nullptr) RefuseKey(key, MatcherNames());
      if (matcher->kind == ValueKind::kLabelFloor)
        floor = ReadLabel(node, key.str());
      else if (matcher->kind == ValueKind::kLabelCeiling)
        ceiling = ReadLabel(node, key.str());
      else
        ReadMatcher(*matcher, node, conditions);
    }
    if (floor > ceiling)
      Fail(value.source(), "never", "label_at_least is above label_at_most, so it can match nothing");
    if (!table->contains("label_at_least") && !table->contains("label_at_most")) return conditions;
    for (auto label = floor; label <= ceiling; label = static_cast<model::Label>(static_cast<int>(label) + 1)) {
      conditions.words[static_cast<size_t>(Key::kLabel)].emplace_back(model::Name(label));
    }
    std::sort(conditions.words[static_cast<size_t>(Key::kLabel)].begin(),
              conditions.words[static_cast<size_t>(Key::kLabel)].end());
    return conditions;
  }

  static model::Label ReadLabel(const toml::node& value, std::string_view key) {
    const auto label = model::ParseLabel(TextOf(value, key));
    if (!label.ok()) Fail(value.source(), "value", std::string(label.status().message()));
    return *label;
  }

  void ReadMatcher(const Matcher& matcher, const toml::node& value, Conditions& conditions) {
    if (matcher.kind == ValueKind::kTruth) {
      if (!value.is_boolean()) Fail(value.source(), "type", std::string(matcher.name) + " must be true or false");
      conditions.words[static_cast<size_t>(matcher.key)] = {value.as_boolean()->get() ? "true" : "false"};
    } else if (matcher.kind == ValueKind::kWords) {
      conditions.words[static_cast<size_t>(matcher.key)] = ReadWords(matcher, value);
    } else {
      ReadNumber(matcher, value, conditions.measures[static_cast<size_t>(matcher.measure)]);
    }
  }

  Words ReadWords(const Matcher& matcher, const toml::node& value) {
    Words words;
    for (const auto& [text, at] : TextsOf(value, matcher.name)) {
      WordOrFault read = ReadWord(matcher.key, text);
      if (!read.fault.empty()) Fail(at->source(), "value", std::string(matcher.name) + ": " + read.fault);
      CheckKnown(matcher.names, text, *at);
      words.push_back(std::move(read.word));
    }
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return words;
  }

  void CheckKnown(Namespace names, const std::string& text, const toml::node& at) const {
    const Words* known = names == Namespace::kParties        ? known_.parties
                         : names == Namespace::kGroups       ? known_.groups
                         : names == Namespace::kWarningLists ? known_.warning_lists
                                                             : nullptr;
    if (known == nullptr || std::find(known->begin(), known->end(), text) != known->end()) return;
    const std::string near = model::DidYouMean(text, *known);
    Fail(at.source(), "unknown-name",
         "'" + model::Escaped(text, 64) + "' is not known here" + (near.empty() ? "" : "; did you mean " + near + "?"));
  }

  static void ReadNumber(const Matcher& matcher, const toml::node& value, Interval& interval) {
    if (!value.is_integer()) Fail(value.source(), "type", std::string(matcher.name) + " must be a whole number");
    const int64_t number = value.as_integer()->get();
    if (number < matcher.least || number > matcher.most) {
      Fail(value.source(), "value",
           std::string(matcher.name) + " must be " + std::to_string(matcher.least) + " to " +
               std::to_string(matcher.most));
    }
    if (matcher.kind == ValueKind::kBelow) interval.most = number - 1;
    if (matcher.kind == ValueKind::kAtLeast) interval.least = number;
    if (matcher.kind == ValueKind::kAbove) interval.least = number + 1;
    if (interval.least <= interval.most && interval.most >= 0) return;
    Fail(value.source(), "never", std::string(matcher.name) + " leaves no number that could match");
  }

  const KnownNames& known_;
};

RuleFile ReadTable(const toml::table& root, const KnownNames& known) {
  static const Words kKeys = {"version", "rule", "import"};
  for (const auto& [key, value] : root) {
    if (std::find(kKeys.begin(), kKeys.end(), key.str()) == kKeys.end()) RefuseKey(key, kKeys);
  }
  const toml::node* version = root.get("version");
  if (version == nullptr) throw Fault{{1, 1}, "missing", "version = 1"};
  if (!version->is_integer()) Fail(version->source(), "type", "version must be a whole number");
  if (version->as_integer()->get() != 1) Fail(version->source(), "value", "version must be 1");
  RuleFile file;
  if (const toml::node* imports = root.get("import"); imports != nullptr) file.imports = ReadImports(*imports);
  const toml::node* list = root.get("rule");
  if (list == nullptr) return file;
  if (!list->is_array()) Fail(list->source(), "type", "rules must be tables, [[rule]]");
  RuleReader reader(known);
  for (const toml::node& node : *list->as_array()) {
    if (file.rules.size() == kMaxRules) Fail(node.source(), "too-many-rules", "more than 4096 rules");
    file.rules.push_back(reader.Read(node));
  }
  return file;
}

}  // namespace

absl::StatusOr<RuleFile> ReadRules(std::string_view text, std::string_view file, const KnownNames& known) {
  try {
    return ReadTable(toml::parse(text), known);
  } catch (const Fault& fault) {
    return RuleFault(file, fault.place, fault.name, fault.what);
  } catch (const toml::parse_error& error) {
    return RuleFault(file, PlaceOf(error.source()), "syntax", model::Escaped(error.description()));
  }
}

}  // namespace entente::policy
