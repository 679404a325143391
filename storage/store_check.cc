#include "storage/store_check.h"

#include "base/reject.h"
#include "storage/view_reader.h"

namespace entente::storage {
namespace {

constexpr std::string_view kFormatKey = "format", kFormat = "entente/1/store", kOffsetKey = "head offset";
constexpr std::string_view kLost =
    "; do not delete the head file: restore the whole folder from a backup, or make a new node and let peers send "
    "again";

absl::Status Corrupt(const std::string& what) {
  return Reject(RejectReason::kStoreCorrupt, what + std::string(kLost));
}

// Where the checked tail begins: kCheckedTailBytes before the end, or at the signed head when that is further back.
absl::StatusOr<uint64_t> TailStart(const Database& database, uint64_t last, uint64_t head) {
  Database::Cursor cursor = database.Iterate(Family::kJournal, {}, {}, nullptr, /*long_scan=*/true);
  uint64_t start = last + 1, bytes = 0;
  for (cursor.SeekToLast(); cursor.Valid(); cursor.Prev()) {
    bytes += cursor.value().size();
    start = SeqAtEnd(cursor.key());
    if (bytes > kCheckedTailBytes && start <= head + 1) break;
  }
  if (absl::Status status = cursor.status(); !status.ok()) return status;
  return start;
}

// The store is as long as the signed head says, with the same history.
absl::Status HoldsHead(const Database& database, uint64_t last, const v1::HeadBody& head) {
  const std::string at = std::to_string(head.sequence());
  if (last < head.sequence()) {
    return Reject(RejectReason::kStoreShort, "the store ends at record " + std::to_string(last) +
                                                 ", but this node signed a head at " + at +
                                                 ": acknowledged records are gone" + std::string(kLost));
  }
  absl::StatusOr<std::optional<Digest>> root = StoredRoot(database, head.sequence());
  if (!root.ok()) return root.status();
  if (root->has_value() && (*root)->view() == head.root()) return absl::OkStatus();
  return Reject(RejectReason::kStoreShort, "record " + at +
                                               " of the store is not the one that this node signed a head "
                                               "over: another history" +
                                               std::string(kLost));
}

// Recomputes the chain from the start of the tail to the end.
absl::StatusOr<JournalEnd> CheckTail(const Database& database, uint64_t last, uint64_t head) {
  absl::StatusOr<uint64_t> start = TailStart(database, last, head);
  if (!start.ok()) return start.status();
  absl::StatusOr<std::optional<Digest>> before = StoredRoot(database, *start - 1);
  if (!before.ok()) return before.status();
  if (!before->has_value()) return Corrupt("record " + std::to_string(*start - 1) + " of the journal is missing");
  JournalEnd end{*start - 1, **before, 0};
  Database::Cursor cursor = database.Iterate(Family::kJournal, {}, {}, nullptr, /*long_scan=*/true);
  for (cursor.Seek(SeqBytes(*start)); cursor.Valid(); cursor.Next()) {
    const uint64_t seq = SeqAtEnd(cursor.key());
    if (seq != ++end.sequence) return Corrupt("record " + std::to_string(end.sequence) + " of the journal is missing");
    absl::StatusOr<JournalRow> row = SplitJournalRow(seq, cursor.value());
    if (!row.ok()) return row.status();
    end.root = NextChain(end.root, seq, row->sealed);
    if (end.root != row->chain) return Corrupt("record " + std::to_string(seq) + " of the journal was changed on disk");
  }
  if (absl::Status status = cursor.status(); !status.ok()) return status;
  return end;
}

}  // namespace

absl::StatusOr<std::optional<Digest>> StoredRoot(const Database& database, uint64_t sequence,
                                                 const Database::Frozen* at) {
  if (sequence == 0) return Digest();
  absl::StatusOr<std::optional<Bytes>> value = database.Get(Family::kJournal, SeqBytes(sequence), at);
  if (!value.ok()) return value.status();
  if (!value->has_value()) return std::nullopt;
  absl::StatusOr<JournalRow> row = SplitJournalRow(sequence, **value);
  if (!row.ok()) return row.status();
  return row->chain;
}

absl::StatusOr<uint64_t> LastSequence(const Database& database, const Database::Frozen* at) {
  Database::Cursor cursor = database.Iterate(Family::kJournal, {}, {}, at);
  cursor.SeekToLast();
  if (absl::Status status = cursor.status(); !status.ok()) return status;
  if (!cursor.Valid()) return 0;
  if (cursor.key().size() != kSeqSize) return Corrupt("a journal row has a key that is no sequence number");
  return SeqAtEnd(cursor.key());
}

absl::Status CheckOwner(Database& database, const crypto::AtRest& at_rest, const OrgId& self,
                        std::optional<uint64_t> fresh_offset) {
  absl::StatusOr<std::optional<Bytes>> row = database.Get(Family::kStore, kFormatKey);
  if (!row.ok()) return row.status();
  const Bytes expected = Bytes(kFormat).append(self.view());
  const Bytes context = SealingContext(Family::kStore, kFormatKey);
  if (row->has_value()) {
    absl::StatusOr<Bytes> opened = at_rest.Open(**row, context);
    if (opened.ok() && *opened == expected) return absl::OkStatus();
    return Reject(RejectReason::kStoreCorrupt,
                  "the store is of another node, of another format, or sealed under another storage key; "
                  "the keystore and the store of one folder belong together");
  }
  if (!fresh_offset.has_value()) return absl::OkStatus();
  Database::Batch batch(database);
  batch.Put(Family::kStore, kFormatKey, at_rest.Seal(expected, context));
  if (*fresh_offset != 0) {
    const Bytes offset = SeqBytes(*fresh_offset);
    batch.Put(Family::kStore, kOffsetKey, at_rest.Seal(offset, SealingContext(Family::kStore, kOffsetKey)));
  }
  return database.Write(batch, /*sync=*/true);
}

absl::StatusOr<uint64_t> HeadOffset(const SealedRows& rows) {
  const absl::StatusOr<std::optional<Bytes>> row = rows.Get(Family::kStore, kOffsetKey);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return 0;
  if ((*row)->size() != kSeqSize) return Corrupt("what its heads count in front of record 1 is no number");
  return SeqAtEnd(**row);
}

absl::Status TakeOffset(const SealedRows& rows, v1::HeadBody& head) {
  const absl::StatusOr<uint64_t> offset = HeadOffset(rows);
  if (!offset.ok()) return offset.status();
  if (head.sequence() < *offset) return Corrupt("the head file is of an earlier store of this node");
  head.set_sequence(head.sequence() - *offset);
  return absl::OkStatus();
}

absl::StatusOr<JournalEnd> CheckJournal(const SealedRows& rows, const trust::IdentityHistory& self,
                                        const v1::SignedBody& signed_head) {
  absl::StatusOr<v1::HeadBody> head = trust::CheckOwnHead(self, signed_head);
  if (!head.ok()) {
    return Reject(RejectReason::kStoreCorrupt, "the head file was not signed by this node (" +
                                                   std::string(head.status().message()) +
                                                   "); keystore, store and head "
                                                   "file of one folder belong together");
  }
  if (absl::Status offset = TakeOffset(rows, *head); !offset.ok()) return offset;
  absl::StatusOr<uint64_t> last = LastSequence(rows.database());
  if (!last.ok()) return last.status();
  if (absl::Status held = HoldsHead(rows.database(), *last, *head); !held.ok()) return held;
  if (*last == 0) return JournalEnd{};
  absl::StatusOr<JournalEnd> end = CheckTail(rows.database(), *last, head->sequence());
  if (!end.ok()) return end;
  // Records behind the head were written and never acknowledged; the newest one also says what time it was.
  for (uint64_t seq = std::min(head->sequence() + 1, end->sequence); seq <= end->sequence; ++seq) {
    absl::StatusOr<std::optional<v1::Record>> record = ViewReader(rows, Keys(rows.at_rest())).FindRecord(seq);
    if (!record.ok()) return record.status();
    end->time_us = (*record)->time_us();
  }
  return end;
}

absl::StatusOr<Met> MeetHead(const SealedRows& rows, const trust::Self& self, const Clock& clock,
                             const std::string& head_path, const v1::SignedBody& signed_head) {
  absl::StatusOr<JournalEnd> end = CheckJournal(rows, trust::HistoryOf(self), signed_head);
  if (!end.ok()) return end.status();
  absl::StatusOr<HeadFile> file = HeadFile::Open(head_path);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> offset = HeadOffset(rows);
  if (!offset.ok()) return offset.status();
  Met met{*std::move(file), {end->sequence, end->root, signed_head, *offset}, end->time_us};
  v1::HeadBody body;
  if (body.ParseFromString(signed_head.body()) &&
      (*offset + end->sequence != body.sequence() || body.key_id() != self.key_id.view())) {
    absl::StatusOr<v1::SignedBody> made = trust::MakeHead(self, *offset + end->sequence, end->root, clock.Now());
    if (!made.ok()) return made.status();
    met.head.signed_head = *std::move(made);
    if (absl::Status written = met.file.Write(met.head.signed_head); !written.ok()) return written;
  }
  return met;
}

absl::StatusOr<Durable> LoadDurable(const SealedRows& rows) {
  Durable out;
  absl::StatusOr<std::optional<Bytes>> row = rows.Get(Family::kMeta, kCountersKey);
  if (!row.ok()) return row.status();
  if (row->has_value()) {
    absl::StatusOr<Counters> counters = DecodeCounters(**row);
    if (!counters.ok()) return counters.status();
    out.counters = *counters;
  }
  absl::Status damaged;
  const absl::Status scanned = rows.Scan(Family::kCursors, {}, {}, [&](ByteView key, ByteView value) {
    if (key.empty() || key.back() != kCursorTally) return true;
    absl::StatusOr<TallyRow> tally = DecodeTally(value);
    damaged = tally.status();
    if (tally.ok()) out.tallies.emplace(key.substr(0, key.size() - 1), *tally);
    return tally.ok();
  });
  if (!scanned.ok()) return scanned;
  if (!damaged.ok()) return damaged;
  return out;
}

}  // namespace entente::storage
