#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "entente/v1/identity.pb.h"

namespace entente::trust {

inline constexpr size_t kMaxCardBytes = 128 * 1024;

// The armoured text of a card: "-----BEGIN ENTENTE CARD-----", base64 lines of 64, "-----END ENTENTE CARD-----".
std::string ArmourCard(const v1::Card& card);
// Strict: one card, nothing but white space around it, version 1, address "" or host:port. Refuses with kIdentity.
// Does not check signatures: Identity::Check does.
absl::StatusOr<v1::Card> ReadCard(const std::string& text);

}  // namespace entente::trust
