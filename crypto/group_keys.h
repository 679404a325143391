#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

// What the members of a group share for one epoch, and what hangs on it (docs/formats/epoch.md, envelope.md).
namespace entente::crypto {

// The fixed fields of an epoch, which its secret is committed to.
struct EpochFields {
  GroupId group;
  OrgId issuer;
  uint64_t membership_version = 0;
  Digest membership_hash;
  uint64_t epoch = 0;
  Digest previous_commit;  // zeros where there is no epoch before
  uint64_t not_before_us = 0, not_after_us = 0;
  uint32_t slots = 0;
};
// `epoch_fields` of the page: public.
Digest HashOf(const EpochFields& fields);

// Whoever holds it opens every group envelope of its epoch and can make content keys; who sealed is proved by
// signatures alone. Gives no forward secrecy within the epoch. Safe from any thread.
class EpochSecret {
 public:
  // The issuer's next secret: unknown to who knows only `previous` (null: none is held) or only `ikm`. Refuses with
  // kInternal an `ikm` that has not 32 bytes; make it with Signer::Hedged("entente/1/epoch-ikm", epoch_fields).
  static absl::StatusOr<EpochSecret> Next(const EpochSecret* previous, const SecretBytes& ikm);
  // As it comes out of a slot or of the keystore. Refuses with kKeystore what has not 32 bytes.
  static absl::StatusOr<EpochSecret> FromBytes(SecretBytes bytes);

  // Public. Two secrets with one commitment need a SHA-256 collision.
  Digest Commitment(const Digest& epoch_fields) const;
  // In constant time. Refuses with kCommit: the issuer gave this member another secret than it announced.
  absl::Status CheckCommitment(const Digest& epoch_fields, const Digest& commitment) const;
  // Public; tells carriers which envelopes are of one epoch, and nothing about the secret. Other fields give another tag.
  RouteTag Tag(const Digest& epoch_fields) const;
  // The content key of the envelope with this salt. Another group, epoch or salt gives another key.
  SecretBytes ContentKey(const GroupId& group, uint64_t epoch, const Digest& msg_salt) const;

  // For slots and the keystore.
  const SecretBytes& bytes() const { return bytes_; }

 private:
  explicit EpochSecret(SecretBytes bytes) : bytes_(std::move(bytes)) {}
  SecretBytes bytes_;
};

}  // namespace entente::crypto
