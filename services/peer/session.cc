#include "services/peer/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"
#include "exchange/cpu_meter.h"

namespace entente::peer {
namespace {

using exchange::Budget;
using exchange::IsOwnFault;
using Clk = std::chrono::steady_clock;
constexpr size_t kMaxShown = 200;

std::string NameOf(const absl::Status& status) { return std::string(Describe(ReasonOf(status)).name); }

}  // namespace

std::string Shown(std::string_view text) {
  const std::string_view part = text.substr(0, kMaxShown);
  return absl::CHexEscape(absl::string_view(part.data(), part.size()));
}

Session::Session(exchange::Room room, exchange::Admission& admission, const OrgId& peer, uint64_t credit_bytes,
                 Hooks hooks)
    : room_(room), admission_(admission), peer_(peer), credit_bytes_(credit_bytes), hooks_(std::move(hooks)),
      counters_(room.counters.Peer(peer)), awaited_(hooks_.answer_patience) {}

Session::~Session() { Join(); }

std::shared_ptr<Session> Session::Open(exchange::Room room, exchange::Admission& admission, const OrgId& peer,
                                       uint64_t credit_bytes, std::unique_ptr<FrameTransport> transport, Hooks hooks) {
  std::shared_ptr<Session> session(new Session(room, admission, peer, credit_bytes, std::move(hooks)));
  session->transport_ = std::move(transport);
  session->thread_ = std::thread([raw = session.get()] { raw->Run(); });
  return session;
}

void Session::Join() {
  if (thread_.joinable()) thread_.join();
}

void Session::Wake() {
  {
    std::lock_guard lock(mutex_);
    more_ = true;
  }
  changed_.notify_all();
}

void Session::Stop() {
  bool greeted;
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
    greeted = served_;
  }
  changed_.notify_all();
  if (!greeted) EndWith({Reject(RejectReason::kUnavailable, "this node is stopping"), std::string(kStopping), false});
}

void Session::Replace() {
  const absl::Status why = Reject(RejectReason::kUnavailable, "a newer session of the same peer took over");
  EndWith({why, std::string(kReplaced), false});
}

void Session::Abandon() {
  EndWith({Reject(RejectReason::kUnavailable, "this node is stopping"), "", false});
  transport_->Close();
}

void Session::Cut(const absl::Status& why) { EndWith({why, NameOf(why), true}); }

void Session::EndWith(Over over) {
  {
    std::lock_guard lock(mutex_);
    if (over_) return;
    over_ = std::move(over);
    over_since_ = Clk::now();
  }
  changed_.notify_all();
}

void Session::CloseWhenOverdue() {
  bool stuck;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    const SteadyTime now = Clk::now();
    const auto longest = hooks_.answer_patience + std::chrono::seconds(kMaxPieceBytes / kSlowestLink);
    stuck = !over_ && writing_since_ && now - *writing_since_ > longest;
    if (!stuck && (!over_ || now - over_since_ < absl::ToChronoMilliseconds(kByeGrace))) return;
  }
  if (stuck) Unanswered("the peer has stopped reading");
  transport_->Close();
}

uint64_t Session::held_bytes() {
  std::lock_guard lock(mutex_);
  return inbound_.held_bytes() + submitted_bytes_;
}

void Session::Fault(const absl::Status& why) {
  room_.counters.CountReject(exchange::Door::kPeer, ReasonOf(why));
  // What it spent too much of is on its record already; this is about its credit.
  if (ReasonOf(why) == RejectReason::kBudget && hooks_.budget) {
    hooks_.budget->Breach(Budget::kUnanswered, Clk::now()).IgnoreError();
  }
  EndWith({why, NameOf(why), !IsOwnFault(ReasonOf(why)) || ReasonOf(why) == RejectReason::kRolledBack});
}

void Session::OnClosed(absl::Status status) {
  if (status.ok()) status = Reject(RejectReason::kPeerDown, "the peer closed the session");
  EndWith({Reject(RejectReason::kPeerDown, Shown(std::string(status.message()))), "", false});
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

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
  bool greeted;
  {
    std::lock_guard lock(mutex_);
    if (over_) return;
    greeted = greeting_.has_value();
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
    case v1::Frame::kEnvelope:
      return OnEnvelope(frame.envelope());
    case v1::Frame::kAck:
      return OnAck(std::move(*frame.mutable_ack()));
    case v1::Frame::kCredit: {
      std::lock_guard lock(mutex_);
      allowance_.Grant(frame.credit().bytes());
      break;
    }
    case v1::Frame::kBye:
      break;
    case v1::Frame::kWant:  // of level 1; this side's Hello says 0
    case v1::Frame::kDocument:
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
  if (!status.ok() && IsOwnFault(reason)) EndWith({status, NameOf(status), false});
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
