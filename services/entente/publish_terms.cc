#include "services/entente/publish_terms.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/bytes.h"
#include "base/reject.h"
#include "model/marking.h"
#include "model/party.h"
#include "model/timestamp.h"

namespace entente::cli {
namespace {

template <typename T, size_t N>
using Choices = std::array<std::pair<std::string_view, T>, N>;

constexpr Choices<v1::Pap, 5> kPaps{{{"clear", v1::PAP_CLEAR},
                                     {"white", v1::PAP_CLEAR},
                                     {"green", v1::PAP_GREEN},
                                     {"amber", v1::PAP_AMBER},
                                     {"red", v1::PAP_RED}}};
constexpr Choices<v1::PersonalData, 3> kPersonalData{
    {{"none", v1::PERSONAL_DATA_NONE}, {"present", v1::PERSONAL_DATA_PRESENT}, {"special", v1::PERSONAL_DATA_SPECIAL}}};
constexpr Choices<v1::SourceRole, 2> kRoles{
    {{"author", v1::SOURCE_ROLE_AUTHOR}, {"custodian", v1::SOURCE_ROLE_CUSTODIAN}}};

absl::Status Wrong(std::string_view option, const std::string& text, std::string_view wanted) {
  return Reject(RejectReason::kUsage,
                std::string(option) + " '" + text + "' is not understood; it takes " + std::string(wanted));
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Sets `out` when `text` is given and one of `choices`.
template <typename T, size_t N>
absl::Status Choose(std::string_view option, const std::string& text, const Choices<T, N>& choices, T& out) {
  if (text.empty()) return absl::OkStatus();
  std::string wanted;
  for (const auto& [name, value] : choices) {
    if (name == Lower(text)) {
      out = value;
      return absl::OkStatus();
    }
    wanted += (wanted.empty() ? "" : ", ") + std::string(name);
  }
  return Wrong(option, text, wanted);
}

absl::Status ReadLabel(std::string_view option, const std::string& text, v1::Label& out) {
  if (text.empty()) return absl::OkStatus();
  const auto label = model::ParseLabel(text);
  if (!label.ok()) return Wrong(option, text, "CLEAR, GREEN, AMBER, AMBER+STRICT or RED");
  out = static_cast<v1::Label>(*label);  // both count from CLEAR = 1
  return absl::OkStatus();
}
static_assert(static_cast<int>(model::Label::kClear) == v1::LABEL_CLEAR);
static_assert(static_cast<int>(model::Label::kRed) == v1::LABEL_RED);

absl::Status ReadTime(std::string_view option, const std::string& text, int64_t& out_us) {
  if (text.empty()) return absl::OkStatus();
  const auto time = model::ParseTimestamp(text);
  if (!time.ok()) return Wrong(option, text, "a UTC time as in 2026-01-02T03:04:05Z");
  out_us = *time / 1000;
  return absl::OkStatus();
}

// The wire wants sets: sorted, each once.
void SortOnce(google::protobuf::RepeatedPtrField<std::string>& words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

absl::Status ReadNations(std::string_view option, const std::vector<std::string>& texts,
                         google::protobuf::RepeatedPtrField<std::string>& out) {
  for (const std::string& text : texts) {
    auto nation = model::ParseNation(text);
    if (!nation.ok()) return Wrong(option, text, "ISO 3166-1 codes of two letters");
    *out.Add() = *std::move(nation);
  }
  SortOnce(out);
  return absl::OkStatus();
}

// The first refusal among steps that were all made.
absl::Status First(std::initializer_list<absl::Status> steps) {
  for (const absl::Status& step : steps) {
    if (!step.ok()) return step;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::PublishOptions> TermsFrom(const PublishFlags& flags) {
  v1::PublishOptions options;
  v1::ReleaseConstraints& limits = *options.mutable_constraints();
  v1::Label label = v1::LABEL_UNSPECIFIED, post = v1::LABEL_UNSPECIFIED;
  v1::Pap pap = v1::PAP_UNSPECIFIED;
  v1::PersonalData personal = v1::PERSONAL_DATA_UNSPECIFIED;
  v1::SourceRole role = v1::SOURCE_ROLE_UNSPECIFIED;
  int64_t embargo_us = 0, retain_us = 0;
  const absl::Status status = First({
      ReadLabel("--tlp", flags.tlp, label),
      ReadLabel("--post-embargo-tlp", flags.post_embargo_tlp, post),
      Choose("--pap", flags.pap, kPaps, pap),
      Choose("--personal-data", flags.personal_data, kPersonalData, personal),
      Choose("--source-role", flags.source_role, kRoles, role),
      ReadTime("--embargo-until", flags.embargo_until, embargo_us),
      ReadTime("--retain-until", flags.retain_until, retain_us),
      ReadNations("--rel-to", flags.rel_to, *limits.mutable_rel_to()),
      ReadNations("--not-rel-to", flags.not_rel_to, *limits.mutable_not_rel_to()),
  });
  if (!status.ok()) return status;
  limits.set_label(label);
  limits.set_post_embargo_label(post);
  limits.set_pap(pap);
  limits.set_personal_data(personal);
  limits.set_source_role(role);
  limits.set_embargo_until_us(embargo_us);
  limits.set_retain_until_us(retain_us);
  limits.set_orcon(flags.orcon);
  limits.set_exercise_id(flags.exercise);
  if (flags.hop_limit) limits.set_hop_limit(*flags.hop_limit);
  for (const std::string& sector : flags.sector_to) limits.add_sector_to(sector);
  for (const std::string& purpose : flags.purpose) limits.add_purpose(purpose);
  SortOnce(*limits.mutable_sector_to());
  SortOnce(*limits.mutable_purpose());
  for (const std::string& name : flags.to) options.add_to(name);
  options.set_group(flags.group);
  options.set_source(flags.source);
  return options;
}

}  // namespace entente::cli
