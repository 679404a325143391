#include "storage/view_rows.h"

#include "base/reject.h"
#include "storage/layout.h"

namespace entente::storage {
namespace {

uint64_t NumberAt(ByteView bytes, size_t index) {
  return ReadBigEndian<uint64_t>(bytes.substr(index * 8));
}

Bytes Numbers(std::initializer_list<uint64_t> numbers) {
  Bytes out;
  for (const uint64_t number : numbers) AppendBigEndian(out, number);
  return out;
}

}  // namespace

absl::Status DamagedRow(Family family) {
  return Reject(RejectReason::kStoreCorrupt, "a row of " + std::string(Name(family)) +
                                                 " does not read; entente fsck --rebuild makes the views anew");
}

Bytes Encode(const NewestRow& row) {
  return Numbers({Biased(row.version_ns), row.seq});
}
absl::StatusOr<NewestRow> DecodeNewest(ByteView bytes) {
  if (bytes.size() != 16) return DamagedRow(Family::kVersions);
  return NewestRow{Unbiased(NumberAt(bytes, 0)), NumberAt(bytes, 1)};
}

Bytes Encode(const envelope::StreamPosition& position) {
  Bytes out = position.stream.str();
  AppendBigEndian(out, position.sequence);
  return out.append(position.last.view());
}
absl::StatusOr<envelope::StreamPosition> DecodeStream(ByteView bytes) {
  constexpr size_t kSequenceAt = StreamId::kSize, kLastAt = kSequenceAt + 8;
  if (bytes.size() != kLastAt + StatementId::kSize) return DamagedRow(Family::kStreams);
  return envelope::StreamPosition{*StreamId::From(bytes.substr(0, kSequenceAt)),
                                  ReadBigEndian<uint64_t>(bytes.substr(kSequenceAt)),
                                  *StatementId::From(bytes.substr(kLastAt))};
}

Bytes Encode(const SlotRow& row) {
  return SeqBytes(row.sequence).append(row.statement.view());
}
absl::StatusOr<SlotRow> DecodeSlot(ByteView bytes) {
  if (bytes.size() != 8 + StatementId::kSize) return DamagedRow(Family::kStreams);
  return SlotRow{NumberAt(bytes, 0), *StatementId::From(bytes.substr(8))};
}

Bytes Encode(const TallyRow& row) {
  return Numbers({row.pending, row.newest});
}
absl::StatusOr<TallyRow> DecodeTally(ByteView bytes) {
  if (bytes.size() != 16) return DamagedRow(Family::kCursors);
  return TallyRow{NumberAt(bytes, 0), NumberAt(bytes, 1)};
}

Bytes Encode(const Counters& counters) {
  return Numbers({counters.objects, counters.versions, counters.quarantined});
}
absl::StatusOr<Counters> DecodeCounters(ByteView bytes) {
  if (bytes.size() != 24) return DamagedRow(Family::kMeta);
  return Counters{NumberAt(bytes, 0), NumberAt(bytes, 1), NumberAt(bytes, 2)};
}

absl::StatusOr<uint64_t> DecodeNumber(ByteView bytes, Family family) {
  if (bytes.size() != 8) return DamagedRow(family);
  return NumberAt(bytes, 0);
}

std::optional<QuarantineEntry> DecodeHeld(ByteView key, ByteView value) {
  v1::QuarantineRow row;
  constexpr size_t kVersionAt = crypto::AtRest::kIndexKeySize;
  if (!row.ParseFromArray(value.data(), static_cast<int>(value.size())) || key.size() < kVersionAt + 8) {
    return std::nullopt;
  }
  return QuarantineEntry{row.seq(), Unbiased(ReadBigEndian<uint64_t>(key.substr(kVersionAt))), row.reason(),
                         Digest::From(row.content_digest()).value_or(Digest()),
                         OrgId::From(row.origin()).value_or(OrgId())};
}

VersionEntry ToEntry(const v1::VersionRow& row, int64_t version_ns) {
  VersionEntry entry;
  entry.seq = row.seq();
  entry.version = row.version();
  entry.version_ns = version_ns;
  entry.origin = OrgId::From(row.origin()).value_or(OrgId());
  entry.label = static_cast<model::Label>(row.label());
  entry.content_digest = Digest::From(row.content_digest()).value_or(Digest());
  entry.repeats.assign(row.repeats().begin(), row.repeats().end());
  return entry;
}

}  // namespace entente::storage
