#include <algorithm>
#include <limits>

#include "base/clock.h"
#include "base/reject.h"
#include "envelope/claims.h"
#include "envelope/envelope.h"
#include "envelope/limits.h"
#include "model/party.h"

// policy::Constraints and the message that is signed (docs/formats/statement.md, "Release constraints").
namespace entente::envelope {
namespace {

absl::Status Malformed(const char* what) {
  return Reject(RejectReason::kParse, std::string("release constraints: ") + what);
}

v1::Label LabelToWire(model::Label label) {
  return static_cast<v1::Label>(label);
}
model::Label LabelFromWire(v1::Label label) {
  return static_cast<model::Label>(label);
}
static_assert(static_cast<int>(model::Label::kUnlabelled) == v1::LABEL_UNSPECIFIED);
static_assert(static_cast<int>(model::Label::kClear) == v1::LABEL_CLEAR);
static_assert(static_cast<int>(model::Label::kGreen) == v1::LABEL_GREEN);
static_assert(static_cast<int>(model::Label::kAmber) == v1::LABEL_AMBER);
static_assert(static_cast<int>(model::Label::kAmberStrict) == v1::LABEL_AMBER_STRICT);
static_assert(static_cast<int>(model::Label::kRed) == v1::LABEL_RED);
static_assert(static_cast<int>(model::Pap::kUnset) == v1::PAP_UNSPECIFIED);
static_assert(static_cast<int>(model::Pap::kRed) == v1::PAP_RED);
static_assert(static_cast<int>(policy::PersonalData::kUnstated) == v1::PERSONAL_DATA_UNSPECIFIED);
static_assert(static_cast<int>(policy::PersonalData::kSpecial) == v1::PERSONAL_DATA_SPECIAL);

template <typename Range>
bool StrictlyAscending(const Range& range) {
  return std::adjacent_find(range.begin(), range.end(), std::greater_equal<>()) == range.end();
}

using Strings = google::protobuf::RepeatedPtrField<std::string>;

absl::Status ReadNations(const Strings& wire, std::vector<std::string>& out) {
  if (static_cast<size_t>(wire.size()) > policy::kMaxNations) return Malformed("too many nations");
  if (!StrictlyAscending(wire)) return Malformed("nations are unsorted or repeated");
  for (const std::string& nation : wire) {
    const auto parsed = model::ParseNation(nation);
    if (!parsed.ok() || *parsed != nation) return Malformed("a nation is no upper-case ISO 3166-1 alpha-2 code");
  }
  out.assign(wire.begin(), wire.end());
  return absl::OkStatus();
}

absl::Status ReadWords(const Strings& wire, std::vector<std::string>& out) {
  if (static_cast<size_t>(wire.size()) > policy::kMaxWords) return Malformed("too many sectors or purposes");
  if (!StrictlyAscending(wire)) return Malformed("sectors or purposes are unsorted or repeated");
  if (!std::all_of(wire.begin(), wire.end(), IsWord))
    return Malformed("a sector or purpose is no short printable word");
  out.assign(wire.begin(), wire.end());
  return absl::OkStatus();
}

absl::Status ReadAddressees(const Strings& wire, std::vector<OrgId>& out) {
  if (static_cast<size_t>(wire.size()) > policy::kMaxAddressees) return Malformed("too many addressees");
  for (const std::string& bytes : wire) {
    const auto org = OrgId::From(bytes);
    if (!org) return Malformed("an addressee is no organisation id");
    if (!out.empty() && *org <= out.back()) return Malformed("addressees are unsorted or repeated");
    out.push_back(*org);
  }
  return absl::OkStatus();
}

// `unset` where the wire says 0.
absl::Status ReadTime(int64_t wire_us, absl::Time unset, absl::Time& out) {
  if (wire_us < 0 || wire_us > kMaxTimeUs) return Malformed("a time is before 1970 or after 9999");
  out = wire_us == 0 ? unset : absl::FromUnixMicros(wire_us);
  return absl::OkStatus();
}

absl::Status ReadLists(const v1::ReleaseConstraints& wire, policy::Constraints& out) {
  if (auto s = ReadNations(wire.rel_to(), out.rel_to); !s.ok()) return s;
  if (auto s = ReadNations(wire.not_rel_to(), out.not_rel_to); !s.ok()) return s;
  if (auto s = ReadWords(wire.sector_to(), out.sector_to); !s.ok()) return s;
  if (auto s = ReadWords(wire.purpose(), out.purpose); !s.ok()) return s;
  return ReadAddressees(wire.addressees(), out.addressees);
}

}  // namespace

v1::ReleaseConstraints ToWire(const policy::Constraints& from) {
  v1::ReleaseConstraints wire;
  wire.set_label(LabelToWire(from.label));
  wire.set_pap(static_cast<v1::Pap>(from.pap));
  for (const std::string& nation : from.rel_to) wire.add_rel_to(nation);
  for (const std::string& nation : from.not_rel_to) wire.add_not_rel_to(nation);
  wire.set_orcon(from.orcon);
  if (from.embargo_until != absl::InfinitePast()) wire.set_embargo_until_us(absl::ToUnixMicros(from.embargo_until));
  wire.set_post_embargo_label(LabelToWire(from.post_embargo_label));
  for (const std::string& sector : from.sector_to) wire.add_sector_to(sector);
  if (from.hop_limit) wire.set_hop_limit(*from.hop_limit);
  for (const std::string& purpose : from.purpose) wire.add_purpose(purpose);
  wire.set_personal_data(static_cast<v1::PersonalData>(from.personal_data));
  wire.set_source_role(static_cast<v1::SourceRole>(from.source_role));
  if (from.retain_until != absl::InfiniteFuture()) wire.set_retain_until_us(absl::ToUnixMicros(from.retain_until));
  wire.set_sg_id(from.sg_id);
  for (const OrgId& org : from.addressees) wire.add_addressees(org.str());
  wire.set_exercise_id(from.exercise_id);
  return wire;
}

absl::StatusOr<policy::Constraints> FromWire(const v1::ReleaseConstraints& wire) {
  if (wire.label() == v1::LABEL_UNSPECIFIED || !v1::Label_IsValid(wire.label())) return Malformed("no label");
  if (!v1::Label_IsValid(wire.post_embargo_label()) || !v1::Pap_IsValid(wire.pap()) ||
      !v1::PersonalData_IsValid(wire.personal_data()) || !v1::SourceRole_IsValid(wire.source_role())) {
    return Malformed("a value is not known");
  }
  if (!wire.sg_id().empty() && wire.sg_id().size() != policy::kSharingGroupIdSize)
    return Malformed("the sharing group id has not 32 bytes");
  if (!wire.exercise_id().empty() && !IsWord(wire.exercise_id())) return Malformed("the exercise id is malformed");
  if (wire.post_embargo_label() != v1::LABEL_UNSPECIFIED && wire.embargo_until_us() == 0) {
    return Malformed("a label after the embargo without an embargo");
  }
  policy::Constraints out;
  out.label = LabelFromWire(wire.label());
  out.pap = static_cast<model::Pap>(wire.pap());
  out.orcon = wire.orcon();
  out.post_embargo_label = LabelFromWire(wire.post_embargo_label());
  if (wire.has_hop_limit()) out.hop_limit = wire.hop_limit();
  out.personal_data = static_cast<policy::PersonalData>(wire.personal_data());
  out.source_role = static_cast<policy::SourceRole>(wire.source_role());
  out.sg_id = wire.sg_id();
  out.exercise_id = wire.exercise_id();
  if (auto s = ReadTime(wire.embargo_until_us(), absl::InfinitePast(), out.embargo_until); !s.ok()) return s;
  if (auto s = ReadTime(wire.retain_until_us(), absl::InfiniteFuture(), out.retain_until); !s.ok()) return s;
  if (auto s = ReadLists(wire, out); !s.ok()) return s;
  return out;
}

}  // namespace entente::envelope
