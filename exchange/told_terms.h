#pragma once

#include <string>
#include <vector>

#include "exchange/exchange.h"

namespace entente::exchange {

// What something is published under beside the labels of its objects, a line for each restriction that is set, with
// organisations and groups by name: "addressees: cert.estovia". Every field that this version knows is
// told. Private to exchange.
std::vector<std::string> ToldTerms(const Room& room, const v1::ReleaseConstraints& terms, const std::string& source);

}  // namespace entente::exchange
