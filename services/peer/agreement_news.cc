#include "services/peer/agreement_news.h"

#include <utility>

#include "trust/agreement_history.h"

namespace entente::peer {

void AgreementNews::PeerSent(const v1::Document& document) {
  if (document.kind() != v1::DOCUMENT_KIND_AGREEMENT) return;
  if (known_.size() >= kMaxKnownAgreements) known_.clear();
  known_.insert(document.document());
}

std::vector<v1::Document> AgreementNews::Next() {
  std::vector<v1::Document> out;
  if (!changed()) return out;
  first_ = false;
  seen_ = room_.directory.agreement_changes();  // before the look: what comes in between is looked at again
  const auto party = room_.directory.Find(peer_);
  if (party == nullptr || party->agreements == nullptr) return out;
  for (const auto& agreement : {party->agreements->counts(), party->agreements->own_offer()}) {
    if (agreement == nullptr || (!agreement->whole() && !agreement->open(room_.clock.Now()))) continue;
    v1::Document document;
    document.set_kind(v1::DOCUMENT_KIND_AGREEMENT);
    document.set_id(room_.self.org().str());
    document.set_number(agreement->version());
    document.set_document(agreement->wire().SerializeAsString());
    if (known_.contains(document.document())) continue;
    PeerSent(document);
    out.push_back(std::move(document));
  }
  return out;
}

}  // namespace entente::peer
