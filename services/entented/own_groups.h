#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "crypto/signer.h"
#include "exchange/groups.h"
#include "trust/identity_chain.h"

// This node in its groups: what it signs membership documents with, and what its journal has of them.
namespace entente::node {

inline constexpr char kAdminFamily[] = "admin/";  // of the names of such keys in the keystore
std::string AdminSecretName(const KeyId& id);
// The latest group admin key of the newest document that counts at `now` and is in the keystore. Null when there is none; refuses with
// kKeystore a secret that is no key.
absl::StatusOr<std::shared_ptr<const crypto::Signer>> AdminKeyOf(const crypto::Keystore& keystore, const trust::IdentityHistory& history,
                                                                 absl::Time now);

// The journeys of groups over `room`, with what is on file. What no longer checks is left out, with a line in the log. Refuses
// as AdminKeyOf, and with the store's faults.
absl::StatusOr<std::unique_ptr<exchange::Groups>> OpenGroups(const exchange::Room& room, const crypto::Keystore& keystore);

}  // namespace entente::node
