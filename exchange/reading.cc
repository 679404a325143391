#include <algorithm>
#include <utility>

#include "exchange/lineage.h"
#include "exchange/lookup.h"
#include "exchange/questions.h"
#include "exchange/reading.h"

namespace entente::exchange {
namespace {

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

absl::StatusOr<std::optional<Reading::Object>> Reading::At(uint64_t seq, absl::Status* withheld) const {
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->has_object()) return std::nullopt;
  v1::ObjectAccepted& object = *(*record)->mutable_object();
  absl::StatusOr<policy::Constraints> constraints = ConstraintsOf(object.statement());
  if (!constraints.ok()) return constraints.status();
  // Also what it was raised to since.
  const auto version = room_.journal.FindVersion(object.id(), object.version_ns());
  if (!version.ok()) return version.status();
  constraints->label = std::max(constraints->label, static_cast<model::Label>(object.label()));
  if (version->has_value()) constraints->label = std::max(constraints->label, (*version)->label);
  const absl::StatusOr<model::Label> source = SourceLabel(room_.journal, object);
  if (!source.ok()) return source.status();
  constraints->label = std::max(constraints->label, *source);
  absl::StatusOr<std::optional<v1::Record>> batch = room_.journal.FindRecord(object.batch_seq());
  if (!batch.ok()) return batch.status();
  const std::shared_ptr<const RuleSet> rules = room_.rules.Now();
  const absl::StatusOr<Subject> subject =
      StoredSubject(room_, *rules, object.id(), object.content(), object.released_from() != 0,
                    batch->has_value() ? (*batch)->batch() : v1::BatchAccepted(), room_.clock.Now());
  if (!subject.ok()) return subject.status();
  const policy::Decision decision = Judge(room_, *rules, Asked(*constraints, *subject)).decision;
  if (!decision.permitted()) {
    if (withheld != nullptr) *withheld = Reject(decision.denial()->reason, Sentence(*decision.denial()));
    return std::nullopt;
  }

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
  if (object.has_lineage()) *out.row.mutable_lineage() = object.lineage();
  if (object.has_imputed()) out.row.set_imputed(SentenceOf(room_, object.imputed()));
  out.content = std::move(*object.mutable_content());
  return out;
}

absl::StatusOr<Reading::Object> Reading::Readable(std::string_view id, std::string_view version) const {
  const absl::StatusOr<Found> found = FindObject(room_.journal, id, version);
  if (!found.ok()) return found.status();
  if (!found->accepted) {
    if (absl::Status status = CheckHeld(*found->held); !status.ok()) return status;
    return Held(room_, *found->held);
  }
  absl::Status withheld = Reject(RejectReason::kStoreCorrupt, "the object's record is missing; run entente fsck");
  absl::StatusOr<std::optional<Object>> object = At(found->accepted->seq, &withheld);
  if (!object.ok()) return object.status();
  if (!object->has_value()) return withheld;
  const absl::StatusOr<std::vector<v1::DerivedRow>> derived =
      DerivedRows(room_, (*object)->row.id(), found->accepted->version_ns);
  if (!derived.ok()) return derived.status();
  for (const v1::DerivedRow& row : *derived) *(*object)->row.add_derived() = row;
  return **std::move(object);
}

absl::StatusOr<Reading::Object> Reading::Get(std::string_view id, std::string_view version) const {
  absl::StatusOr<Object> object = Readable(id, version);
  if (!object.ok()) return object.status();
  if (absl::Status status = Opened("get", {object->row}); !status.ok()) return status;
  return object;
}

// Says that there are more only where there are more for whoever asks: a hit that is withheld must not show in it.
absl::StatusOr<v1::SearchReply> Reading::Search(std::string_view value, size_t limit) const {
  if (value.empty()) return Reject(RejectReason::kUsage, "an empty value finds nothing; give a value to look up");
  const size_t through = room_.seats == nullptr ? limit : std::max(limit, kSearchedThrough);
  absl::StatusOr<storage::SearchHits> hits = room_.journal.Search(model::NormaliseValue(value), through);
  if (!hits.ok()) return hits.status();
  v1::SearchReply reply;
  reply.set_more(hits->more && room_.seats == nullptr);
  for (const uint64_t seq : hits->seqs) {
    absl::StatusOr<std::optional<Object>> object = At(seq);
    if (!object.ok()) return object.status();
    if (!object->has_value()) continue;
    if (static_cast<size_t>(reply.matches_size()) == limit) {
      reply.set_more(true);
      break;
    }
    *reply.add_matches() = std::move((*object)->row);
  }
  if (absl::Status status = Opened("search", {reply.matches().begin(), reply.matches().end()}); !status.ok()) {
    return status;
  }
  return reply;
}

}  // namespace entente::exchange
