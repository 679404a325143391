// The session's own thread: everything that goes out.
#include <algorithm>
#include <chrono>
#include <utility>

#include "exchange/cpu_meter.h"
#include "exchange/heads.h"
#include "services/peer/session.h"

namespace entente::peer {

bool Session::Send(const v1::Frame& frame) {
  {
    std::lock_guard lock(mutex_);
    writing_since_ = std::chrono::steady_clock::now();
  }
  const bool open = transport_->Write(frame);
  std::lock_guard lock(mutex_);
  writing_since_.reset();
  return open;
}

// The envelope comes again in a later session, at the pace of refusals: whoever does not answer is not asked at once.
void Session::Unanswered(std::string_view what) {
  if (hooks_.pace) hooks_.pace->Unanswered(room_.clock.Now());
  Fault(Reject(RejectReason::kPeerDown, std::string(what) + "; what it owes an answer to is sent again later"));
}

void Session::Run() {
  transport_->Start([self = shared_from_this()](v1::Frame frame) { self->OnFrame(std::move(frame)); },
                    [self = shared_from_this()](absl::Status status) { self->OnClosed(std::move(status)); });
  Serve();
  delivery_.reset();
  Over over;
  {
    std::lock_guard lock(mutex_);
    over = *over_;
  }
  if (!over.bye.empty()) {
    v1::Frame frame;
    frame.mutable_bye()->set_reason(over.bye);
    Send(frame);
  }
  transport_->Close();
  bool served;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_; });
    served = served_;
  }
  if (served) counters_.up = false;
  hooks_.on_ended(*this, SessionEnd{over.why, served, over.refused});
}

// Returns with over_ set.
void Session::Serve() {
  absl::StatusOr<v1::Hello> hello = MakeHello(room_, peer_);
  if (!hello.ok()) return EndWith({hello.status(), "", false});
  v1::Frame frame;
  *frame.mutable_hello() = *std::move(hello);
  const auto closed = Over{Reject(RejectReason::kPeerDown, "the connection closed"), "", false};
  if (!Send(frame)) return EndWith(closed);
  if (!AwaitGreeting() || !AwaitNewerIdentity()) return;
  if (absl::Status turn = hooks_.await_turn(*this); !turn.ok()) {
    return EndWith({turn, std::string(kReplaced), false});
  }
  delivery_.emplace(room_, peer_, hooks_.pace);
  v1::SignedBody head;
  bool of_level_1;
  {
    std::lock_guard lock(mutex_);
    head = greeting_->head;
    of_level_1 = greeting_->level >= 1;
    served_ = true;
    inbound_.Grant(credit_bytes_);
  }
  exchange::RememberHead(room_, peer_, head);
  ++counters_.sessions;
  counters_.up = true;
  frame.mutable_credit()->set_bytes(credit_bytes_);
  if (!Send(frame)) return EndWith(closed);
  if (of_level_1) documents_.Begin(std::chrono::steady_clock::now());
  ServeUntilOver();
}

bool Session::AwaitGreeting() {
  {
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_for(lock, absl::ToChronoMilliseconds(kHelloTimeout),
                                           [this] { return over_.has_value() || greeting_.has_value(); });
    if (in_time) return !over_.has_value();
  }
  EndWith({Reject(RejectReason::kPeerDown, "the peer did not say hello in time"), "", false});
  return false;
}

bool Session::CanSendLocked() const {
  if (draining_) return false;
  if (next_) return allowance_.Allows(next_->envelope.size(), awaited_.empty());
  return more_ && awaited_.size() < kMaxUnderWay;
}

bool Session::DrainedLocked() const {
  return draining_ && submitted_ == 0 && answers_.empty();
}

void Session::ServeUntilOver() {
  for (;;) {
    bool drained, can_send, overdue, documents;
    {
      const SteadyTime look_again = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(Patience());
      std::unique_lock lock(mutex_);
      const SteadyTime documents_at = draining_ ? SteadyTime::max() : documents_.due();
      changed_.wait_until(lock, std::min({look_again, awaited_.deadline(), documents_at}), [this] {
        return over_ || !answers_.empty() || !acks_.empty() || CanSendLocked() || DrainedLocked() || DocumentsWaitLocked();
      });
      if (std::chrono::steady_clock::now() >= look_again) more_ = true;
      if (over_) return;
      documents = DocumentsWaitLocked();
      overdue = awaited_.deadline() <= std::chrono::steady_clock::now();
      drained = DrainedLocked();
      can_send = CanSendLocked();
    }
    if (drained) {
      return EndWith({Reject(RejectReason::kUnavailable, "this node is stopping"), std::string(kStopping), false});
    }
    TakeAcks();
    if (overdue) return Unanswered("the peer left an envelope unanswered");
    bool open = FlushAnswers();
    if (documents) {
      if (!WorkOnDocuments()) return;
      continue;  // they go in front of envelopes
    }
    if (open && can_send) open = next_ ? SendNext() : FetchNext();
    if (!open) return EndWith({Reject(RejectReason::kPeerDown, "the connection closed"), "", false});
  }
}

