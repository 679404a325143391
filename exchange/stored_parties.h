#pragma once

#include "exchange/exchange.h"

// Parties as the journal has them: how a record says what is on file, and the directory behind it.
namespace entente::exchange {

// The record of a party whose documents are `history`; the later ones have records of their own.
v1::PartyAccepted ToRecord(const model::Party& party, const trust::IdentityHistory& history);
// What was agreed with `org`; null where nothing ever was. Their signatures were checked when they came. Refuses where one cannot be
// read: without it more might flow.
absl::StatusOr<std::shared_ptr<const trust::AgreementHistory>> StoredAgreements(const storage::Journal& journal, const OrgId& self,
                                                                               const OrgId& org);
// The directory as the journal has it, behind a change of `org` that did not become durable.
absl::Status BackToStored(const Room& room, const OrgId& org);

}  // namespace entente::exchange
