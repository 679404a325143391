#include "exchange/counters.h"

namespace entente::exchange {

std::string_view Counters::Name(Outcome outcome) {
  switch (outcome) {
    case kPublished: return "published";
    case kUnchanged: return "unchanged";
    case kQuarantined: return "quarantined";
    case kRejected: return "rejected";
    case kReceived: return "received";
    case kDuplicate: return "duplicate";
    case kOutcomes: break;
  }
  return "";
}

std::string_view Counters::Name(HandshakeRefusal why) {
  switch (why) {
    case HandshakeRefusal::kCertificate: return "certificate";
    case HandshakeRefusal::kClock: return "clock";
    case HandshakeRefusal::kOrganisation: return "organisation";
    case HandshakeRefusal::kKey: return "key";
    case HandshakeRefusal::kNoTls: return "no_tls";
    case HandshakeRefusal::kNoCertificate: return "no_certificate";
    case HandshakeRefusal::kTls: return "tls";
    case HandshakeRefusal::kTimeout: return "timeout";
    case HandshakeRefusal::kConnections: return "connections";
    case HandshakeRefusal::kAddress: return "address";
    case HandshakeRefusal::kDescriptors: return "descriptors";
    case HandshakeRefusal::kBudget: return "budget";
    case HandshakeRefusal::kMemory: return "memory";
    case HandshakeRefusal::kCount: break;
  }
  return "";
}

std::string_view Counters::Name(Budget budget) {
  switch (budget) {
    case Budget::kFrames: return "frames";
    case Budget::kBytes: return "bytes";
    case Budget::kSessions: return "sessions";
    case Budget::kHandshakes: return "handshakes";
    case Budget::kCpu: return "cpu";
    case Budget::kUnanswered: return "unanswered";
    case Budget::kHttp2: return "http2";
    case Budget::kMemory: return "memory";
    case Budget::kDocuments: return "documents";
    case Budget::kCount: break;
  }
  return "";
}

uint64_t Counters::Rejects(RejectReason reason) const {
  uint64_t all = 0;
  for (const ByReason& door : rejects_) all += door[Index(reason)];
  return all;
}

void Counters::CountDecision(bool permitted, RejectReason reason, uint64_t n) {
  if (permitted) {
    permits_ += n;
  } else {
    denials_[static_cast<size_t>(reason)] += n;
  }
}

void Counters::CountShadow(bool permitted, bool by_shadow) {
  ++(permitted == by_shadow ? shadow_same_ : by_shadow ? shadow_opens_ : shadow_closes_);
}

PeerCounters& Counters::Peer(const OrgId& org) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<PeerCounters>& slot = peers_[org];
  if (!slot) slot = std::make_unique<PeerCounters>();
  return *slot;
}

}  // namespace entente::exchange