// Until the outbox is looked at without being called to: for what was refused, what waited for a time, what could not be
// written. Bounded, because the clock that says so may be set.
absl::Duration Session::Patience() const {
  constexpr absl::Duration kShortest = absl::Milliseconds(100), kLongest = absl::Seconds(10);
  return std::clamp(delivery_->Due() - room_.clock.Now(), kShortest, kLongest);
}

// False when the stream is closed.
bool Session::FlushAnswers() {
  std::vector<Answer> answers;
  uint64_t granted = 0;
  {
    std::lock_guard lock(mutex_);
    answers.swap(answers_);
    for (const Answer& answer : answers) {
      inbound_.Answered(answer.position);
      inbound_.Grant(answer.bytes);
      granted += answer.bytes;
    }
  }
  if (answers.empty()) return true;
  const v1::SignedBody head = room_.journal.Head().signed_head;
  for (const Answer& answer : answers) {
    v1::Frame frame;
    v1::Ack& ack = *frame.mutable_ack();
    ack.set_position(answer.position);
    ack.set_refused(answer.refused);
    if (answer.refused) ack.set_refusal(std::string(kPeerRefusal));
    *ack.mutable_head() = head;
    if (!Send(frame)) return false;
  }
  v1::Frame frame;
  frame.mutable_credit()->set_bytes(granted);
  return Send(frame);
}

void Session::TakeAcks() {
  uint64_t ns = 0;
  std::vector<AckIn> acks;
  {
    std::lock_guard lock(mutex_);
    acks.swap(acks_);
  }
  for (AckIn& in : acks) {
    std::optional<v1::SignedBody> head;
    if (in.ack.has_head()) {
      const exchange::CpuMeter meter(ns);
      if (absl::Status checked = CheckPeerHead(room_, peer_, in.ack.head()); !checked.ok()) return Fault(checked);
      head = std::move(*in.ack.mutable_head());
    }
    delivery_->Acknowledge(in.ack.position(), in.ack.refused(), head);
    if (in.ack.refused()) {
      ++counters_.refusals_received;
    } else {
      counters_.objects_sent += in.objects;
    }
    Wake();
  }
  if (ns > 0) SpendCpu(ns);
}

// False when the stream is closed; a fault of the outbox sets over_.
bool Session::FetchNext() {
  trust::Prekey prekey;
  {
    std::lock_guard lock(mutex_);
    more_ = false;
    prekey = greeting_->prekey;
  }
  absl::StatusOr<std::optional<exchange::Outgoing>> next = delivery_->Next(prekey);
  if (!next.ok()) {
    // Not the peer's fault: a prekey that ran out, which its next Hello replaces, or this store.
    EndWith({next.status(), std::string(kStopping), false});
    return true;
  }
  std::lock_guard lock(mutex_);
  if (next->has_value()) {
    next_ = **std::move(next);
    more_ = true;
  }
  return true;
}

bool Session::SendNext() {
  exchange::Outgoing outgoing;
  {
    std::lock_guard lock(mutex_);
    if (!CanSendLocked()) return true;  // Stop came in between
    outgoing = std::move(*next_);
    next_.reset();
    allowance_.Begin(outgoing.envelope.size());
    awaited_.Begin(outgoing.position, outgoing.objects, outgoing.envelope.size());
  }
  const size_t pieces = PieceCount(outgoing.envelope.size());
  for (size_t i = 0; i < pieces; ++i) {
    // Answers do not wait behind a large envelope: each one lets the peer's next ones come.
    v1::Frame piece = MakePiece(outgoing.position, outgoing.envelope, i);
    if (i + 1 == pieces) *piece.mutable_envelope()->mutable_head() = room_.journal.Head().signed_head;
    if (!FlushAnswers() || !Send(piece)) return false;
    std::lock_guard lock(mutex_);
    if (over_) return true;
  }
  {
    std::lock_guard lock(mutex_);
    awaited_.Sent(outgoing.position, std::chrono::steady_clock::now());
  }
  counters_.bytes_sent += outgoing.envelope.size();
  ++counters_.envelopes_sent;
  return true;
}

}  // namespace entente::peer
