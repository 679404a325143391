#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "exchange/exchange.h"
#include "exchange/refusal_pace.h"

namespace entente::exchange {

// Attempts at a whole envelope before it is halved, and at one object before it is held.
inline constexpr int kMaxAttempts = 3;
// A refused object is tried again for so long, counted from its first refusal; then it is given up and counted.
inline constexpr absl::Duration kRefusedUntilGivenUp = absl::Hours(24 * 30);

// What waited for an embargo's end goes out so much later: a peer whose clock is behind would hold it back.
inline constexpr absl::Duration kEmbargoMargin = kClockSkew;

// One peer's outbox as envelopes. One session at a time uses it; not thread-safe except Acknowledge.
struct Outgoing {
  uint64_t position = 0;  // names the envelope towards the peer until it is answered
  uint32_t objects = 0;
  Bytes envelope;
};
class Delivery {
 public:
  // Starts behind the durable cursor. `pace` outlives sessions; without one it begins anew.
  Delivery(Room room, OrgId peer, std::shared_ptr<RefusalPace> pace = nullptr);
  // The next envelope of at most 256 statements and about 1 MiB (one larger object goes alone), or nothing when the
  // outbox is drained or the pace is spent. Asks policy again; what is no longer permitted is skipped and counted. What
  // was refused, or waited for its embargo to end, comes when it is due.
  absl::StatusOr<std::optional<Outgoing>> Next(const trust::Prekey& prekey);
  // The peer's answer to `position`. The cursor advances, durably, over the answered prefix. A refused envelope is sealed
  // again kMaxAttempts times, then halved until what is refused stands alone; that object is held and tried again by the
  // pace, while others go on. Unknown positions are ignored. `head` has passed trust::CheckHead.
  void Acknowledge(uint64_t position, bool refused, const std::optional<v1::SignedBody>& head);
  size_t UnderWay() const;
  // When Next may have something although nobody published: InfiniteFuture for never.
  absl::Time Due() const;

 private:
  // Entries handed out in one envelope. `mark`: since when a refused one is refused, until when an embargoed one was.
  struct Entry {
    uint64_t seq;
    absl::Time mark;
  };
  enum class Source { kQueue, kRefused, kEmbargoed };
  enum class State { kSent, kSealAgain, kAnswered };
  struct Span {
    Source source = Source::kQueue;
    State state = State::kSent;
    uint64_t position = 0;
    std::vector<Entry> entries;
    int attempts = 1;
    uint64_t given_up = 0;       // of the queue: what policy withholds now
    std::vector<uint64_t> held;  // of the queue: what stays, to be tried again
  };
  using Spans = std::list<Span>;
  class Unsaved;
  absl::StatusOr<std::optional<Outgoing>> SealAgain(const trust::Prekey& prekey);
  absl::StatusOr<std::optional<Outgoing>> Send(Source source, const std::vector<Entry>& entries,
                                               const trust::Prekey& prekey);
  absl::StatusOr<std::vector<Entry>> RefusedDue(absl::Time now);
  absl::StatusOr<std::vector<Entry>> EmbargoEnded(absl::Time now);
  absl::StatusOr<std::vector<Entry>> Queued();
  void Withhold(Span& span, const Entry& entry, RejectReason reason);
  void Settle(const Span& span, const Entry& entry, bool given_up);
  void OnRefused(Spans::iterator span, absl::Time now);
  void Hold(Span& span, absl::Time now);
  void AdvanceLocked(const std::optional<v1::SignedBody>& head);
  void Save();

  Room room_;
  OrgId peer_;
  std::shared_ptr<RefusalPace> pace_;
  std::shared_ptr<Unsaved> unsaved_;
  mutable std::mutex mutex_;
  Spans spans_;              // handed out; those of the queue in its order
  uint64_t next_after_ = 0;  // in the queue
  storage::EmbargoedEntry embargoed_after_{absl::InfinitePast(), 0};
  absl::Time embargo_ends_ = absl::InfiniteFuture();  // the next one, as far as was looked
};

}  // namespace entente::exchange
