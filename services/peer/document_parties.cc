// What is of parties and of no group: their documents, and what was agreed with them.
#include "exchange/agreements.h"
#include "exchange/identities.h"
#include "proto/strict_parse.h"
#include "services/peer/document_intake.h"

namespace entente::peer {

using Outcome = DocumentIntake::Outcome;

Outcome DocumentIntake::TakeIdentity(const v1::Document& document) const {
  v1::SignedIdentity wire;
  if (absl::Status status = StrictParse(document.document(), wire); !status.ok()) return {status};
  return {exchange::TakeIdentity(room_, *OrgId::From(document.id()), wire)};
}

// Where a key is not on file the peer's newest document may have it; the next session brings the agreement again.
Outcome DocumentIntake::TakeAgreement(const v1::Document& document) const {
  v1::SignedAgreement wire;
  if (absl::Status status = StrictParse(document.document(), wire); !status.ok()) return {status};
  absl::Status taken = exchange::TakeAgreement(room_, peer_, wire);
  const bool unknown = ReasonOf(taken) == RejectReason::kNoKey;
  return {std::move(taken), false, false, unknown ? std::vector<OrgId>{peer_} : std::vector<OrgId>()};
}

}  // namespace entente::peer
