#pragma once

#include <string>
#include <string_view>

#include "services/entente/verify_report.h"

namespace entente::cli {

inline constexpr std::string_view kPrekeyArmour = "PREKEY", kEvidenceArmour = "EVIDENCE";

// A card, or an identity chain: each document by itself, and each as the one behind the version before it.
Report CheckIdentity(const std::string& text, absl::Time at);
// An armoured prekey, by the card of its owner.
Report CheckPrekeyFile(const std::string& text, const Cards& cards, absl::Time at);

}  // namespace entente::cli
