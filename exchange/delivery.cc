#include "exchange/delivery.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "exchange/publication_batch.h"
#include "exchange/release.h"

namespace entente::exchange {
namespace {

constexpr size_t kMaxHeadBytes = 1024;
// Until a cursor that could not be written is written again when no answer of the peer comes first.
constexpr absl::Duration kSaveAgain = absl::Seconds(5);

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::vector<uint64_t> SeqsOf(const auto& entries) {
  std::vector<uint64_t> seqs;
  for (const auto& entry : entries) seqs.push_back(entry.seq);
  return seqs;
}

}  // namespace

// What the journal has not been told yet. Shared with commits, which may outlive their Delivery.
class Delivery::Unsaved {
 public:
  bool empty() const {
    std::lock_guard lock(mutex_);
    return step_.empty();
  }
  void Add(const storage::DeliveryStep& more) {
    std::lock_guard lock(mutex_);
    Merge(more);
  }
  // True when a commit must be queued for it; one that is queued already will take all.
  bool Queue() {
    std::lock_guard lock(mutex_);
    return !step_.empty() && !std::exchange(queued_, true);
  }
  storage::DeliveryStep Take() {
    std::lock_guard lock(mutex_);
    queued_ = false;
    return std::exchange(step_, {});
  }
  void PutBack(const storage::DeliveryStep& step) {
    std::lock_guard lock(mutex_);
    Merge(step);
  }
  void Dropped() {
    std::lock_guard lock(mutex_);
    queued_ = false;
  }

