#include "exchange/lineage.h"

#include <set>

namespace entente::exchange {
namespace {

// Whom one statement is for, now or when an embargo ends.
absl::Status AddPeers(const Room& room, uint64_t batch_seq, std::set<std::string>& peers) {
  const absl::StatusOr<std::optional<v1::Record>> batch = room.journal.FindRecord(batch_seq);
  if (!batch.ok()) return batch.status();
  if (!batch->has_value()) return absl::OkStatus();
  for (const v1::RecordedDecision& decision : (*batch)->batch().decisions()) {
    const auto org = OrgId::From(decision.org_id());
    if (org && (decision.permitted() || decision.withheld_until_us() != 0)) peers.insert(room.directory.NameOf(*org));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DerivedRow> RowOf(const Room& room, uint64_t seq) {
  const absl::StatusOr<std::optional<v1::Record>> record = room.journal.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->object().has_lineage()) {
    return Reject(RejectReason::kStoreCorrupt, "the record of a derived object is missing; run entente fsck");
  }
  const v1::ObjectAccepted& object = (*record)->object();
  v1::DerivedRow row;
  row.set_id(object.id());
  row.set_version(object.lineage().source_version());
  *row.mutable_removed() = object.lineage().removed();
  row.set_journal_seq(seq);
  std::set<std::string> peers;
  if (absl::Status status = AddPeers(room, object.batch_seq(), peers); !status.ok()) return status;
  const auto entry = room.journal.FindVersion(object.id(), object.version_ns());
  if (!entry.ok()) return entry.status();
  for (const uint64_t repeat : entry->has_value() ? (*entry)->repeats : std::vector<uint64_t>()) {
    const absl::StatusOr<std::optional<v1::Record>> again = room.journal.FindRecord(repeat);
    if (!again.ok()) return again.status();
    if (!again->has_value()) continue;
    const uint64_t batch_seq = (*again)->repeated_statement().batch_seq();
    if (absl::Status status = AddPeers(room, batch_seq, peers); !status.ok()) return status;
  }
  row.mutable_peers()->Add(peers.begin(), peers.end());
  return row;
}

}  // namespace

absl::StatusOr<std::vector<v1::DerivedRow>> DerivedRows(const Room& room, std::string_view id, int64_t version_ns) {
  const absl::StatusOr<std::vector<uint64_t>> seqs = room.journal.DerivedFrom(id, version_ns);
  if (!seqs.ok()) return seqs.status();
  std::vector<v1::DerivedRow> rows;
  for (const uint64_t seq : *seqs) {
    absl::StatusOr<v1::DerivedRow> row = RowOf(room, seq);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  return rows;
}

absl::StatusOr<model::Label> SourceLabel(const storage::Reader& reader, const v1::ObjectAccepted& object) {
  if (!object.has_lineage()) return model::Label::kUnlabelled;
  const auto source = reader.FindVersion(object.lineage().source_id(), object.lineage().source_version_ns());
  if (!source.ok()) return source.status();
  if (!source->has_value()) {
    return Reject(RejectReason::kStoreCorrupt, "the source of a derived object is missing; run entente fsck");
  }
  return (*source)->label;
}

}  // namespace entente::exchange
