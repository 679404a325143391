#include "envelope/signer.h"

#include <string>

#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::envelope {

std::optional<Signer> PeekSigner(const std::optional<LowFields>& fields, size_t org_field, size_t key_field) {
  if (!fields) return std::nullopt;
  const auto org = OrgId::From(fields->at[org_field].bytes);
  const auto key_id = KeyId::From(fields->at[key_field].bytes);
  return org && key_id ? std::optional(Signer{*org, *key_id}) : std::nullopt;
}

absl::Time PeekTime(const LowFields& fields, size_t field) {
  return absl::FromUnixMicros(static_cast<int64_t>(fields.at[field].varint));
}

absl::Status NoSigner() {
  return Reject(RejectReason::kSignature, "no signer can be read from a signed body; the sender must send it again");
}

trust::KeyUse UseNow(const KeyId& key_id, ByteView payload_type, absl::Time at, absl::Time now) {
  return {key_id, payload_type, at, std::nullopt, std::nullopt, now};
}

absl::Status CheckSignature(const trust::Accepted& party, const trust::KeyUse& use, const v1::SignedBody& wire) {
  const auto key = party.history->KeyFor(use);
  if (!key.ok()) return key.status();
  return crypto::Verify(*key, use.payload_type, wire.body(), wire.signature()) ? absl::OkStatus() : FalseSignature();
}

absl::Status FalseSignature() {
  return Reject(RejectReason::kSignature, "a signature does not verify; the sender must send it again");
}

absl::StatusOr<PartyPtr> FindParty(const trust::Parties& parties, const OrgId& org, std::string_view role) {
  PartyPtr party = parties.Find(org);
  if (party) return party;
  return Reject(RejectReason::kUnknownParty, std::string(role) + " is not on file here; `entente peer add` accepts it");
}

}  // namespace entente::envelope
