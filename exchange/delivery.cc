#include "exchange/delivery.h"

#include <algorithm>
#include <utility>

#include "exchange/publication_batch.h"
#include "exchange/release.h"
#include "exchange/unsaved.h"

namespace entente::exchange {
namespace {

std::vector<uint64_t> SeqsOf(const auto& entries) {
  std::vector<uint64_t> seqs;
  for (const auto& entry : entries) seqs.push_back(entry.seq);
  return seqs;
}

}  // namespace

Delivery::Delivery(Room room, OrgId peer, std::shared_ptr<RefusalPace> pace)
    : room_(room),
      peer_(peer),
      pace_(pace ? std::move(pace) : std::make_shared<RefusalPace>()),
      unsaved_(std::make_shared<Unsaved>()) {
  const absl::StatusOr<storage::PeerCursor> cursor = room_.journal.Cursor(peer_);
  if (cursor.ok()) next_after_ = cursor->delivered;
}

absl::StatusOr<std::optional<Outgoing>> Delivery::Next(const trust::Prekey& prekey) {
  const absl::Time now = room_.clock.Now();
  Save();
  // An outbox whose next entries were all withheld yields nothing yet moves on.
  while (pace_->MayTry(now)) {
    absl::StatusOr<std::optional<Outgoing>> again = SealAgain(prekey);
    if (!again.ok() || again->has_value()) return again;
    Source source = Source::kRefused;
    absl::StatusOr<std::vector<Entry>> entries = RefusedDue(now);
    if (entries.ok() && entries->empty()) source = Source::kEmbargoed, entries = EmbargoEnded(now);
    if (entries.ok() && entries->empty()) source = Source::kQueue, entries = Queued();
    if (!entries.ok()) return entries.status();
    if (entries->empty()) break;
    absl::StatusOr<std::optional<Outgoing>> sent = Send(source, *entries, prekey);
    if (!sent.ok() || sent->has_value()) return sent;
  }
  return std::nullopt;
}

// One at a time: whether a refused object is taken now is asked of each alone.
absl::StatusOr<std::vector<Delivery::Entry>> Delivery::RefusedDue(absl::Time now) {
  while (const std::optional<uint64_t> behind = pace_->RetryBehind()) {
    absl::StatusOr<std::vector<storage::RefusedEntry>> next = room_.journal.Refused(peer_, *behind, 1);
    if (!next.ok()) return next.status();
    if (next->empty()) {
      pace_->NoMoreBehind();
      continue;
    }
    const uint64_t seq = next->front().seq;
    if (!pace_->Retry(seq, now)) break;
    std::lock_guard lock(mutex_);
    const auto is_it = [&](const Span& span) { return span.position == seq; };
    if (std::any_of(spans_.begin(), spans_.end(), is_it)) continue;  // under way since the last round
    return std::vector<Entry>{{seq, next->front().since}};
  }
  return std::vector<Entry>();
}

absl::StatusOr<std::vector<Delivery::Entry>> Delivery::EmbargoEnded(absl::Time now) {
  // The clock was set back since the last look: what ends earlier may have come.
  if (embargoed_after_.until + kEmbargoMargin > now) embargoed_after_ = {absl::InfinitePast(), 0};
  absl::StatusOr<std::vector<storage::EmbargoedEntry>> next =
      room_.journal.Embargoed(peer_, embargoed_after_, kBatchStatements);
  if (!next.ok()) return next.status();
  std::lock_guard lock(mutex_);
  const auto under_way = [&](uint64_t seq) {
    return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
      return std::any_of(span.entries.begin(), span.entries.end(), [&](const Entry& e) { return e.seq == seq; });
    });
  };
  std::vector<Entry> ended;
  for (const storage::EmbargoedEntry& entry : *next) {
    if (entry.until + kEmbargoMargin <= now && !under_way(entry.seq)) ended.push_back({entry.seq, entry.until});
  }
  embargo_ends_ = next->empty() ? absl::InfiniteFuture() : next->front().until + kEmbargoMargin;
  // Sorted by time first; an envelope takes entries in their order in the journal.
  const auto other_end = std::find_if(ended.begin(), ended.end(),
                                      [&](const Entry& entry) { return entry.mark != ended.front().mark; });
  ended.erase(other_end, ended.end());
  return ended;
}

