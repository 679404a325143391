#pragma once

#include "storage/reader.h"
#include "storage/rows.h"

// The fixed-width rows of the views, as bytes. docs/formats/journal.md has the same table.
namespace entente::storage {

// Newest version of an object: version u64 biased | seq u64.
struct NewestRow {
  int64_t version_ns = 0;
  uint64_t seq = 0;
};
Bytes Encode(const NewestRow& row);
absl::StatusOr<NewestRow> DecodeNewest(ByteView bytes);

// Where a stream stands: stream id 16 | sequence u64 | last statement 32.
Bytes Encode(const envelope::StreamPosition& position);
absl::StatusOr<envelope::StreamPosition> DecodeStream(ByteView bytes);

// One remembered place of an inbound stream: sequence u64 | statement 32.
struct SlotRow {
  uint64_t sequence = 0;
  StatementId statement;
};
Bytes Encode(const SlotRow& row);
absl::StatusOr<SlotRow> DecodeSlot(ByteView bytes);

// A peer's outbox: entries in it u64 | newest position ever u64.
struct TallyRow {
  uint64_t pending = 0, newest = 0;
};
Bytes Encode(const TallyRow& row);
absl::StatusOr<TallyRow> DecodeTally(ByteView bytes);

// objects u64 | versions u64 | quarantined u64.
Bytes Encode(const Counters& counters);
absl::StatusOr<Counters> DecodeCounters(ByteView bytes);

// One number: parties (seq u64), refused entries of the outbox (since when, us u64).
absl::StatusOr<uint64_t> DecodeNumber(ByteView bytes, Family family = Family::kParties);

// A row of the quarantine by its key, which has the version behind the object's hash; nothing where it is damaged.
std::optional<QuarantineEntry> DecodeHeld(ByteView key, ByteView value);
VersionEntry ToEntry(const v1::VersionRow& row, int64_t version_ns);
absl::Status DamagedRow(Family family);

}  // namespace entente::storage
