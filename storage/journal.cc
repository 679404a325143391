#include "storage/journal.h"

#include <algorithm>
#include <future>
#include <limits>

#include "base/reject.h"
#include "storage/rocks_journal.h"
#include "storage/store_check.h"

namespace entente::storage {

RocksJournal::RocksJournal(JournalOptions options, const crypto::AtRest& at_rest, const trust::Self& self,
                           const Clock& clock, Opened opened)
    : options_(std::move(options)),
      at_rest_(at_rest),
      self_(self),
      database_(std::move(opened.database)),
      rows_(*database_, at_rest_),
      found_at_open_(std::move(opened.notice)),
      committer_({options_, rows_, at_rest_, self_, clock},
                 GroupWriter(*database_, at_rest_, self_, clock, std::move(opened.head_file), opened.head),
                 std::move(opened.durable), opened.last_time_us, std::move(opened.failure)) {}

absl::Status RocksJournal::CommitAndWait(Body body) {
  if (committer_.OnThisThread()) {
    return Reject(RejectReason::kInternal, "a commit cannot wait for another; this is a fault of this program");
  }
  std::promise<absl::Status> outcome;
  Commit(std::move(body), [&](absl::Status status) { outcome.set_value(std::move(status)); });
  return outcome.get_future().get();
}

JournalHead RocksJournal::Head() const {
  return committer_.Look([](const Durable& durable) { return durable.head; });
}
Counters RocksJournal::Count() const {
  return committer_.Look([](const Durable& durable) { return durable.counters; });
}
CommitStats RocksJournal::Stats() const {
  return committer_.Look([](const Durable& durable) { return durable.stats; });
}

TallyRow RocksJournal::Tally(const OrgId& peer) const {
  const Bytes key = keys().Peer(peer.view());
  return committer_.Look([&](const Durable& durable) {
    const auto found = durable.tallies.find(key);
    return found == durable.tallies.end() ? TallyRow{} : found->second;
  });
}

absl::StatusOr<std::optional<Digest>> RocksJournal::RootAt(uint64_t sequence) const {
  return StoredRoot(*database_, sequence);
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::SequencesBehind(uint64_t after, Family family, ByteView prefix,
                                                                    size_t limit) const {
  std::vector<uint64_t> out;
  if (limit == 0 || after == std::numeric_limits<uint64_t>::max()) return out;
  const absl::Status status =
      rows_.Scan(family, prefix, Bytes(prefix) + SeqBytes(after + 1), [&](ByteView key, ByteView) {
        out.push_back(SeqAtEnd(key));
        return out.size() < limit;
      });
  if (!status.ok()) return status;
  return out;
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::Outbox(const OrgId& peer, uint64_t after, size_t limit) const {
  return SequencesBehind(after, Family::kOutbox, keys().Peer(peer.view()), limit);
}

absl::StatusOr<std::vector<RefusedEntry>> RocksJournal::Refused(const OrgId& peer, uint64_t after, size_t limit) const {
  std::vector<RefusedEntry> out;
  absl::Status damaged;
  const Bytes prefix = keys().Refused(peer.view());
  const absl::Status status =
      rows_.Scan(Family::kOutbox, prefix, prefix + SeqBytes(after + 1), [&](ByteView key, ByteView value) {
        if (out.size() == limit) return false;
        const absl::StatusOr<uint64_t> since = DecodeNumber(value, Family::kOutbox);
        damaged = since.status();
        if (since.ok()) out.push_back({SeqAtEnd(key), absl::FromUnixMicros(static_cast<int64_t>(*since))});
        return since.ok();
      });
  if (!status.ok()) return status;
  if (!damaged.ok()) return damaged;
  return out;
}

absl::StatusOr<std::vector<EmbargoedEntry>> RocksJournal::Embargoed(const OrgId& peer, const EmbargoedEntry& after,
                                                                    size_t limit) const {
  std::vector<EmbargoedEntry> out;
  const Bytes prefix = keys().Embargoed(peer.view());
  const Bytes from = keys().EmbargoedRow(prefix, absl::ToUnixMicros(after.until), after.seq + 1);
  const absl::Status status = rows_.Scan(Family::kOutbox, prefix, from, [&](ByteView key, ByteView) {
    if (out.size() == limit) return false;
    const int64_t until_us = Unbiased(ReadBigEndian<uint64_t>(key.substr(prefix.size())));
    out.push_back({absl::FromUnixMicros(until_us), SeqAtEnd(key)});
    return true;
  });
  if (!status.ok()) return status;
  return out;
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::Objects(uint64_t after, size_t limit) const {
  return SequencesBehind(after, Family::kObjects, {}, limit);
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::NewestObjects(size_t count) const {
  std::vector<uint64_t> out;
  Database::Cursor cursor = database_->Iterate(Family::kObjects, {}, {});
  if (count != 0) cursor.SeekToLast();
  for (; cursor.Valid() && out.size() < count; cursor.Prev()) out.push_back(SeqAtEnd(cursor.key()));
  if (absl::Status status = cursor.status(); !status.ok()) return status;
  std::reverse(out.begin(), out.end());
  return out;
}

absl::StatusOr<SearchHits> RocksJournal::Search(std::string_view value, size_t limit) const {
  const size_t one_more = limit == std::numeric_limits<size_t>::max() ? limit : limit + 1;
  absl::StatusOr<std::vector<uint64_t>> found = SequencesBehind(0, Family::kValues, keys().Value(value), one_more);
  if (!found.ok()) return found.status();
  SearchHits hits;
  hits.more = found->size() > limit;
  if (hits.more) found->resize(limit);
  hits.seqs = *std::move(found);
  return hits;
}

absl::StatusOr<PeerCursor> RocksJournal::Cursor(const OrgId& peer) const {
  const Keys keys_now = keys();
  absl::StatusOr<std::optional<Bytes>> row =
      rows_.Get(Family::kCursors, keys_now.CursorProgress(keys_now.Peer(peer.view())));
  if (!row.ok()) return row.status();
  PeerCursor cursor;
  if (!row->has_value()) return cursor;
  v1::CursorRow stored;
  if (!stored.ParseFromString(**row)) return DamagedRow(Family::kCursors);
  cursor.delivered = stored.delivered();
  cursor.refused = stored.refused();
  cursor.held = stored.held();
  cursor.embargoed = stored.embargoed();
  if (stored.has_head()) cursor.seen_head = stored.head();
  return cursor;
}

absl::StatusOr<Journal::HeldPage> RocksJournal::Held(ByteView after, size_t limit) const {
  HeldPage page;
  bool damaged = false;
  const Bytes from = after.empty() ? Bytes() : Bytes(after) + '\0';
  const absl::Status status = rows_.Scan(Family::kQuarantine, {}, from, [&](ByteView key, ByteView value) {
    if (page.entries.size() == limit) return false;
    const std::optional<QuarantineEntry> entry = DecodeHeld(key, value);
    damaged = !entry.has_value();
    if (damaged) return false;
    page.entries.push_back(*entry);
    page.last = Bytes(key);
    return true;
  });
  if (!status.ok()) return status;
  if (damaged) return DamagedRow(Family::kQuarantine);
  if (page.entries.size() < limit) page.last.clear();
  return page;
}

absl::StatusOr<std::optional<v1::EpochSlots>> RocksJournal::Slots(ByteView epoch_id) const {
  const absl::StatusOr<std::vector<uint64_t>> seqs = SequencesBehind(0, Family::kParties, keys().Slots(epoch_id), 1);
  if (!seqs.ok()) return seqs.status();
  if (seqs->empty()) return std::optional<v1::EpochSlots>();
  absl::StatusOr<std::optional<v1::Record>> record = FindRecord(seqs->front());
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->group().has_slots()) return DamagedRow(Family::kParties);
  return std::optional(std::move(*(*record)->mutable_group()->mutable_slots()));
}

// The half that Open found damaged is whole again once a head was written over it: it is told once, a lasting one
// always.
void RocksJournal::TellHeadFile(FsckReport& report) {
  const absl::StatusOr<std::optional<HeadFile::Found>> found = HeadFile::Read(options_.path + ".head", kHeadTries);
  const bool damaged_now = found.ok() && found->has_value() && (*found)->damaged_slots > 0;
  if (damaged_now || (!told_at_fsck_ && !found_at_open_.empty())) report.problems.emplace_back(kHeadHalfDamaged);
  told_at_fsck_ = true;
}

absl::StatusOr<Journal::FsckReport> RocksJournal::Fsck(bool rebuild, const Cancelled& cancelled) {
  const std::unique_lock alone(fsck_mutex_, std::try_to_lock);
  if (!alone.owns_lock()) return Reject(RejectReason::kUnavailable, "another fsck is running; wait for it");
  if (!rebuild) {
    absl::StatusOr<FsckReport> report = RunFsck(*database_, at_rest_, self_, options_.path, false, cancelled);
    if (report.ok()) TellHeadFile(*report);
    return report;
  }
  if (!committer_.Pause()) {
    return Reject(RejectReason::kUnavailable, "commits are under way; stop the node, then run entente fsck --rebuild");
  }
  absl::StatusOr<FsckReport> report = RunFsck(*database_, at_rest_, self_, options_.path, true, cancelled);
  if (report.ok()) TellHeadFile(*report);
  absl::StatusOr<Durable> durable = LoadDurable(rows_);
  committer_.Resume(durable.ok() ? std::optional<Durable>(*std::move(durable)) : std::nullopt);
  return report;
}

}  // namespace entente::storage
