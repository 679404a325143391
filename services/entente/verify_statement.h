#pragma once

#include <string>

#include "services/entente/verify_documents.h"
#include "services/entente/verify_report.h"

namespace entente::cli {

// An armoured proof of one statement. One that is for a group is checked with `groups`.
Report CheckStatement(const std::string& text, const Cards& cards, GivenGroups& groups, absl::Time at);

}  // namespace entente::cli
