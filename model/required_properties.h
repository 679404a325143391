#pragma once

#include <set>
#include <string>
#include <string_view>

#include "model/json.h"

namespace entente::model {

// Why `object`, of this type, would be none of STIX 2.1 without the properties that are `gone`: a phrase; empty where
// they may be absent. Of types that STIX does not define only what every object has is known. Never permits what a copy
// could say less strictly without: its markings, that it was revoked.
std::string WhyNotWithout(std::string_view type, const JsonValue& object,
                          const std::set<std::string, std::less<>>& gone);

}  // namespace entente::model
