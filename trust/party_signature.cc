#include "trust/party_signature.h"

#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::trust {

absl::Status CheckPartySignature(const Parties& parties, const PartySignature& signature, const Arrival& arrival) {
  const std::shared_ptr<const Accepted> party = parties.Find(signature.org);
  if (party == nullptr || party->history == nullptr) {
    return Reject(RejectReason::kUnknownParty,
                  "signed by an organisation that is not accepted here; `entente peer add` accepts it, then it must be sent again");
  }
  const absl::StatusOr<Bytes> key = party->history->KeyFor(
      {signature.key_id, signature.payload_type, signature.at, std::nullopt, arrival.recorded, arrival.now});
  if (!key.ok()) return key.status();
  if (crypto::Verify(*key, signature.payload_type, signature.body, signature.signature)) return absl::OkStatus();
  return Reject(RejectReason::kSignature, "the signature does not verify; the sender must send it again");
}

}  // namespace entente::trust
