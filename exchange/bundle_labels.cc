#include "exchange/bundle_labels.h"

#include <algorithm>
#include <array>
#include <utility>

#include "exchange/big_parse.h"
#include "exchange/questions.h"

namespace entente::exchange {
namespace {

using model::Label;

constexpr std::array<std::string_view, 19> kInheriting = {"artifact",
                                                          "autonomous-system",
                                                          "directory",
                                                          "domain-name",
                                                          "email-addr",
                                                          "email-message",
                                                          "file",
                                                          "identity",
                                                          "ipv4-addr",
                                                          "ipv6-addr",
                                                          "mac-addr",
                                                          "mutex",
                                                          "network-traffic",
                                                          "process",
                                                          "software",
                                                          "url",
                                                          "user-account",
                                                          "windows-registry-key",
                                                          "x509-certificate"};

bool Inherits(std::string_view type) {
  return std::find(kInheriting.begin(), kInheriting.end(), type) != kInheriting.end();
}
constexpr std::array<std::string_view, 5> kEndpoints = {"source_ref", "target_ref", "sighting_of_ref",
                                                        "observed_data_refs", "where_sighted_refs"};

bool IsEndpoint(std::string_view property) {
  return std::find(kEndpoints.begin(), kEndpoints.end(), property) != kEndpoints.end();
}
bool IsRelation(std::string_view type) {
  return type == "relationship" || type == "sighting";
}
std::string_view TypeOf(std::string_view id) {
  return id.substr(0, id.find("--"));
}

// Every id that an object names, with the property that names it; its markings are not among them.
template <typename Take>
void ForEachName(const model::JsonValue& value, const Take& take) {
  for (const model::JsonValue::Member& member : value.members()) {
    if (member.key == "object_marking_refs" || member.key == "granular_markings") continue;
    const bool one = member.key.ends_with("_ref"), many = member.key.ends_with("_refs");
    if (one && member.value.is_string()) take(member.key, member.value.text());
    for (const model::JsonValue& element : member.value.elements()) {
      if (many && element.is_string()) take(member.key, element.text());
    }
    ForEachName(member.value, take);
  }
  for (const model::JsonValue& element : value.elements()) ForEachName(element, take);
}

}  // namespace

BundleLabels::Said BundleLabels::SaidBy(const model::StixObject& object) {
  policy::Constraints constraints;
  constraints.label = terms_.constraints.label;
  const auto defines = [this](std::string_view id) {
    if (definitions_.contains(id)) return true;
    const absl::StatusOr<bool> defined = room_.journal.DefinesStatementMarking(room_.self.org(), id);
    return defined.ok() && *defined;
  };
  std::string detail;
  const RejectReason reason = JoinMarkings(object, defines, constraints, detail);
  if (reason == RejectReason::kMarking) return {constraints.label, true, false};
  if (model::ClassifyDefinition(object.json()) == model::DefinitionKind::kStatement) {
    if (definitions_.size() < kMaxBundleIds) definitions_.insert(std::string(object.id()));
  }
  return {constraints.label, false, reason == RejectReason::kNoLabel};
}

void BundleLabels::Remember(ById& map, const std::string& id, const Said& said) {
  auto at = map.find(id);
  if (at == map.end()) {
    if (objects_.size() + named_.size() >= kMaxBundleIds || id.size() > model::kMaxStixIdBytes) {
      full_ = true;
      return;
    }
    at = map.emplace(id, Said()).first;
  }
  at->second.label = std::max(at->second.label, said.label);
  at->second.unknown |= said.unknown;
  at->second.labelless |= said.labelless;
}

void BundleLabels::Take(std::vector<PublishItem>& items, uint64_t first_index) {
  std::vector<PublishItem> kept;
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].index = first_index + i;
    if (items[i].refused.ok()) {
      Look(items[i], kept);
    } else {
      kept.push_back(std::move(items[i]));
    }
  }
  items = std::move(kept);
}

void BundleLabels::Look(PublishItem& item, std::vector<PublishItem>& kept) {
  const BigParse turn(item.content.size());
  const absl::StatusOr<model::StixObject> object = model::StixObject::Parse(item.content);
  if (!object.ok()) return kept.push_back(std::move(item));
  Said said = SaidBy(*object);
  Waiting waiting;
  waiting.id = std::string(object->id());
  waiting.relation = IsRelation(object->type());
  if (!said.labelless) waiting.own = said.label;
  const bool may_inherit = waiting.relation ? said.label < Label::kRed : said.labelless && Inherits(object->type());
  ForEachName(object->json(), [&](std::string_view property, std::string_view id) {
    if (waiting.relation && IsEndpoint(property)) waiting.above.emplace_back(id);
    if (Inherits(TypeOf(id))) waiting.below.emplace_back(id);
  });
  if (!said.unknown && may_inherit) {
    waiting.item = std::move(item);
    return Wait(std::move(waiting), said, kept);
  }
  if (const auto profile = Profile(); said.labelless && profile) said = {*profile, false, false};
  strictest_ = std::max(strictest_, said.label);
  Remember(objects_, waiting.id, said);
  for (const std::string& id : waiting.below) Remember(named_, id, said);
  kept.push_back(std::move(item));
}

void BundleLabels::Wait(Waiting waiting, Said said, std::vector<PublishItem>& kept) {
  size_t bytes = sizeof(Waiting) + waiting.item.content.size() + waiting.id.size();
  for (const auto* names : {&waiting.above, &waiting.below}) {
    for (const std::string& id : *names) bytes += sizeof(std::string) + id.size();
  }
  if (waiting_bytes_ + bytes > kMaxWaitingBytes) {
    return kept.push_back(WithoutWaiting(std::move(waiting), said));
  }
  waiting_bytes_ += bytes;
  said.labelless = false;  // that shows in the end
  strictest_ = std::max(strictest_, said.label);
  Remember(objects_, waiting.id, said);
  waiting_.push_back(std::move(waiting));
}

// What cannot wait is as strict as everything in front of it, and behind that not looser than its profile.
PublishItem BundleLabels::WithoutWaiting(Waiting waiting, const Said& said) {
  const std::optional<Label> profile = Profile();
  Said now = said;
  if (said.labelless && !profile) {
    waiting.item.unlabelled =
        "no TLP label, and the bundle is too large to find out what it could inherit; publish it "
        "again in parts, or with --tlp LABEL";
  } else {
    now = {std::max({said.label, strictest_, said.labelless ? *profile : Label::kUnlabelled}), false, false};
    waiting.item.imputed = Inherited(now.label);
  }
  strictest_ = std::max(strictest_, now.label);
  Remember(objects_, waiting.id, now);
  for (const std::string& id : waiting.below) Remember(named_, id, now);
  return std::move(waiting.item);
}

}  // namespace entente::exchange
