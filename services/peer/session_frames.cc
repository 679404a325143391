// What comes in, on the transport's threads.
#include <chrono>
#include <utility>

#include "exchange/cpu_meter.h"
#include "services/peer/session.h"

namespace entente::peer {
namespace {

using exchange::Budget;
using exchange::IsOwnFault;
using Clk = std::chrono::steady_clock;

}  // namespace

// False when the peer has had too much; the session is then over.
bool Session::Spend(size_t frame_bytes) {
  if (!hooks_.budget) return true;
  const SteadyTime now = Clk::now();
  absl::Status status = hooks_.budget->Spend(Budget::kFrames, 1, now);
  if (status.ok()) status = hooks_.budget->Spend(Budget::kBytes, static_cast<double>(frame_bytes), now);
  if (!status.ok()) Fault(status);
  return status.ok();
}

// What frames cost brings nothing by itself; `ns` may be 0 when somebody else has counted.
void Session::SpendCpu(uint64_t ns) {
  counters_.cpu_ns += ns;
  counters_.fruitless_cpu_ns += ns;
  if (!hooks_.budget) return;
  if (absl::Status status = hooks_.budget->SpendCpu(Clk::now()); !status.ok()) Fault(status);
}

void Session::OnFrame(v1::Frame frame) {
  uint64_t ns = 0;
  {
    const exchange::CpuMeter meter(ns);
    Take(std::move(frame));
  }
  SpendCpu(ns);
}

void Session::Take(v1::Frame frame) {
  bool greeted, counts;
  {
    std::lock_guard lock(mutex_);
    if (over_) return;
    greeted = greeting_.has_value();
    counts = greeted && greeting_->newer_identity == 0;
  }
  if (!Spend(frame.ByteSizeLong())) return;
  frame.DiscardUnknownFields();  // they stand beside what is signed, and what is kept is kept whole
  counters_.last_contact_us = absl::ToUnixMicros(room_.clock.Now());
  if (frame.kind_case() == v1::Frame::kBye) return OnBye(frame.bye());
  if (greeted == (frame.kind_case() == v1::Frame::kHello)) {
    return Fault(Reject(RejectReason::kParse, greeted ? "the peer sent a second hello"
                                                      : "the peer's first frame is not a hello"));
  }
  switch (frame.kind_case()) {
    case v1::Frame::kHello:
      return OnHello(frame.hello());
    case v1::Frame::kWant:
    case v1::Frame::kDocument:
      return OnDocuments(std::move(frame));
    case v1::Frame::kEnvelope:
      if (counts) OnEnvelope(frame.envelope());
      return;
    case v1::Frame::kAck:
      if (counts) OnAck(std::move(*frame.mutable_ack()));
      return;
    case v1::Frame::kCredit: {
      std::lock_guard lock(mutex_);
      allowance_.Grant(frame.credit().bytes());
      break;
    }
    case v1::Frame::kBye:
      break;
    case v1::Frame::KIND_NOT_SET:
      return Fault(Reject(RejectReason::kParse, "the peer sent a frame of no known kind"));
  }
  changed_.notify_all();
}

void Session::OnHello(const v1::Hello& hello) {
  bool self_rolled_back = false;
  absl::StatusOr<Greeting> greeting = CheckHello(room_, peer_, hello, self_rolled_back);
  if (!greeting.ok()) {
    if (self_rolled_back) hooks_.on_rolled_back(greeting.status());
    return Fault(greeting.status());
  }
  {
    std::lock_guard lock(mutex_);
    greeting_ = *std::move(greeting);
  }
  changed_.notify_all();
}

void Session::OnDocuments(v1::Frame frame) {
  bool of_level_1;
  {
    std::lock_guard lock(mutex_);
    of_level_1 = greeting_->level >= 1;
  }
  if (!of_level_1) return Fault(Reject(RejectReason::kParse, "the peer sent a frame of a level that it does not speak"));
  const absl::Status taken = frame.has_want() ? documents_.OnWant(std::move(*frame.mutable_want()))
                                              : documents_.OnDocument(std::move(*frame.mutable_document()), Clk::now());
  if (!taken.ok()) return Fault(taken, Budget::kDocuments);
  { std::lock_guard lock(mutex_); }  // the writer sees it, or waits already
  changed_.notify_all();
}

void Session::OnEnvelope(const v1::EnvelopeChunk& chunk) {
  counters_.bytes_received += chunk.piece().size();
  absl::StatusOr<std::optional<Inbound::Envelope>> taken;
  std::optional<v1::SignedBody> head;
  {
    std::lock_guard lock(mutex_);
    if (draining_ && !inbound_.assembling()) return;  // not answered: it comes again in the next session
    taken = inbound_.Take(chunk);
    if (taken.ok() && taken->has_value()) ++submitted_, submitted_bytes_ += (*taken)->wire.size();
  }
  if (!taken.ok()) return Fault(taken.status());
  if (!taken->has_value()) return;
  if (chunk.has_head()) {
    if (absl::Status checked = CheckPeerHead(room_, peer_, chunk.head()); !checked.ok()) return Fault(checked);
    head = chunk.head();
  }
  ++counters_.envelopes_received;
  const uint64_t position = (*taken)->position, bytes = (*taken)->wire.size();
  admission_.Submit(peer_, std::move((*taken)->wire), std::move(head),
                    [self = shared_from_this(), position, bytes](const absl::Status& status) {
                      self->OnAdmitted(position, bytes, status);
                    });
}

void Session::OnAdmitted(uint64_t position, uint64_t bytes, const absl::Status& status) {
  const RejectReason reason = ReasonOf(status);
  if (!status.ok()) room_.counters.CountReject(exchange::Door::kPeer, reason);
  if (!status.ok() && !IsOwnFault(reason)) ++counters_.envelopes_refused;
  {
    std::lock_guard lock(mutex_);
    --submitted_;
    submitted_bytes_ -= bytes;
    if (status.ok() || !IsOwnFault(reason)) answers_.push_back({position, bytes, !status.ok()});
  }
  if (!status.ok() && IsOwnFault(reason)) EndForOwnFault(status);
  SpendCpu(0);
  changed_.notify_all();
}

void Session::OnAck(v1::Ack ack) {
  {
    std::lock_guard lock(mutex_);
    if (const std::optional<uint32_t> objects = awaited_.Answered(ack.position(), Clk::now())) {
      acks_.push_back({std::move(ack), *objects});
      changed_.notify_all();
      return;
    }
  }
  room_.counters.CountReject(exchange::Door::kPeer, RejectReason::kNotFound);
}

void Session::OnBye(const v1::Bye& bye) {
  const bool ordinary = bye.reason() == kStopping || bye.reason() == kReplaced;
  EndWith({Reject(RejectReason::kPeerDown, "the peer ended the session: " + Shown(bye.reason())), "", !ordinary});
}

}  // namespace entente::peer
