#include "services/peer/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"

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

Session::Session(exchange::Room room, Journeys journeys, const OrgId& peer, uint64_t credit_bytes, Hooks hooks)
    : room_(room), admission_(journeys.admission), peer_(peer), credit_bytes_(credit_bytes), hooks_(std::move(hooks)),
      counters_(room.counters.Peer(peer)), awaited_(hooks_.answer_patience), documents_(room, journeys.groups, peer) {}

Session::~Session() { Join(); }

std::shared_ptr<Session> Session::Open(exchange::Room room, Journeys journeys, const OrgId& peer,
                                       uint64_t credit_bytes, std::unique_ptr<FrameTransport> transport, Hooks hooks) {
  std::shared_ptr<Session> session(new Session(room, journeys, peer, credit_bytes, std::move(hooks)));
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

void Session::EndForOwnFault(const absl::Status& why) { EndWith({why, NameOf(why), false}); }

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
  return inbound_.held_bytes() + submitted_bytes_ + documents_.held_bytes();
}

void Session::Fault(const absl::Status& why, Budget over) {
  room_.counters.CountReject(exchange::Door::kPeer, ReasonOf(why));
  // What it spent too much of is on its record already; this is about its credit or its documents.
  if (ReasonOf(why) == RejectReason::kBudget && hooks_.budget) {
    hooks_.budget->Breach(over, Clk::now()).IgnoreError();
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

}  // namespace entente::peer
