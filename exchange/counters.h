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

// What a peer can have too much of. Over any of them it is cut and kept out for a while (services/peer/budget.h).
enum class Budget {
  kFrames,      // of sessions, per second
  kBytes,       // of frames, per second
  kSessions,    // opened, per second
  kHandshakes,  // completed, per second
  kCpu,         // spent on its frames and on what is refused, per second
  kUnanswered,  // envelopes and bytes beyond its credit
  kHttp2,       // what the guard in front of HTTP/2 counts
  kMemory,      // it held most while this node ran short
  kDocuments,   // sent unasked, or that do not hold
  kCount
};

// What the operator counts. Written by exchange and the peer session, once per outcome; read by the metrics surface.
// Labels are bounded: parties on file, reject reasons, outcomes. Safe from any thread.
struct PeerCounters {
  std::atomic<uint64_t> objects_received{0}, objects_sent{0}, envelopes_received{0}, envelopes_sent{0};
  std::atomic<uint64_t> envelopes_refused{0};  // by us
  std::atomic<uint64_t> refusals_received{0};  // by the peer
  std::atomic<uint64_t> sequence_gaps{0}, sessions{0}, bytes_received{0}, bytes_sent{0};
  std::atomic<uint64_t> cpu_ns{0};            // spent on what it sent, as far as it can be told apart
  std::atomic<uint64_t> fruitless_cpu_ns{0};  // of that: frames, envelopes refused, and repeats beyond what is free
  std::array<std::atomic<uint64_t>, static_cast<size_t>(Budget::kCount)> over_budget{};
  std::atomic<uint64_t> cuts{0};                // connections cut off for what the party sent below the session
  std::atomic<const char*> last_cut{""};        // the budget or limit of the last one; constant text
  std::atomic<int64_t> last_contact_us{0};
  std::atomic<bool> up{false};
};

// Whose doing a refusal is about: only what a peer sent can fail verification.
enum class Door {
  kPeer,        // a peer's certificate, frames, envelopes and what is in them
  kPublish,     // what this node's own operator publishes
  kOperator,    // what the operator changes otherwise: a party on file
  kConnection,  // a connection that came while there was no room for it
  kCount
};

// Why a connection to the peer port never carried a call.
enum class HandshakeRefusal {
  kCertificate,   // no organisation's claim in the certificate
  kClock,         // certificate or identity document not in its time
  kOrganisation,  // not accepted here, or another than was dialled
  kKey,           // the named key is not the organisation's, or did not sign
  kNoTls,         // the first byte was not TLS
  kNoCertificate, // showed none
  kTls,           // TLS that failed otherwise: another version, no h2, hung up
  kTimeout,       // cut off after the time for handshakes
  kConnections,   // over the limit of connections
  kAddress,       // over the limit for one address
  kDescriptors,   // no file descriptor to spare
  kBudget,        // proven, and kept out because it was over a budget
  kMemory,        // proven, and came while memory was short
  kCount
};

class Counters {
 public:
  enum Outcome { kPublished, kUnchanged, kQuarantined, kRejected, kReceived, kDuplicate, kOutcomes };
  static std::string_view Name(Outcome outcome);
  static std::string_view Name(HandshakeRefusal why);
  static std::string_view Name(Budget budget);

  void Count(Outcome outcome, uint64_t n = 1) { outcomes_[outcome] += n; }
  void CountReject(Door door, RejectReason reason, uint64_t n = 1) { rejects_[Index(door)][Index(reason)] += n; }
  void CountHandshake(HandshakeRefusal why) { ++handshakes_[static_cast<size_t>(why)]; }
  void NoteMemory(uint64_t used, uint64_t limit) { memory_used_ = used, memory_limit_ = limit; }  // bytes; 0: no limit
  uint64_t memory_used() const { return memory_used_; }
  uint64_t memory_limit() const { return memory_limit_; }
  void CountListenerRestart() { ++listener_restarts_; }
  void CountDecision(bool permitted, RejectReason reason, uint64_t n = 1);
  // One decision, and what the rules in the shadow would have made of it.
  void CountShadow(bool permitted, bool by_shadow);
  uint64_t Of(Outcome outcome) const { return outcomes_[outcome]; }
  uint64_t Rejects(RejectReason reason) const;  // at every door
  uint64_t Rejects(Door door, RejectReason reason) const { return rejects_[Index(door)][Index(reason)]; }
  uint64_t Handshakes(HandshakeRefusal why) const { return handshakes_[static_cast<size_t>(why)]; }
  uint64_t ListenerRestarts() const { return listener_restarts_; }
  uint64_t Permits() const { return permits_; }
  uint64_t ShadowSame() const { return shadow_same_; }
  uint64_t ShadowOpens() const { return shadow_opens_; }    // denied, and the shadow would permit
  uint64_t ShadowCloses() const { return shadow_closes_; }  // the other way round
  uint64_t Denials(RejectReason reason) const { return denials_[static_cast<size_t>(reason)]; }
  // Made at first use; lives as long as this.
  PeerCounters& Peer(const OrgId& org);

 private:
  static constexpr size_t kReasons = static_cast<size_t>(RejectReason::kCount);
  std::array<std::atomic<uint64_t>, kOutcomes> outcomes_{};
  using ByReason = std::array<std::atomic<uint64_t>, kReasons>;
  static size_t Index(RejectReason reason) { return static_cast<size_t>(reason); }
  static size_t Index(Door door) { return static_cast<size_t>(door); }
  std::array<ByReason, static_cast<size_t>(Door::kCount)> rejects_{};
  ByReason denials_{};
  std::array<std::atomic<uint64_t>, static_cast<size_t>(HandshakeRefusal::kCount)> handshakes_{};
  std::atomic<uint64_t> permits_{0}, listener_restarts_{0}, memory_used_{0}, memory_limit_{0};
  std::atomic<uint64_t> shadow_same_{0}, shadow_opens_{0}, shadow_closes_{0};
  std::mutex mutex_;
  std::map<OrgId, std::unique_ptr<PeerCounters>> peers_;
};

}  // namespace entente::exchange
