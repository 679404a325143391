#include "model/iep_definition.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/reject.h"
#include "model/text.h"
#include "model/timestamp.h"

namespace entente::model {
namespace {

template <typename T, size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

constexpr Words<Label, 4> kLabels = {
    {{"red", Label::kRed}, {"amber", Label::kAmber}, {"green", Label::kGreen}, {"white", Label::kClear}}};
constexpr Words<Iep::Actions, 5> kActions = {{{"none", Iep::Actions::kNone},
                                              {"contact-for-instruction", Iep::Actions::kContact},
                                              {"internally-visible-actions", Iep::Actions::kInternal},
                                              {"externally-visible-indirect-actions", Iep::Actions::kIndirect},
                                              {"externally-visible-direct-actions", Iep::Actions::kDirect}}};
constexpr Words<Iep::Attribution, 3> kAttributions = {
    {{"may", Iep::Attribution::kMay}, {"must", Iep::Attribution::kMust}, {"must-not", Iep::Attribution::kMustNot}}};
constexpr Words<bool, 2> kMust = {{{"must", true}, {"may", false}}};
constexpr Words<bool, 2> kMayUnlessForbidden = {{{"may", true}, {"must-not", false}}};
constexpr std::array<std::string_view, 12> kKeys = {"extension_type",
                                                    "encrypt_in_transit",
                                                    "permitted_actions",
                                                    "affected_party_notifications",
                                                    "tlp",
                                                    "provider_attribution",
                                                    "unmodified_resale",
                                                    "iep_id",
                                                    "iep_version",
                                                    "description",
                                                    "start_date",
                                                    "end_date"};

absl::Status NotUnderstood(std::string_view what) {
  return Reject(RejectReason::kMarking, "the IEP policy is not understood: " + std::string(what));
}

template <typename T, size_t N>
absl::Status ReadWord(const JsonValue& policy, std::string_view key, const Words<T, N>& words, T& out) {
  const JsonValue* value = policy.Find(key);
  if (value == nullptr) return NotUnderstood(std::string(key) + " is missing");
  std::string choices;
  for (const auto& [word, meaning] : words) {
    if (value->is_string() && value->text() == word) {
      out = meaning;
      return absl::OkStatus();
    }
    choices += (choices.empty() ? "" : ", ") + std::string(word);
  }
  return NotUnderstood(std::string(key) + " is none of " + choices);
}

absl::Status ReadTime(const JsonValue& policy, std::string_view key, absl::Time& out) {
  const JsonValue* value = policy.Find(key);
  if (value == nullptr || value->kind() == JsonValue::Kind::kNull) return absl::OkStatus();
  const absl::StatusOr<int64_t> ns =
      value->is_string() ? ParseTimestamp(value->text()) : absl::StatusOr<int64_t>(NotUnderstood(""));
  if (!ns.ok()) return NotUnderstood(std::string(key) + " is no UTC time");
  out = absl::FromUnixNanos(*ns);
  return absl::OkStatus();
}

// Version 4 or 5, as the draft asks, in any case.
bool IsPolicyId(std::string_view id) {
  if (id.size() != 36 || (id[14] != '4' && id[14] != '5')) return false;
  for (size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f') || (id[i] >= 'A' && id[i] <= 'F');
    if (dash ? id[i] != '-' : !hex) return false;
  }
  return true;
}

absl::Status CheckForm(const JsonValue& object, const JsonValue& policy) {
  if (object.Find("definition") != nullptr || object.Find("definition_type") != nullptr) {
    return NotUnderstood("another definition stands beside it");
  }
  if (object.Find("extensions")->members().size() != 1) return NotUnderstood("another extension stands beside it");
  if (!policy.is_object()) return NotUnderstood("its extension is no object");
  for (const JsonValue::Member& member : policy.members()) {
    if (std::find(kKeys.begin(), kKeys.end(), member.key) != kKeys.end()) continue;
    return NotUnderstood("'" + Escaped(member.key, 64) + "' is no part of one");
  }
  if (policy.StringAt("extension_type") != "property-extension") {
    return NotUnderstood("extension_type is not property-extension");
  }
  const JsonValue* version = policy.Find("iep_version");
  const bool two = version != nullptr && ((version->kind() == JsonValue::Kind::kNumber && version->number() == 2.0) ||
                                          (version->is_string() && version->text() == "2.0"));
  if (!two) return NotUnderstood("iep_version is not 2.0");
  if (!IsPolicyId(policy.StringAt("iep_id"))) return NotUnderstood("iep_id is no UUID of version 4 or 5");
  const JsonValue* description = policy.Find("description");
  if (description != nullptr && !description->is_string()) return NotUnderstood("description is no text");
  return absl::OkStatus();
}

}  // namespace

bool IsIepDefinition(const JsonValue& object) {
  if (!object.is_object() || object.StringAt("type") != "marking-definition") return false;
  const JsonValue* extensions = object.Find("extensions");
  return extensions != nullptr && extensions->Find(kIepExtension) != nullptr;
}

absl::StatusOr<Iep> ReadIep(const JsonValue& object) {
  const JsonValue& policy = *object.Find("extensions")->Find(kIepExtension);
  if (absl::Status form = CheckForm(object, policy); !form.ok()) return form;
  Iep iep;
  for (const absl::Status& read : {
           ReadWord(policy, "tlp", kLabels, iep.label),
           ReadWord(policy, "permitted_actions", kActions, iep.actions),
           ReadWord(policy, "provider_attribution", kAttributions, iep.attribution),
           ReadWord(policy, "encrypt_in_transit", kMust, iep.encrypt_in_transit),
           ReadWord(policy, "affected_party_notifications", kMayUnlessForbidden, iep.notify_affected),
           ReadWord(policy, "unmodified_resale", kMayUnlessForbidden, iep.unmodified_resale),
           ReadTime(policy, "start_date", iep.start),
           ReadTime(policy, "end_date", iep.end),
       }) {
    if (!read.ok()) return read;
  }
  if (iep.start == absl::InfinitePast()) return NotUnderstood("start_date is missing");
  if (iep.start >= iep.end) return NotUnderstood("end_date is not behind start_date");
  return iep;
}

}  // namespace entente::model
