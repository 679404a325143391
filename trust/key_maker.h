#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/crypto.h"
#include "trust/identity_chain.h"

// An organisation's own documents, for whoever holds its root keys.
namespace entente::trust {

inline constexpr absl::Duration kIdentityLifetime = absl::Hours(24 * 365 * 2);
// How long a replaced statement key goes on beside the new one: peers that are away learn of it in time.
inline constexpr absl::Duration kKeyOverlap = absl::Hours(24 * 14);

// Makes version 1 of an organisation: one root key (threshold 1) and one statement key, both proving possession.
// Refuses what Identity::Check would refuse.
absl::StatusOr<v1::SignedIdentity> MakeIdentity(const std::string& name, const crypto::SigningKey& root,
                                                const crypto::SigningKey& statement, absl::Time now);

// A key that the next version enrols. Borrowed; it signs to show that its owner holds it.
struct NewKey {
  v1::KeyUsage usage = v1::KEY_USAGE_UNSPECIFIED;
  const crypto::Signer* key = nullptr;
};
// What the next version changes; everything else stays as it is.
struct IdentityChange {
  std::vector<NewKey> add;
  std::vector<v1::Revocation> revoke;
  std::optional<uint32_t> root_threshold;
  std::optional<std::string> name;
  // Prekeys of class offline from here on, for material up to this label; LABEL_UNSPECIFIED: none any more.
  std::optional<v1::Label> offline;
};

// A key that is replaced and stands for what it signed before `cutoff`, or was stolen and stands for what others dated
// before it. A root key leaves by either.
v1::Revocation Supersede(const KeyId& key, absl::Time cutoff);
v1::Revocation Compromise(const KeyId& key, absl::Time cutoff);
// Rotation of the statement key: `fresh` comes, and each that is not revoked goes kKeyOverlap from `now` or with its
// own end.
IdentityChange Rotation(const IdentityHistory& history, const crypto::Signer& fresh, absl::Time now);

// Makes the version after history's newest, issued at `now` and valid for kIdentityLifetime. Keys that have ended or are
// revoked leave it; a superseded one stays until its cut-off. `roots` are root keys of the newest version; the thresholds
// of both versions must be among them and the new keys. Refuses what history.Extend would refuse.
absl::StatusOr<v1::SignedIdentity> MakeNext(const IdentityHistory& history, const IdentityChange& change,
                                            std::span<const crypto::SigningKey* const> roots, absl::Time now);

}  // namespace entente::trust
