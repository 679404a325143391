#include "storage/view_reader.h"
#include "storage/view_rows.h"

namespace entente::storage {

absl::StatusOr<std::optional<v1::Record>> ViewReader::FindRecord(uint64_t seq) const {
  absl::StatusOr<std::optional<Bytes>> row = rows_.Get(Family::kJournal, SeqBytes(seq));
  if (!row.ok()) return row.status();
  if (!row->has_value()) return std::nullopt;
  std::optional<v1::Record> record(std::in_place);
  if (!record->ParseFromString(**row)) {
    return Reject(RejectReason::kStoreCorrupt,
                  "journal record " + std::to_string(seq) + " does not parse; run entente fsck");
  }
  return record;
}

absl::StatusOr<std::optional<VersionEntry>> ViewReader::FindVersion(std::string_view id, int64_t version_ns) const {
  absl::StatusOr<std::optional<Bytes>> row = rows_.Get(Family::kVersions, keys_.Version(id, version_ns));
  if (!row.ok()) return row.status();
  if (!row->has_value()) return std::nullopt;
  v1::VersionRow version;
  if (!version.ParseFromString(**row)) return DamagedRow(Family::kVersions);
  return ToEntry(version, version_ns);
}

absl::StatusOr<std::optional<VersionEntry>> ViewReader::NewestVersion(std::string_view id) const {
  absl::StatusOr<std::optional<Bytes>> row = rows_.Get(Family::kVersions, keys_.Object(id));
  if (!row.ok()) return row.status();
  if (!row->has_value()) return std::nullopt;
  absl::StatusOr<NewestRow> newest = DecodeNewest(**row);
  if (!newest.ok()) return newest.status();
  absl::StatusOr<std::optional<VersionEntry>> entry = FindVersion(id, newest->version_ns);
  if (entry.ok() && !entry->has_value()) return DamagedRow(Family::kVersions);
  return entry;
}

absl::StatusOr<std::vector<QuarantineEntry>> ViewReader::FindQuarantine(std::string_view id) const {
  std::vector<QuarantineEntry> entries;
  bool damaged = false;
  const Bytes prefix = keys_.Object(id);
  const absl::Status status = rows_.Scan(Family::kQuarantine, prefix, prefix, [&](ByteView key, ByteView value) {
    const std::optional<QuarantineEntry> entry = DecodeHeld(key, value);
    damaged = !entry.has_value();
    if (!damaged) entries.push_back(*entry);
    return !damaged;
  });
  if (!status.ok()) return status;
  if (damaged) return DamagedRow(Family::kQuarantine);
  return entries;
}

absl::StatusOr<bool> ViewReader::Has(Family family, ByteView key) const {
  absl::StatusOr<std::optional<Bytes>> row = rows_.Get(family, key);
  if (!row.ok()) return row.status();
  return row->has_value();
}

absl::StatusOr<bool> ViewReader::HasStatement(const StatementId& id) const {
  return Has(Family::kStatements, keys_.Statement(id.view()));
}
absl::StatusOr<bool> ViewReader::HasEnvelope(const EnvelopeId& id) const {
  return Has(Family::kReplay, keys_.Envelope(id.view()));
}
absl::StatusOr<bool> ViewReader::DefinesStatementMarking(const OrgId& origin, std::string_view marking_id) const {
  return Has(Family::kMarkings, keys_.Marking(origin.view(), marking_id));
}

absl::StatusOr<std::vector<uint64_t>> ViewReader::DerivedFrom(std::string_view id, int64_t version_ns) const {
  std::vector<uint64_t> seqs;
  const Bytes prefix = keys_.Derived(id, version_ns);
  const absl::Status status = rows_.Scan(Family::kMarkings, prefix, prefix, [&](ByteView key, ByteView) {
    seqs.push_back(SeqAtEnd(key));
    return seqs.size() < kMaxDerivedListed;
  });
  if (!status.ok()) return status;
  return seqs;
}

absl::StatusOr<std::optional<envelope::StreamPosition>> ViewReader::StreamRow(ByteView key) const {
  absl::StatusOr<std::optional<Bytes>> row = rows_.Get(Family::kStreams, key);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return std::nullopt;
  absl::StatusOr<envelope::StreamPosition> position = DecodeStream(**row);
  if (!position.ok()) return position.status();
  return *position;
}

absl::StatusOr<std::optional<envelope::StreamPosition>> ViewReader::InboundStream(const OrgId& origin,
                                                                                  const StreamId& stream) const {
  return StreamRow(keys_.InboundStream(origin.view(), stream.view()));
}

absl::StatusOr<std::optional<envelope::StreamPosition>> ViewReader::OutboundStream(
    const std::vector<OrgId>& audience, const std::optional<GroupId>& group) const {
  Bytes sorted;
  for (const OrgId& org : audience) sorted.append(org.view());
  return StreamRow(keys_.OutboundStream(sorted, group ? group->view() : ByteView()));
}

absl::StatusOr<std::optional<StatementId>> ViewReader::StatementAt(const OrgId& origin, const StreamId& stream,
                                                                   uint64_t sequence) const {
  absl::StatusOr<std::optional<Bytes>> row =
      rows_.Get(Family::kStreams, keys_.StreamSlot(origin.view(), stream.view(), sequence));
  if (!row.ok()) return row.status();
  if (!row->has_value()) return std::nullopt;
  absl::StatusOr<SlotRow> slot = DecodeSlot(**row);
  if (!slot.ok()) return slot.status();
  if (slot->sequence != sequence) return std::nullopt;
  return slot->statement;
}

}  // namespace entente::storage
