#include "services/peer/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"

namespace entente::peer {
namespace {

constexpr size_t kMaxShown = 200;

// Faults of the node that receives: nothing is said about the envelope, and the sender keeps it.
bool IsOwnFault(RejectReason reason) {
  return reason == RejectReason::kDiskFull || reason == RejectReason::kStoreIo ||
         reason == RejectReason::kUnavailable || reason == RejectReason::kStoreCorrupt ||
         reason == RejectReason::kStoreShort || reason == RejectReason::kRolledBack ||
         reason == RejectReason::kInternal;
}

std::string NameOf(const absl::Status& status) { return std::string(Describe(ReasonOf(status)).name); }

}  // namespace

std::string Shown(std::string_view text) {
  const std::string_view part = text.substr(0, kMaxShown);
  return absl::CHexEscape(absl::string_view(part.data(), part.size()));
}

Session::Session(exchange::Room room, exchange::Admission& admission, const OrgId& peer, uint64_t credit_bytes,
                 Hooks hooks)
    : room_(room), admission_(admission), peer_(peer), credit_bytes_(credit_bytes), hooks_(std::move(hooks)),
      counters_(room.counters.Peer(peer)) {}

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

void Session::EndWith(Over over) {
  {
    std::lock_guard lock(mutex_);
    if (over_) return;
    over_ = std::move(over);
    over_since_ = std::chrono::steady_clock::now();
  }
  changed_.notify_all();
}

void Session::CloseWhenOverdue() {
  {
    std::lock_guard lock(mutex_);
    if (!over_ || closed_) return;
    if (std::chrono::steady_clock::now() - over_since_ < absl::ToChronoMilliseconds(kByeGrace)) return;
  }
  transport_->Close();
}

void Session::Fault(const absl::Status& why) {
  room_.counters.CountReject(exchange::Door::kPeer, ReasonOf(why));
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

void Session::OnFrame(v1::Frame frame) {
  frame.DiscardUnknownFields();  // they stand beside what is signed, and what is kept is kept whole
  bool greeted;
  {
    std::lock_guard lock(mutex_);
    if (over_) return;
    greeted = greeting_.has_value();
  }
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
    if (taken.ok() && taken->has_value()) ++submitted_;
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
    if (status.ok() || !IsOwnFault(reason)) answers_.push_back({position, bytes, !status.ok()});
  }
  if (!status.ok() && IsOwnFault(reason)) EndWith({status, NameOf(status), false});
  changed_.notify_all();
}

void Session::OnAck(v1::Ack ack) {
  {
    std::lock_guard lock(mutex_);
    const auto sent = under_way_.find(ack.position());
    if (sent != under_way_.end()) {
      acks_.push_back({std::move(ack), sent->second});
      under_way_.erase(sent);
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
