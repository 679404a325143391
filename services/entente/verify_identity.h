#pragma once

#include <string>

#include "services/entente/verify_report.h"

namespace entente::cli {

// A card, or an identity chain: each document by itself, and each as the one behind the version before it.
Report CheckIdentity(const std::string& text, absl::Time at);

}  // namespace entente::cli