 private:
  // The order in which steps merge does not matter, but for the head, of which the journal keeps the longer.
  void Merge(const storage::DeliveryStep& more) {
    step_.position = std::max(step_.position, more.position);
    step_.given_up += more.given_up;
    if (!step_.head) step_.head = more.head;
    Append(step_.held, more.held);
    Append(step_.settled, more.settled);
    Append(step_.released, more.released);
  }
  mutable std::mutex mutex_;
  storage::DeliveryStep step_;
  bool queued_ = false;
};

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
  absl::StatusOr<std::vector<storage::EmbargoedEntry>> next =
      room_.journal.Embargoed(peer_, embargoed_after_, kBatchStatements);
  if (!next.ok()) return next.status();
  std::vector<Entry> ended;
  for (const storage::EmbargoedEntry& entry : *next) {
    if (entry.until + kEmbargoMargin <= now) ended.push_back({entry.seq, entry.until});
  }
  std::lock_guard lock(mutex_);
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
  absl::StatusOr<Released> released = ReleaseFirst(room_, peer_, SeqsOf(entries), prekey);
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
    absl::StatusOr<Released> released = ReleaseFirst(room_, peer_, seqs, prekey);
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

// Policy's last word on an entry. An embargo that runs again, after a clock was set back, is not the last.
void Delivery::Withhold(Span& span, const Entry& entry, RejectReason reason) {
  room_.counters.CountDecision(false, reason);
  const bool later = reason == RejectReason::kPolicyEmbargo;
  if (span.source != Source::kQueue) {
    if (!later) Settle(span, entry, /*given_up=*/true);
  } else if (later) {
    span.held.push_back(entry.seq);
  } else {
    ++span.given_up;
  }
}

// An entry outside the queue that waits no more.
void Delivery::Settle(const Span& span, const Entry& entry, bool given_up) {
  storage::DeliveryStep step;
  step.given_up = given_up ? 1 : 0;
  if (span.source == Source::kEmbargoed) {
    step.released.push_back({entry.mark, entry.seq});
  } else {
    step.settled.push_back(entry.seq);
  }
  unsaved_->Add(step);
}

void Delivery::Acknowledge(uint64_t position, bool refused, const std::optional<v1::SignedBody>& head) {
  std::lock_guard lock(mutex_);
  const auto span = std::find_if(spans_.begin(), spans_.end(), [&](const Span& s) {
    return s.position == position && s.state == State::kSent;
  });
  if (span == spans_.end()) return;
  if (refused) {
    const absl::Time now = room_.clock.Now();
    pace_->Refused(now);
    OnRefused(span, now);
  } else {
    span->state = State::kAnswered;
    if (span->source == Source::kRefused) pace_->RetryAccepted();
    if (span->source != Source::kQueue) {
      for (const Entry& entry : span->entries) Settle(*span, entry, /*given_up=*/false);
    }
  }
  AdvanceLocked(head);
}

// Nobody says which object of an envelope is refused, or why. Halving finds it, so that the others arrive.
void Delivery::OnRefused(Spans::iterator span, absl::Time now) {
  span->state = State::kSealAgain;
  if (span->attempts < kMaxAttempts) {
    ++span->attempts;
    return;
  }
  if (span->entries.size() == 1) return Hold(*span, now);
  const auto middle = span->entries.begin() + static_cast<std::ptrdiff_t>(span->entries.size() / 2);
  Span first;
  first.source = span->source;
  first.state = State::kSealAgain;
  first.attempts = kMaxAttempts;
  first.entries.assign(span->entries.begin(), middle);
  first.position = first.entries.back().seq;
  span->entries.erase(span->entries.begin(), middle);
  spans_.insert(span, std::move(first));
}

// One object alone is refused: it stays in the outbox, outside the queue.
void Delivery::Hold(Span& span, absl::Time now) {
  span.state = State::kAnswered;
  const Entry& entry = span.entries.front();
  if (span.source == Source::kRefused) {
    if (now - entry.mark >= kRefusedUntilGivenUp) Settle(span, entry, /*given_up=*/true);
    return;
  }
  if (span.source == Source::kQueue) {
    span.held.push_back(entry.seq);
    return;
  }
  unsaved_->Add({.held = {entry.seq}, .released = {{entry.mark, entry.seq}}});
}

// Moves the durable cursor over the answered prefix of the queue, and writes what became of the rest.
void Delivery::AdvanceLocked(const std::optional<v1::SignedBody>& head) {
  storage::DeliveryStep step;
  bool prefix = true;
  for (auto span = spans_.begin(); span != spans_.end();) {
    const bool queue = span->source == Source::kQueue, answered = span->state == State::kAnswered;
    if (queue) prefix = prefix && answered;
    if (!answered || (queue && !prefix)) {
      ++span;
      continue;
    }
    if (queue) {
      step.position = span->position;
      step.given_up += span->given_up;
      Append(step.held, span->held);
    }
    span = spans_.erase(span);
  }
  if (head && head->ByteSizeLong() <= kMaxHeadBytes) step.head = head;
  if (!step.empty()) unsaved_->Add(step);
  Save();
}

// The commit is not awaited: a cursor that a crash loses makes the peer see statements again that it already has, which it
// recognises. What could not be written, on a full disk for example, is kept and written with what comes next.
void Delivery::Save() {
  if (!unsaved_->Queue()) return;
  auto taken = std::make_shared<std::optional<storage::DeliveryStep>>();
  room_.journal.Commit(
      [peer = peer_, unsaved = unsaved_, taken](storage::Transaction& transaction) {
        *taken = unsaved->Take();
        if ((*taken)->empty()) return absl::OkStatus();
        absl::Status status = transaction.AppendDelivered(peer, **taken).status();
        if (status.ok()) return status;
        unsaved->PutBack(**taken);  // at once: the next commit of the same group must know it
        *taken = storage::DeliveryStep();
        return status;
      },
      [unsaved = unsaved_, taken](const absl::Status& status) {
        if (!taken->has_value()) return unsaved->Dropped();
        if (!status.ok()) unsaved->PutBack(**taken);
      });
}

absl::Time Delivery::Due() const {
  std::lock_guard lock(mutex_);
  const absl::Time save = unsaved_->empty() ? absl::InfiniteFuture() : room_.clock.Now() + kSaveAgain;
  return std::min({save, pace_->NextRound(), embargo_ends_});
}

size_t Delivery::UnderWay() const {
  std::lock_guard lock(mutex_);
  return spans_.size();
}

}  // namespace entente::exchange
