#include <algorithm>
#include <utility>

#include "exchange/lookup.h"
#include "exchange/questions.h"

namespace entente::exchange {
namespace {

// The statement whose constraints govern a stored object, wherever it stands.
const Bytes& StatementIn(const v1::Record& record) {
  return record.has_object() ? record.object().statement() : record.repeated_statement().statement();
}

// Why an object is held back from everybody, with the reason that it was held for.
absl::Status Held(const Room& room, const storage::QuarantineEntry& entry) {
  absl::StatusOr<std::optional<v1::Record>> record = room.journal.FindRecord(entry.seq);
  if (!record.ok()) return record.status();
  RejectReason reason = RejectReason::kMarking;
  for (const RejectEntry& info : AllRejectReasons()) {
    if (info.name == entry.reason) reason = info.reason;
  }
  std::string what = "the object is in quarantine";
  if (entry.origin != room.self.org()) what += ", received from " + room.directory.NameOf(entry.origin);
  const std::string detail = record->has_value() ? (*record)->quarantine().detail() : "";
  return Reject(reason, what + ": " + (detail.empty() ? std::string(Describe(reason).meaning) : detail));
}

}  // namespace

absl::StatusOr<std::optional<Reading::Object>> Reading::At(uint64_t seq) const {
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->has_object()) return std::nullopt;
  v1::ObjectAccepted& object = *(*record)->mutable_object();
  absl::StatusOr<policy::Constraints> constraints = ConstraintsOf(StatementIn(**record));
  if (!constraints.ok()) return constraints.status();
  constraints->label = std::max(constraints->label, static_cast<model::Label>(object.label()));
  if (!policy::Evaluate(room_.rules, LocalQuestion(room_, *constraints)).permitted()) return std::nullopt;
  absl::StatusOr<std::optional<v1::Record>> batch = room_.journal.FindRecord(object.batch_seq());
  if (!batch.ok()) return batch.status();

  Object out;
  out.row.set_id(object.id());
  out.row.set_type(object.type());
  if (batch->has_value()) {
    const auto origin = OrgId::From((*batch)->batch().origin());
    if (origin) out.row.set_origin(room_.directory.NameOf(*origin));
  }
  out.row.set_tlp(std::string(model::Name(constraints->label)));
  out.row.set_version(object.version());
  out.row.set_journal_seq(seq);
  out.row.set_received_us((*record)->time_us());
  out.row.set_name(object.name());
  out.row.set_source_role(std::string(policy::Name(constraints->source_role)));
  out.content = std::move(*object.mutable_content());
  return out;
}

absl::StatusOr<Reading::Object> Reading::Get(std::string_view id, std::string_view version) const {
  const absl::StatusOr<Found> found = FindObject(room_.journal, id, version);
  if (!found.ok()) return found.status();
  if (!found->accepted) return Held(room_, *found->held);
  absl::StatusOr<std::optional<Object>> object = At(found->accepted->seq);
  if (!object.ok()) return object.status();
  if (!object->has_value()) {
    return Reject(RejectReason::kPolicyTlp, "policy withholds this object from local readers; entente explain says why");
  }
  return **std::move(object);
}

absl::StatusOr<v1::SearchReply> Reading::Search(std::string_view value, size_t limit) const {
  if (value.empty()) return Reject(RejectReason::kUsage, "an empty value finds nothing; give a value to look up");
  absl::StatusOr<storage::SearchHits> hits = room_.journal.Search(model::NormaliseValue(value), limit);
  if (!hits.ok()) return hits.status();
  v1::SearchReply reply;
  reply.set_more(hits->more);
  for (const uint64_t seq : hits->seqs) {
    absl::StatusOr<std::optional<Object>> object = At(seq);
    if (!object.ok()) return object.status();
    if (object->has_value()) *reply.add_matches() = std::move((*object)->row);
  }
  return reply;
}

}  // namespace entente::exchange
