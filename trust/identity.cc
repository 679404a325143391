#include "trust/identity.h"

#include <algorithm>

#include "base/reject.h"

namespace entente::trust {

Identity::Identity(const OrgId& org, v1::IdentityDocument document, v1::SignedIdentity wire)
    : org_(org), hash_(IdentityHash(wire.document())), document_(std::move(document)), wire_(std::move(wire)) {
  for (const v1::PublicKey* key : KeysOf(document_)) keys_.push_back(*key);
}

absl::StatusOr<Identity> Identity::Check(const v1::SignedIdentity& signed_identity, absl::Time now) {
  absl::StatusOr<v1::IdentityDocument> document = ReadDocument(signed_identity);
  if (!document.ok()) return document.status();
  if (document->version() != 1) return RefuseDocument("a first document is of version 1, and this one is not");
  if (now >= absl::FromUnixMicros(document->expires_us())) return RefuseDocument("it has expired");
  if (absl::Status status = CheckDocument(*document); !status.ok()) return status;
  for (const v1::PublicKey* key : KeysOf(*document)) {
    if (absl::Status status = CheckLifetime(*key, 1); !status.ok()) return status;
  }
  if (absl::Status status = CheckSignatures(*document, signed_identity, nullptr); !status.ok()) return status;
  return Identity(OrgOfFirst(signed_identity.document()), *std::move(document), signed_identity);
}

absl::StatusOr<Bytes> Identity::KeyFor(const KeyId& id, v1::KeyUsage usage, absl::Time at) const {
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const auto& k) { return k.key_id() == id.view(); });
  if (key == keys_.end()) {
    return Reject(RejectReason::kNoKey, "signed by a key that the party's identity does not hold; get its newest card");
  }
  if (key->usage() != usage) return Reject(RejectReason::kKeyUse, "signed by a key that may not sign this; refuse it");
  if (at + kClockSkew < absl::FromUnixMicros(key->not_before_us()) ||
      at >= std::min(absl::FromUnixMicros(key->not_after_us()), expires())) {
    return Reject(RejectReason::kTime, "signed by a key outside its lifetime; check the clocks or get the newest card");
  }
  return key->public_key();
}

}  // namespace entente::trust
