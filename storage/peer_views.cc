#include <algorithm>

#include "base/reject.h"
#include "entente/v1/identity.pb.h"
#include "storage/view_step.h"

// The views of what goes to and comes from peers: outbox, cursors, replay window, inbound streams.
namespace entente::storage {
namespace {

constexpr int64_t kHourUs = 3'600'000'000;

Bytes HourBytes(uint32_t hour) {
  Bytes out;
  AppendBigEndian(out, hour);
  return out;
}

uint64_t SequenceOf(const v1::SignedBody& head) {
  v1::HeadBody body;
  return body.ParseFromString(head.body()) ? body.sequence() : 0;
}

}  // namespace

absl::Status Views::Delivery(const v1::Delivered& delivered, Step& step) {
  const Bytes peer = keys_.Peer(delivered.peer());
  absl::StatusOr<std::optional<Bytes>> cursor = step.rows.Get(Family::kCursors, keys_.CursorProgress(peer));
  if (!cursor.ok()) return cursor.status();
  v1::CursorRow before;
  if (cursor->has_value() && !before.ParseFromString(**cursor)) return DamagedRow(Family::kCursors);
  std::vector<Bytes> done;
  // From behind the cursor on: the deleted rows in front of it would have to be stepped over one by one.
  const Bytes begin = keys_.OutboxRow(peer, before.delivered() + 1), end = keys_.OutboxRow(peer, delivered.position());
  const absl::Status scanned = step.rows.Scan(Family::kOutbox, peer, begin, [&](ByteView key, ByteView) {
    if (key > end) return false;
    done.emplace_back(key);
    return true;
  });
  if (!scanned.ok()) return scanned;
  const Bytes tally_key = keys_.CursorTally(peer);
  absl::StatusOr<TallyRow> tally = step.Read(Family::kCursors, tally_key, TallyRow{}, DecodeTally);
  if (!tally.ok()) return tally.status();
  tally->pending -= std::min<uint64_t>(tally->pending, done.size());
  if (!done.empty()) step.out.Put(Family::kCursors, tally_key, Encode(*tally));
  for (Bytes& key : done) step.out.Delete(Family::kOutbox, std::move(key));
  return PeerHead(delivered.peer(), delivered.head(), delivered.position(), delivered.refused(), step);
}

// Moves the cursor forward; `head` replaces a shorter one only.
absl::Status Views::PeerHead(ByteView peer, const v1::SignedBody& head, uint64_t delivered, uint64_t refused,
                             Step& step) {
  const Bytes key = keys_.CursorProgress(keys_.Peer(peer));
  absl::StatusOr<std::optional<Bytes>> before = step.rows.Get(Family::kCursors, key);
  if (!before.ok()) return before.status();
  v1::CursorRow row;
  if (before->has_value() && !row.ParseFromString(**before)) return DamagedRow(Family::kCursors);
  row.set_delivered(std::max(row.delivered(), delivered));
  row.set_refused(row.refused() + refused);
  if (!head.body().empty() && (!row.has_head() || SequenceOf(row.head()) <= SequenceOf(head)))
    *row.mutable_head() = head;
  step.out.Put(Family::kCursors, key, row.SerializeAsString());
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
  if (absl::Status status = PeerHead(seen.peer(), seen.head(), 0, 0, step); !status.ok()) return status;
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