absl::StatusOr<std::vector<Delivery::Entry>> Delivery::Queued() {
  absl::StatusOr<std::vector<uint64_t>> seqs = room_.journal.Outbox(peer_, next_after_, kBatchStatements);
  if (!seqs.ok()) return seqs.status();
  std::vector<Entry> entries;
  for (const uint64_t seq : *seqs) entries.push_back({seq, absl::InfinitePast()});
  return entries;
}

absl::StatusOr<std::optional<Outgoing>> Delivery::Send(Source source, const std::vector<Entry>& entries,
                                                       const trust::Prekey& prekey) {
  // What was refused or held before goes alone, and in the mode that most can open.
  const SealMode mode = source == Source::kRefused ? SealMode::kDirect : SealMode::kGroupWherePossible;
  absl::StatusOr<Released> released = ReleaseFirst(room_, peer_, SeqsOf(entries), prekey, mode);
  if (!released.ok()) return released.status();
  std::lock_guard lock(mutex_);
  Span span;
  span.source = source;
  span.position = released->last;
  if (source == Source::kQueue) next_after_ = released->last;
  if (source == Source::kRefused) span.attempts = kMaxAttempts;
  auto withheld = released->withheld.begin();
  for (const Entry& entry : entries) {
    if (entry.seq > released->last) break;
    if (source == Source::kEmbargoed) embargoed_after_ = {entry.mark, entry.seq};
    if (withheld != released->withheld.end() && withheld->seq == entry.seq) {
      Withhold(span, entry, (withheld++)->reason);
    } else {
      span.entries.push_back(entry);
    }
  }
  if (span.entries.empty()) span.state = State::kAnswered;
  const auto objects = static_cast<uint32_t>(span.entries.size());
  spans_.push_back(std::move(span));
  AdvanceLocked(std::nullopt);
  if (objects == 0) return std::nullopt;
  return Outgoing{released->last, objects, std::move(released->envelope)};
}

// A refused envelope, or a half of one. Nothing when none waits, or when policy now withholds all of it.
absl::StatusOr<std::optional<Outgoing>> Delivery::SealAgain(const trust::Prekey& prekey) {
  for (;;) {
    std::vector<uint64_t> seqs;
    Spans::iterator span;
    {
      std::lock_guard lock(mutex_);
      span = std::find_if(spans_.begin(), spans_.end(), [](const Span& s) { return s.state == State::kSealAgain; });
      if (span == spans_.end()) return std::nullopt;
      seqs = SeqsOf(span->entries);
    }
    absl::StatusOr<Released> released = ReleaseFirst(room_, peer_, seqs, prekey, SealMode::kDirect);
    if (!released.ok()) return released.status();
    if (released->last != seqs.back()) {
      return Reject(RejectReason::kUnavailable, "what may be delivered changed while it was under way");
    }
    std::lock_guard lock(mutex_);
    for (const Released::Withheld& withheld : released->withheld) {
      const auto entry = std::find_if(span->entries.begin(), span->entries.end(),
                                      [&](const Entry& e) { return e.seq == withheld.seq; });
      Withhold(*span, *entry, withheld.reason);
      span->entries.erase(entry);
    }
    span->state = span->entries.empty() ? State::kAnswered : State::kSent;
    if (span->state == State::kSent) {
      return Outgoing{span->position, static_cast<uint32_t>(span->entries.size()), std::move(released->envelope)};
    }
    AdvanceLocked(std::nullopt);
  }
}

size_t Delivery::UnderWay() const {
  std::lock_guard lock(mutex_);
  return spans_.size();
}

}  // namespace entente::exchange
