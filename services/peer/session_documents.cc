// The session's own thread: documents, of which some stand before everything else.
#include <chrono>
#include <utility>

#include "exchange/cpu_meter.h"
#include "services/peer/session.h"

namespace entente::peer {
namespace {

using exchange::Budget;
using Clk = std::chrono::steady_clock;

}  // namespace

bool Session::DocumentsWaitLocked() const {
  return !draining_ && documents_.WorkWaits(Clk::now());
}

// One step; false when the session is over.
bool Session::WorkOnDocuments() {
  uint64_t ns = 0;
  absl::Status done;
  {
    const exchange::CpuMeter meter(ns);
    done = documents_.Work(Clk::now(), [this](const v1::Frame& frame) { return FlushAnswers() && Send(frame); });
  }
  SpendCpu(ns);
  if (done.ok()) return true;
  const RejectReason reason = ReasonOf(done);
  if (reason == RejectReason::kPeerDown) {
    EndWith({done, "", false});
  } else if (exchange::IsOwnFault(reason)) {
    EndForOwnFault(done);
  } else {
    Fault(done, Budget::kDocuments);
  }
  return false;
}

// The peer's Hello names documents that are not on file: they are taken in before anything else of it counts, and the
// session begins anew with them.
bool Session::AwaitNewerIdentity() {
  uint64_t version;
  {
    std::lock_guard lock(mutex_);
    version = greeting_->newer_identity;
  }
  if (version == 0) return true;
  const SteadyTime deadline = Clk::now() + hooks_.newer_patience;
  const auto party = room_.directory.Find(peer_);
  const uint64_t before = party == nullptr ? 0 : party->identity.version();
  documents_.AskForNewer(version);
  while (documents_.asking_for_newer()) {
    {
      std::unique_lock lock(mutex_);
      const bool in_time =
          changed_.wait_until(lock, deadline, [this] { return over_ || documents_.WorkWaits(Clk::now()); });
      if (over_) return false;
      if (!in_time) break;
    }
    if (!WorkOnDocuments()) return false;
  }
  EndAnew(before);
  return false;
}

// Where some of the documents came, what is left of them is asked for by the next session.
void Session::EndAnew(uint64_t before) {
  const auto party = room_.directory.Find(peer_);
  if (party == nullptr || party->identity.version() <= before) {
    return Fault(Reject(
        RejectReason::kIdentity,
        "the peer's hello names a newer identity document than on file and it did not show it; ask for its card"));
  }
  EndWith(
      {Reject(RejectReason::kUnavailable, "the peer's newer identity document came; the session begins anew with it"),
       std::string(kReplaced), false});
}

}  // namespace entente::peer
