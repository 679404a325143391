#include <algorithm>

#include "base/reject.h"
#include "entente/v1/identity.pb.h"
#include "storage/view_step.h"

// The views of what goes to and comes from peers: outbox, cursors, replay window, inbound streams.
namespace entente::storage {
namespace {

constexpr int64_t kHourUs = 3'600'000'000;

uint64_t SequenceOf(const v1::SignedBody& head) {
  v1::HeadBody body;
  return body.ParseFromString(head.body()) ? body.sequence() : 0;
}

Bytes HourBytes(uint32_t hour) {
  Bytes out;
  AppendBigEndian(out, hour);
  return out;
}

// A newer head of the peer replaces a shorter one only.
void TakeHead(const v1::SignedBody& head, v1::CursorRow& row) {
  if (head.body().empty() || (row.has_head() && SequenceOf(row.head()) > SequenceOf(head))) return;
  *row.mutable_head() = head;
}

}  // namespace

// A statement of an own batch enters the outboxes of those it is for.
absl::Status Views::Queued(const BatchFacts& batch, Step& step) {
  for (const Bytes& peer : batch.outboxes) {
    step.out.Put(Family::kOutbox, keys_.OutboxRow(peer, step.seq), {});
    const Bytes key = keys_.CursorTally(peer);
    absl::StatusOr<TallyRow> tally = step.Read(Family::kCursors, key, TallyRow{}, DecodeTally);
    if (!tally.ok()) return tally.status();
    step.out.Put(Family::kCursors, key, Encode(TallyRow{tally->pending + 1, step.seq}));
  }
  for (const BatchFacts::Embargoed& later : batch.embargoed) {
    step.out.Put(Family::kOutbox, keys_.EmbargoedRow(later.embargoed_key, later.until_us, step.seq), {});
    absl::StatusOr<v1::CursorRow> row = CursorOf(later.peer_key, step);
    if (!row.ok()) return row.status();
    row->set_embargoed(row->embargoed() + 1);
    step.out.Put(Family::kCursors, keys_.CursorProgress(later.peer_key), row->SerializeAsString());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CursorRow> Views::CursorOf(ByteView peer_key, Step& step) {
  absl::StatusOr<std::optional<Bytes>> stored = step.rows.Get(Family::kCursors, keys_.CursorProgress(peer_key));
  if (!stored.ok()) return stored.status();
  v1::CursorRow row;
  if (stored->has_value() && !row.ParseFromString(**stored)) return DamagedRow(Family::kCursors);
  return row;
}

absl::Status Views::Delivery(const v1::Delivered& delivered, Step& step) {
  const Bytes peer = keys_.Peer(delivered.peer());
  absl::StatusOr<v1::CursorRow> row = CursorOf(peer, step);
  if (!row.ok()) return row.status();
  std::vector<Bytes> done;
  // From behind the cursor on: the deleted rows in front of it would have to be stepped over one by one.
  const Bytes begin = keys_.OutboxRow(peer, row->delivered() + 1), end = keys_.OutboxRow(peer, delivered.position());
  const absl::Status scanned = step.rows.Scan(Family::kOutbox, peer, begin, [&](ByteView key, ByteView) {
    if (key > end) return false;
    done.emplace_back(key);
    return true;
  });
  if (!scanned.ok()) return scanned;
  int64_t pending = -static_cast<int64_t>(done.size());
  if (absl::Status held = Hold(delivered, done, pending, *row, step); !held.ok()) return held;
  if (absl::Status settled = Settle(delivered, pending, *row, step); !settled.ok()) return settled;
  const Bytes tally_key = keys_.CursorTally(peer);
  absl::StatusOr<TallyRow> tally = step.Read(Family::kCursors, tally_key, TallyRow{}, DecodeTally);
  if (!tally.ok()) return tally.status();
  tally->pending -= std::min(tally->pending, static_cast<uint64_t>(std::max<int64_t>(0, -pending)));
  tally->pending += static_cast<uint64_t>(std::max<int64_t>(0, pending));
  if (pending != 0) step.out.Put(Family::kCursors, tally_key, Encode(*tally));
  for (Bytes& key : done) step.out.Delete(Family::kOutbox, std::move(key));
  row->set_delivered(std::max(row->delivered(), delivered.position()));
  row->set_refused(row->refused() + delivered.refused());
  TakeHead(delivered.head(), *row);
  step.out.Put(Family::kCursors, keys_.CursorProgress(peer), row->SerializeAsString());
  return absl::OkStatus();
}

// Refused entries: answered ones of the queue, or ones whose embargo ended in this very step.
absl::Status Views::Hold(const v1::Delivered& delivered, const std::vector<Bytes>& answered, int64_t& pending,
                         v1::CursorRow& row, Step& step) {
  const Bytes peer = keys_.Peer(delivered.peer()), refused = keys_.Refused(delivered.peer()),
              embargoed = keys_.Embargoed(delivered.peer());
  for (const uint64_t seq : delivered.held()) {
    const bool queued = std::binary_search(answered.begin(), answered.end(), keys_.OutboxRow(peer, seq));
    bool released = false;
    for (const v1::EntrySettled& entry : delivered.settled()) {
      if (queued || released || entry.seq() != seq || entry.embargo_until_us() == 0) continue;
      const Bytes key = keys_.EmbargoedRow(embargoed, entry.embargo_until_us(), seq);
      absl::StatusOr<std::optional<Bytes>> there = step.rows.Get(Family::kOutbox, key);
      if (!there.ok()) return there.status();
      released = there->has_value();
    }
    if (!queued && !released) continue;
    ++pending;
    row.set_held(row.held() + 1);
    step.out.Put(Family::kOutbox, keys_.OutboxRow(refused, seq), SeqBytes(static_cast<uint64_t>(step.record.time_us())));
  }
  return absl::OkStatus();
}

absl::Status Views::Settle(const v1::Delivered& delivered, int64_t& pending, v1::CursorRow& row, Step& step) {
  const Bytes refused = keys_.Refused(delivered.peer()), embargoed = keys_.Embargoed(delivered.peer());
  for (const v1::EntrySettled& entry : delivered.settled()) {
    const bool by_time = entry.embargo_until_us() != 0;
    Bytes key = by_time ? keys_.EmbargoedRow(embargoed, entry.embargo_until_us(), entry.seq())
                        : keys_.OutboxRow(refused, entry.seq());
    absl::StatusOr<std::optional<Bytes>> there = step.rows.Get(Family::kOutbox, key);
    if (!there.ok()) return there.status();
    if (!there->has_value()) continue;
    step.out.Delete(Family::kOutbox, std::move(key));
    if (by_time) {
      row.set_embargoed(row.embargoed() - std::min<uint64_t>(row.embargoed(), 1));
    } else {
      row.set_held(row.held() - std::min<uint64_t>(row.held(), 1));
      --pending;
    }
  }
  return absl::OkStatus();
}

absl::Status Views::Envelope(const v1::EnvelopeSeen& seen, Step& step) {
  Bytes key = keys_.Envelope(seen.env_id());
  step.out.Put(Family::kReplay, ReplayHourRow(seen.expires_hour(), key), {});
  step.out.Put(Family::kReplay, std::move(key), HourBytes(seen.expires_hour()));

  const Bytes stream_key = keys_.InboundStream(seen.stream_origin(), seen.stream_id());
  absl::StatusOr<envelope::StreamPosition> position =
      step.Read(Family::kStreams, stream_key, envelope::StreamPosition{}, DecodeStream);
  if (!position.ok()) return position.status();
  // An envelope of statements that were all known may stand behind the stream's end.
  if (position->sequence < seen.last_sequence()) {
    const envelope::StreamPosition moved{StreamId::From(seen.stream_id()).value_or(StreamId()), seen.last_sequence(),
                                         StatementId::From(seen.last_statement()).value_or(StatementId())};
    step.out.Put(Family::kStreams, stream_key, Encode(moved));
  }
  const Bytes peer = keys_.Peer(seen.peer());
  absl::StatusOr<v1::CursorRow> row = CursorOf(peer, step);
  if (!row.ok()) return row.status();
  TakeHead(seen.head(), *row);
  step.out.Put(Family::kCursors, keys_.CursorProgress(peer), row->SerializeAsString());
  const int64_t hours = step.record.time_us() / kHourUs;
  return hours <= kReplayMarginHours ? absl::OkStatus()
                                     : ForgetEnvelopes(static_cast<uint32_t>(hours - kReplayMarginHours), seen, step);
}

// Forgets envelope ids that expired before `hour`. A row remembers how far this came, so that each is looked at once; it
// goes back to an id that lies before it, which comes after a clock that was ahead is set right.
absl::Status Views::ForgetEnvelopes(uint32_t hour, const v1::EnvelopeSeen& newest, Step& step) {
  absl::StatusOr<std::optional<Bytes>> row = step.rows.Get(Family::kMeta, kReplayFloorKey);
  if (!row.ok()) return row.status();
  uint32_t floor = 0;
  if (row->has_value()) {
    if ((*row)->size() != sizeof(floor)) return DamagedRow(Family::kMeta);
    floor = ReadBigEndian<uint32_t>(**row);
  }
  if (newest.expires_hour() < floor) {
    floor = newest.expires_hour();
    step.out.Put(Family::kMeta, Bytes(kReplayFloorKey), HourBytes(floor));
  }
  if (floor >= hour) return absl::OkStatus();
  std::vector<Bytes> expired;
  const Bytes prefix(1, kReplayByHour);
  const Bytes from = ReplayHourRow(floor, prefix), end = ReplayHourRow(hour, prefix);
  const absl::Status scanned = step.rows.Scan(Family::kReplay, prefix, from, [&](ByteView key, ByteView) {
    if (key >= end || expired.size() == kReplayForgottenAtOnce) return false;
    expired.emplace_back(key);
    return true;
  });
  if (!scanned.ok()) return scanned;
  if (expired.size() < kReplayForgottenAtOnce) {
    step.out.Put(Family::kMeta, Bytes(kReplayFloorKey), HourBytes(hour));
  }
  for (Bytes& key : expired) {
    step.out.Delete(Family::kReplay, Bytes(1, kReplayById) + key.substr(1 + sizeof(hour)));
    step.out.Delete(Family::kReplay, std::move(key));
  }
  return absl::OkStatus();
}

}  // namespace entente::storage
