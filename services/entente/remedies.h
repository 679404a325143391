#pragma once

#include <string_view>

#include "base/reject.h"

namespace entente::cli {

// What the operator can do about `reason`: one or two sentences, for `entente help CODE` and behind every error.
std::string_view RemedyFor(RejectReason reason);

}  // namespace entente::cli
