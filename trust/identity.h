#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/crypto.h"
#include "entente/v1/identity.pb.h"
#include "trust/identity_document.h"
#include "trust/payload_types.h"

namespace entente::trust {

inline constexpr size_t kMaxHeadBytes = 1024;

class IdentityHistory;

// An identity document whose signatures, key points, possession proofs and self-certifying id have been checked.
// Immutable, copyable. Later versions come out of an IdentityHistory alone.
class Identity {
 public:
  // Version 1 only. Refuses with kIdentity (malformed, wrong version, false signature, threshold not met, key twice,
  // usage twice, missing possession proof, expired at `now`), kKeyPoint (a key is no valid point), kLimit, kParse.
  static absl::StatusOr<Identity> Check(const v1::SignedIdentity& signed_identity, absl::Time now);

  const OrgId& org() const { return org_; }
  const std::string& name() const { return document_.name(); }  // the organisation's own word: a suggestion; safe to show
  const Digest& hash() const { return hash_; }                  // of the document bytes
  uint64_t version() const { return document_.version(); }
  absl::Time expires() const { return absl::FromUnixMicros(document_.expires_us()); }
  const v1::IdentityDocument& document() const { return document_; }
  const v1::SignedIdentity& wire() const { return wire_; }
  // The public key named `id` if it may be used for `usage` at `at`; kNoKey, kKeyUse or kTime otherwise. A key counts
  // from kClockSkew before its beginning until its own end or the document's, whichever is earlier. Knows this one
  // document: IdentityHistory::KeyFor knows revocations.
  absl::StatusOr<Bytes> KeyFor(const KeyId& id, v1::KeyUsage usage, absl::Time at) const;
  // Every key, root keys first.
  const std::vector<v1::PublicKey>& keys() const { return keys_; }

 private:
  friend class IdentityHistory;
  // Of what has been checked.
  Identity(const OrgId& org, v1::IdentityDocument document, v1::SignedIdentity wire);
  OrgId org_;
  Digest hash_;
  v1::IdentityDocument document_;
  v1::SignedIdentity wire_;
  std::vector<v1::PublicKey> keys_;
};

// This node as a signer: its own newest identity document and the statement key it signs with. Copies share the key.
struct Self {
  Identity identity;
  KeyId key_id;
  std::shared_ptr<const crypto::Signer> statement_key;
  std::shared_ptr<const IdentityHistory> history = nullptr;  // null where `identity` is version 1: see HistoryOf
  const OrgId& org() const { return identity.org(); }
};

// Signs and checks a SignedBody of `payload_type`. SignBody refuses as the signer does, with kHsm where a token fails; so do
// all that sign by it. VerifyBody answers the checked body's signer check only: it refuses with kSignature, kNoKey, kKeyUse
// (also for a type that statement keys never sign), kTime; parsing is the caller's, from the same bytes.
absl::StatusOr<v1::SignedBody> SignBody(const Self& self, ByteView payload_type, Bytes body);
absl::Status VerifyBody(const Identity& signer, const KeyId& key_id, ByteView payload_type, const v1::SignedBody& body,
                        absl::Time at);

// A peer's signed journal head: its key must count, in some version of `signer`, at the head's time, which is first moved
// into the key's life. Refuses with kLimit, kParse, kUnknownParty, kNoKey, kKeyUse, kRevoked, kSignature.
absl::StatusOr<v1::HeadBody> CheckHead(const IdentityHistory& signer, const v1::SignedBody& head);
// The head of this node's own store: any statement key that it ever had may have signed it. A revoked one too, since it is
// the last word before the revocation, and a thief who can replace the file can as well put back an older one.
absl::StatusOr<v1::HeadBody> CheckOwnHead(const IdentityHistory& self, const v1::SignedBody& head);
absl::StatusOr<v1::SignedBody> MakeHead(const Self& self, uint64_t sequence, const Digest& root, absl::Time now);

}  // namespace entente::trust
