// Which objects a derived object may not name: those that a recipient may not have.
#include <algorithm>
#include <set>

#include "exchange/publication_batch.h"

namespace entente::exchange {
namespace {

// The ids that its own properties refer to, markings aside.
std::set<std::string> ReferencesOf(const model::StixObject& object) {
  std::set<std::string> ids;
  for (const auto& member : object.json().members()) {
    if (member.key == "object_marking_refs") continue;
    if (member.key.ends_with("_ref") && member.value.is_string()) ids.emplace(member.value.text());
    if (!member.key.ends_with("_refs")) continue;
    for (const model::JsonValue& element : member.value.elements()) {
      if (element.is_string()) ids.emplace(element.text());
    }
  }
  return ids;
}

}  // namespace

// What is not known here is nobody's secret; what is, may be named to its origin and to who may have it whole.
absl::StatusOr<bool> PublicationBatch::MayBeNamed(const storage::Reader& reader, std::string_view id,
                                                  const OrgId& org) {
  const auto given = given_ids_.find(id);
  const bool here = given != given_ids_.end();
  if (here && candidates_[given->second].of != nullptr) {
    for (const storage::PartyDecision& decision : candidates_[given->second].of->decisions) {
      if (decision.org == org && std::holds_alternative<policy::Permit>(decision.outcome)) return true;
    }
  }
  const absl::StatusOr<std::optional<storage::VersionEntry>> newest = reader.NewestVersion(id);
  if (!newest.ok()) return newest.status();
  if (!newest->has_value()) return !here;
  if ((*newest)->origin != room_.self.org()) return (*newest)->origin == org;
  const absl::StatusOr<Earlier> earlier = EarlierOf(reader, **newest);
  if (!earlier.ok()) return earlier.status();
  return earlier->audience.contains(org);
}

absl::StatusOr<std::vector<std::string>> PublicationBatch::Hidden(const storage::Reader& reader,
                                                                  const model::StixObject& object,
                                                                  const std::vector<OrgId>& recipients) {
  const std::set<std::string> ids = ReferencesOf(object);
  if (ids.size() > kMaxDerivedReferences) {
    return Reject(RejectReason::kPolicyRule,
                  "it cannot go redacted: it refers to more than 256 objects, and each would "
                  "have to be asked about");
  }
  std::vector<std::string> hidden;
  for (const std::string& id : ids) {
    for (const OrgId& org : recipients) {
      const absl::StatusOr<bool> may = MayBeNamed(reader, id, org);
      if (!may.ok()) return may.status();
      if (*may) continue;
      hidden.push_back(id);
      break;
    }
  }
  return hidden;
}

}  // namespace entente::exchange
