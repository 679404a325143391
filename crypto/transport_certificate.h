#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "crypto/crypto.h"

namespace entente::crypto {

// A self-signed P-256 certificate whose private extension carries the organisation, its statement key's id and that
// key's signature over PAE(application/vnd.entente.transport.v1, org_id | key_id | SHA-256 of SPKI | not_after u64).
// TLS pins this, no public CA is involved (docs/formats/transport-certificate.md).
inline constexpr absl::Duration kTransportLifetime = absl::Hours(24 * 90);
inline constexpr ByteView kTransportType = "application/vnd.entente.transport.v1";

struct TransportCertificate {
  std::string certificate_pem;
  SecretBytes private_key_pem;
};
// `carried` goes in beside the claim: an identity chain for who does not know the key yet; none where it is empty.
// Refuses with kLimit over kMaxCarriedIdentity, and as `signer` does.
inline constexpr size_t kMaxCarriedIdentity = 8 * 1024;
absl::StatusOr<TransportCertificate> MakeTransportCertificate(const OrgId& org, const KeyId& key_id,
                                                              const Signer& signer, absl::Time now,
                                                              ByteView carried = {});

// What a certificate claims, before anybody checked the claim.
struct TransportClaim {
  OrgId org;
  KeyId key_id;
  Bytes spki_hash;
  absl::Time not_before, not_after;
  Bytes signed_body, signature;
  Bytes carried;  // an identity chain, as it says; empty where there is none. Nothing in it was checked
};
// Refuses with kIdentity when the PEM holds no certificate of this form. At most 16 KiB are looked at.
absl::StatusOr<TransportClaim> ReadTransportClaim(ByteView pem);
// True when `statement_key` (the public key named by claim.key_id) signed the claim. Times are the caller's check.
bool VerifyTransportClaim(const TransportClaim& claim, ByteView statement_key);

}  // namespace entente::crypto
