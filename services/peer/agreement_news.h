#pragma once

#include <set>
#include <vector>

#include "entente/v1/peer.pb.h"
#include "exchange/exchange.h"

namespace entente::peer {

inline constexpr size_t kMaxKnownAgreements = 64;  // of one session; forgotten together: then the peer is told once more

// What one session tells its peer of the agreement between both sides: the document that counts and this side's offer, each once. The
// session's thread.
class AgreementNews {
 public:
  AgreementNews(const exchange::Room& room, const OrgId& peer) : room_(room), peer_(peer) {}

  void Begin() { begun_ = true; }
  bool changed() const { return begun_ && (first_ || room_.directory.agreement_changes() != seen_); }
  // What to send now, as sent; nothing when nothing changed.
  std::vector<v1::Document> Next();
  // The peer sent this document: it need not be told of it.
  void PeerSent(const v1::Document& document);

 private:
  const exchange::Room room_;
  const OrgId peer_;
  bool begun_ = false, first_ = true;
  uint64_t seen_ = 0;
  std::set<Bytes> known_;  // documents that the peer has, as bytes; those that count or are offered alone
};

}  // namespace entente::peer
