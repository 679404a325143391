// What becomes of entries that were handed out: answers in, cursor out.
#include <algorithm>
#include <utility>

#include "exchange/delivery.h"
#include "exchange/unsaved.h"

namespace entente::exchange {
namespace {

// Until a cursor that could not be written is written again when no answer of the peer comes first.
constexpr absl::Duration kSaveAgain = absl::Seconds(5);

}  // namespace

namespace {

// That a group's document has expired or is not here, its admins mend; that an agreement is suspended or has lapsed, the two who
// made it.
bool MayPass(RejectReason reason) {
  using enum RejectReason;
  return reason == kFreeze || reason == kMemberHash || reason == kPolicySuspended || reason == kPolicyLegalBasis;
}

}  // namespace

// Policy's last word on an entry. An embargo that runs again, after a clock was set back, is not the last, nor what people may
// mend: for as long as a peer may refuse.
void Delivery::Withhold(Span& span, const Entry& entry, RejectReason reason) {
  room_.counters.CountDecision(false, reason);
  const bool passing = MayPass(reason);
  const bool too_long = passing && span.source == Source::kRefused &&
                        room_.clock.Now() - entry.mark >= kRefusedUntilGivenUp;
  const bool later = reason == RejectReason::kPolicyEmbargo || (passing && !too_long);
  if (span.source == Source::kEmbargoed && passing) {
    unsaved_->Add({.held = {entry.seq}, .released = {{entry.mark, entry.seq}}});
  } else if (span.source != Source::kQueue) {
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
    } else {
      span->entries = {};  // many may wait here behind one that is never answered
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
  // The cursor passes what stands before the halves with the first of them; what was set aside there must go with it.
  const auto behind = std::partition(span->held.begin(), span->held.end(),
                                     [&](uint64_t seq) { return seq > first.position; });
  first.held.assign(behind, span->held.end());
  span->held.erase(behind, span->held.end());
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
  step.head = head;
  if (!step.empty()) unsaved_->Add(step);
  Save();
}

// The commit is not awaited: a cursor that a crash loses makes the peer see statements again that it already has, which
// it recognises. What could not be written, on a full disk for example, is kept and written with what comes next.
void Delivery::Save() {
  // A round that finds no row yet would be the last, so one is due behind every attempt to write a held entry.
  if (unsaved_->Holds()) pace_->Held(room_.clock.Now());
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

}  // namespace entente::exchange
