#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/bytes.h"
#include "base/reject.h"

namespace entente::exchange {

// What the operator counts. Written by exchange and the peer session, once per outcome; read by the metrics surface.
// Labels are bounded: parties on file, reject reasons, outcomes. Safe from any thread.
struct PeerCounters {
  std::atomic<uint64_t> objects_received{0}, objects_sent{0}, envelopes_received{0}, envelopes_sent{0};
  std::atomic<uint64_t> envelopes_refused{0};  // by us
  std::atomic<uint64_t> refusals_received{0};  // by the peer
  std::atomic<uint64_t> sequence_gaps{0}, sessions{0}, bytes_received{0}, bytes_sent{0};
  std::atomic<int64_t> last_contact_us{0};
  std::atomic<bool> up{false};
};

class Counters {
 public:
  enum Outcome { kPublished, kUnchanged, kQuarantined, kRejected, kReceived, kDuplicate, kOutcomes };
  static std::string_view Name(Outcome outcome);

  void Count(Outcome outcome, uint64_t n = 1) { outcomes_[outcome] += n; }
  void CountReject(RejectReason reason, uint64_t n = 1) { rejects_[static_cast<size_t>(reason)] += n; }
  void CountDecision(bool permitted, RejectReason reason, uint64_t n = 1);
  uint64_t Of(Outcome outcome) const { return outcomes_[outcome]; }
  uint64_t Rejects(RejectReason reason) const { return rejects_[static_cast<size_t>(reason)]; }
  uint64_t Permits() const { return permits_; }
  uint64_t Denials(RejectReason reason) const { return denials_[static_cast<size_t>(reason)]; }
  // Made at first use; lives as long as this.
  PeerCounters& Peer(const OrgId& org);

 private:
  static constexpr size_t kReasons = static_cast<size_t>(RejectReason::kCount);
  std::array<std::atomic<uint64_t>, kOutcomes> outcomes_{};
  std::array<std::atomic<uint64_t>, kReasons> rejects_{}, denials_{};
  std::atomic<uint64_t> permits_{0};
  std::mutex mutex_;
  std::map<OrgId, std::unique_ptr<PeerCounters>> peers_;
};

}  // namespace entente::exchange
