// What those inherit that waited for the rest of their bundle.
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "exchange/bundle_labels.h"
#include "exchange/publication_batch.h"

namespace entente::exchange {

using model::Label;

v1::Imputed BundleLabels::Inherited(Label label) {
  v1::Imputed imputed;
  imputed.set_label(static_cast<v1::Label>(label));
  imputed.set_inherited(true);
  return imputed;
}

// A relationship or sighting is as strict as what it names, in its bundle or stored here.
absl::Status BundleLabels::TakeFromNamed(Waiting& relation) {
  for (const std::string& id : relation.above) {
    if (const auto here = objects_.find(id); here != objects_.end()) {
      relation.label = std::max(relation.label, here->second.label);
      relation.unknown |= here->second.unknown || here->second.labelless;
      continue;
    }
    const absl::StatusOr<std::optional<storage::VersionEntry>> stored = room_.journal.NewestVersion(id);
    if (!stored.ok()) return stored.status();
    if (stored->has_value()) relation.label = std::max(relation.label, (*stored)->label);
  }
  return absl::OkStatus();
}

absl::Status BundleLabels::Link() {
  std::unordered_map<std::string_view, size_t> at;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    const auto [first, fresh] = at.try_emplace(waiting_[i].id, i);
    if (fresh) continue;  // those of one id speak for each other, so that names make one edge each
    waiting_[first->second].next.push_back(i);
    waiting_[i].next.push_back(first->second);
  }
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& waiting = waiting_[i];
    waiting.label = full_ ? std::max(waiting.own, strictest_) : waiting.own;
    if (waiting.relation) {
      if (absl::Status status = TakeFromNamed(waiting); !status.ok()) return status;
    } else if (const auto named = named_.find(waiting.id); named != named_.end()) {
      waiting.label = std::max(waiting.label, named->second.label);
      waiting.unknown = named->second.unknown;
    }
    for (const std::string& id : waiting.above) {
      if (const auto found = at.find(id); found != at.end()) waiting_[found->second].next.push_back(i);
    }
    for (const std::string& id : waiting.below) {
      const auto found = at.find(id);
      if (found != at.end() && !waiting_[found->second].relation) waiting.next.push_back(found->second);
    }
  }
  return absl::OkStatus();
}

// Each gets the strictest label that leads to it. Strictest first, so that each is reached once.
void BundleLabels::Spread() {
  std::map<Label, std::vector<size_t>> reached;
  for (size_t i = 0; i < waiting_.size(); ++i) reached[waiting_[i].label].push_back(i);
  for (Label label = Label::kRed; label > Label::kUnlabelled; label = static_cast<Label>(static_cast<int>(label) - 1)) {
    std::vector<size_t>& ready = reached[label];
    for (size_t i = 0; i < ready.size(); ++i) {
      for (const size_t y : waiting_[ready[i]].next) {
        if (waiting_[y].label >= label) continue;
        waiting_[y].label = label;
        waiting_[y].by_profile = false;
        ready.push_back(y);
      }
    }
  }
}

// What names something whose label nobody knows has none either.
void BundleLabels::SpreadUnknown() {
  std::vector<size_t> ready;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& waiting = waiting_[i];
    waiting.unknown &= waiting.inherits_all();
    waiting.unknown |= waiting.label == Label::kUnlabelled;
    if (waiting.unknown) ready.push_back(i);
  }
  for (size_t i = 0; i < ready.size(); ++i) {
    for (const size_t y : waiting_[ready[i]].next) {
      Waiting& waiting = waiting_[y];
      if (!waiting.relation || waiting.unknown || !waiting.inherits_all()) continue;
      waiting.unknown = true;
      ready.push_back(y);
    }
  }
}

void BundleLabels::Settle(Waiting& waiting) const {
  if (waiting.unknown && (waiting.label != Label::kUnlabelled || Profile())) {
    waiting.item.unlabelled =
        "no TLP label, and what it names or what names it is held for its markings; correct that "
        "and publish them together again, or label it with --tlp LABEL";
  } else if (waiting.label > waiting.own && !waiting.by_profile) {
    waiting.item.imputed = Inherited(waiting.label);
  }
}

absl::StatusOr<std::vector<std::vector<PublishItem>>> BundleLabels::Rest() {
  if (absl::Status status = Link(); !status.ok()) return status;
  Spread();
  if (const std::optional<Label> profile = Profile()) {
    for (Waiting& waiting : waiting_) {
      if (waiting.label != Label::kUnlabelled || waiting.unknown) continue;
      waiting.label = *profile;
      waiting.by_profile = true;
    }
    Spread();
  }
  SpreadUnknown();
  std::vector<std::vector<PublishItem>> chunks;
  size_t bytes = 0;
  for (Waiting& waiting : waiting_) {
    Settle(waiting);
    const size_t size = waiting.item.content.size();
    if (chunks.empty() || chunks.back().size() == kBatchStatements || bytes + size > kBatchBytes) {
      chunks.emplace_back();
      bytes = 0;
    }
    bytes += size;
    chunks.back().push_back(std::move(waiting.item));
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  return chunks;
}

}  // namespace entente::exchange
