#include "policy/constraints.h"

#include <algorithm>

namespace entente::policy {
namespace {

using model::Label;

template <typename T>
bool SortedOnce(const std::vector<T>& list) {
  return std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end();
}

bool IsNation(const std::string& text) {
  return text.size() == 2 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool AreNations(const std::vector<std::string>& nations) {
  return nations.size() <= kMaxNations && SortedOnce(nations) &&
         std::all_of(nations.begin(), nations.end(), IsNation);
}

bool AreWords(const std::vector<std::string>& words) {
  return words.size() <= kMaxWords && SortedOnce(words) &&
         std::all_of(words.begin(), words.end(), model::IsWord);
}

bool AreOrganisations(const std::vector<OrgId>& organisations) {
  return organisations.size() <= kMaxAddressees && SortedOnce(organisations) &&
         (organisations.empty() || !organisations.front().IsZero());
}

bool Share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

}  // namespace

bool IsLabel(Label label) { return label >= Label::kClear && label <= Label::kRed; }
bool HasEmbargo(const Constraints& constraints) { return constraints.embargo_until != absl::InfinitePast(); }

bool RestrictsClear(const Constraints& constraints) {
  if (constraints.label != Label::kClear && constraints.post_embargo_label != Label::kClear) return false;
  const bool nations = !constraints.rel_to.empty() || !constraints.not_rel_to.empty();
  return nations || constraints.orcon || !constraints.sg_id.empty();
}

Label EffectiveLabel(const Constraints& constraints, absl::Time now) {
  if (!HasEmbargo(constraints) || !IsLabel(constraints.label)) return constraints.label;
  const bool over = now >= constraints.embargo_until;
  if (over && IsLabel(constraints.post_embargo_label)) return constraints.post_embargo_label;
  return std::max(constraints.label, Label::kAmberStrict);
}

std::string_view WhatIsMalformed(const Constraints& constraints) {
  if (!AreNations(constraints.rel_to) || !AreNations(constraints.not_rel_to)) {
    return "the nations are not two upper-case letters each, sorted, each once";
  }
  if (Share(constraints.rel_to, constraints.not_rel_to)) return "a nation is both named and excluded";
  if (!AreWords(constraints.sector_to) || !AreWords(constraints.purpose)) {
    return "the sectors or purposes are not short printable words, sorted, each once";
  }
  if (!AreOrganisations(constraints.addressees)) return "the addressees are not organisations, sorted, each once";
  if (!constraints.sg_id.empty() && constraints.sg_id.size() != kSharingGroupIdSize) {
    return "the sharing group's id is not 32 bytes";
  }
  if (constraints.pap < model::Pap::kUnset || constraints.pap > model::Pap::kRed) return "the PAP value is unknown";
  if (constraints.personal_data < PersonalData::kUnstated || constraints.personal_data > PersonalData::kSpecial) {
    return "what it says of personal data is unknown";
  }
  if (constraints.post_embargo_label == Label::kUnlabelled) return {};
  if (!IsLabel(constraints.post_embargo_label)) return "the label for after the embargo is unknown";
  if (!HasEmbargo(constraints)) return "there is a label for after an embargo and no embargo";
  return {};
}

std::string_view Name(SourceRole role) {
  return role == SourceRole::kAuthor ? "author" : role == SourceRole::kCustodian ? "custodian" : "";
}

absl::Status CheckInput(const Constraints& constraints) {
  if (constraints.label == Label::kUnlabelled) {
    return Reject(RejectReason::kNoLabel, "no TLP label; publish it again with --tlp LABEL");
  }
  if (!IsLabel(constraints.label)) {
    return Reject(RejectReason::kMarking, "the TLP label is unknown; use CLEAR, GREEN, AMBER, AMBER+STRICT or RED");
  }
  if (const std::string_view what = WhatIsMalformed(constraints); !what.empty()) {
    return Reject(RejectReason::kMarking, std::string(what) + "; correct it and publish again");
  }
  for (const auto* nations : {&constraints.rel_to, &constraints.not_rel_to}) {
    for (const std::string& nation : *nations) {
      if (model::ParseNation(nation).ok()) continue;
      return Reject(RejectReason::kMarking, nation + " is no ISO 3166-1 code; correct it and publish again");
    }
  }
  if (RestrictsClear(constraints)) {
    return Reject(RejectReason::kPolicyRelOnClear,
                  "what is CLEAR goes to anybody: nations, originator control or a sharing group contradict it; use a "
                  "stricter label or leave them out");
  }
  return absl::OkStatus();
}

}  // namespace entente::policy
