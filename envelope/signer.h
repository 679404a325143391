#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "envelope/wire_walk.h"
#include "trust/parties.h"

// Private to envelope/: what must be known of a signed body before its signature can be checked. It is read leniently and used for
// nothing else; the strict reading that follows refuses bodies in which a field occurs twice, so both are of the same values.
namespace entente::envelope {

struct Signer {
  OrgId org;
  KeyId key_id;
};
std::optional<Signer> PeekSigner(const std::optional<LowFields>& fields, size_t org_field, size_t key_field);
absl::Time PeekTime(const LowFields& fields, size_t field);
// For a body from which no signer can be read: kSignature.
absl::Status NoSigner();

// What is asked of the key under a body that says it was made at `at` and is acted on at `now`.
trust::KeyUse UseNow(const KeyId& key_id, ByteView payload_type, absl::Time at, absl::Time now);
// The signature of `wire` by the key of `party` that `use` names, if it counts: kNoKey, kKeyUse, kTime, kRevoked, kFreeze, kSignature.
absl::Status CheckSignature(const trust::Accepted& party, const trust::KeyUse& use, const v1::SignedBody& wire);
// For a signature that is false: kSignature.
absl::Status FalseSignature();

using PartyPtr = std::shared_ptr<const trust::Accepted>;
// Refuses with kUnknownParty; `role` begins the sentence.
absl::StatusOr<PartyPtr> FindParty(const trust::Parties& parties, const OrgId& org, std::string_view role);

}  // namespace entente::envelope
