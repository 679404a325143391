#pragma once

#include <string_view>

#include "entente/v1/admin_agreement.pb.h"
#include "exchange/exchange.h"

// What was agreed with parties on file: docs/formats/agreement.md. Safe from any thread, but not from a commit's body or callback.
namespace entente::exchange {

// Takes in what `peer` sent, durably before it counts; what is on file, passed over or not open any more changes nothing. Refuses as
// trust::Agreement::Read and trust::Directory::Agree do, and with the store's faults.
// `by`: who of this organisation asked for it, as the admin socket knows; it stands in the record.
absl::Status TakeAgreement(const Room& room, const OrgId& peer, const v1::SignedAgreement& wire, const std::string& by = {});

// One act of the operator, signed for this organisation and durable when it returns, and what stands then; without an act what stands with
// everybody, or with one. Refuses with kNotFound (party or offer), kUsage, kTime for an offer that is not open any more, kHsm, and as
// TakeAgreement.
absl::StatusOr<v1::AgreementReply> Agree(const Room& room, const v1::AgreementRequest& request,
                                         const std::string& by = {});

// What the agreement with `party` says of objects of `type`, in a question about what goes to it or comes from it. REQUIRES that its
// time is set. Where none was ever whole the operator's acceptance counts alone.
void SetTerms(const trust::Accepted& party, std::string_view type, policy::Question& question);

}  // namespace entente::exchange
