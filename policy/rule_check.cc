#include <algorithm>
#include <map>

#include "policy/matrix.h"
#include "policy/rule_file.h"

// Rules beside each other, and beside the matrix.
namespace entente::policy {
namespace {

using model::Label;
using Words = std::vector<std::string>;

const Words& WordsAt(const Conditions& conditions, Key key) {
  return conditions.words[static_cast<size_t>(key)];
}
bool Has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsContent(Cell cell) {
  using enum Cell;
  return cell != kDeny && cell != kSealed && cell != kSigned && cell != kMetadata && cell != kInvalid;
}

// Whether the matrix can permit it to anybody there, directly or onward.
bool CanPermit(Label label, Relationship relationship) {
  for (const bool direct : {true, false}) {
    for (int row = static_cast<int>(label); row <= static_cast<int>(Label::kRed); ++row) {
      if (IsContent(CellOf(direct, static_cast<Label>(row), relationship))) return true;
    }
  }
  return false;
}

Relationship OfKind(std::string_view kind) {
  if (kind == "relay") return Relationship::kRelay;
  if (kind == "observer") return Relationship::kObserver;
  return kind == "nation" || kind == "cert" ? Relationship::kPeerNation : Relationship::kPrivatePartner;
}

// Whom a rule names, as the page's row on `opens` says.
std::vector<Relationship> RecipientsOf(const Conditions& when) {
  std::vector<Relationship> out;
  const Words& named = WordsAt(when, Key::kRelationship);
  const Words& direction = WordsAt(when, Key::kDirection);
  const bool local = direction == Words{"local"};
  for (int i = 0; i < kRelationshipCount; ++i) {
    const auto relationship = static_cast<Relationship>(i);
    const bool by_kind = named.empty() && !WordsAt(when, Key::kPeerKind).empty();
    const bool all = named.empty() && !by_kind && (!local || relationship == Relationship::kSameOrg);
    if (all || Has(named, Name(relationship))) out.push_back(relationship);
  }
  if (!named.empty()) return out;
  for (const std::string& kind : WordsAt(when, Key::kPeerKind)) out.push_back(OfKind(kind));
  return out;
}

// The first combination that it opens, as a phrase; empty for none.
std::string WhatItOpens(const Rule& rule) {
  if (rule.effect != Effect::kPermit) return {};
  const Words& labels = WordsAt(rule.when, Key::kLabel);
  for (const Label label : {Label::kRed, Label::kAmberStrict, Label::kAmber, Label::kGreen, Label::kClear}) {
    if (!labels.empty() && !Has(labels, model::Name(label))) continue;
    for (const Relationship relationship : RecipientsOf(rule.when)) {
      if (!CanPermit(label, relationship))
        return std::string(model::Name(label)) + " to " + std::string(Name(relationship));
    }
  }
  return {};
}

// Whether everything that `narrow` can match, `wide` matches too.
bool Covers(const Conditions& wide, const Conditions& narrow) {
  for (size_t key = 0; key < kKeyCount; ++key) {
    const Words &all = wide.words[key], &some = narrow.words[key];
    if (all.empty()) continue;
    if (some.empty() || !std::includes(all.begin(), all.end(), some.begin(), some.end())) return false;
  }
  for (size_t i = 0; i < kMeasureCount; ++i) {
    if (narrow.measures[i].least < wide.measures[i].least || narrow.measures[i].most > wide.measures[i].most)
      return false;
  }
  return true;
}

std::string At(Place place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace

absl::Status CheckRules(const std::vector<Rule>& rules, std::string_view file) {
  std::map<std::string_view, Place> ids;
  for (const Rule& rule : rules) {
    const auto [known, fresh] = ids.try_emplace(rule.id, rule.place);
    if (fresh) continue;
    return RuleFault(file, rule.place, "duplicate-id",
                     "'" + rule.id + "' stands at " + At(known->second) + " already; rename one");
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    if (const std::string opened = WhatItOpens(rule); !opened.empty()) {
      return RuleFault(file, rule.place, "opens",
                       "'" + rule.id + "' would permit " + opened +
                           ", which the matrix never does; narrow its labels and relationship");
    }
    for (size_t before = 0; before < i; ++before) {
      if (rules[before].effect == Effect::kRedact || rules[before].unless || !Covers(rules[before].when, rule.when))
        continue;
      return RuleFault(file, rule.place, "unreachable",
                       "'" + rule.id + "' is never asked: '" + rules[before].id + "' at " + At(rules[before].place) +
                           " decides each of its cases; put it before");
    }
  }
  return absl::OkStatus();
}

}  // namespace entente::policy
