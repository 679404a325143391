#pragma once

#include "envelope/envelope.h"
#include "services/entente/verify_documents.h"
#include "services/entente/verify_keys.h"
#include "services/entente/verify_report.h"

// One sealed envelope (docs/formats/envelope.md).
namespace entente::cli {

inline constexpr auto kNoKeys = "no keystore was named with --node";

// Form and hours, which anybody can read.
absl::Status CheckClear(ByteView wire, absl::Time at);
// Opened and checked as a node does with what `from` hands over; replay and the journal's part left out.
absl::StatusOr<envelope::VerifiedEnvelope> CheckSealed(ByteView wire, NodeKeys& keys, const OrgId& from, absl::Time at,
                                                       GivenGroups& groups);
// `keys` null: what its clear bytes say, and nothing of what is sealed. `groups` has the same keys.
Report CheckEnvelope(ByteView wire, const Cards& cards, NodeKeys* keys, GivenGroups& groups, absl::Time at);

}  // namespace entente::cli
