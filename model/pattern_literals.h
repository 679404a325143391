#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace entente::model {

// The string literals that a STIX pattern compares for equality (=, ==, IN, ISSUBSET, ISSUPERSET), escapes undone, in
// order, at most `limit`. Quoted path steps (hashes.'SHA-256'), negated comparisons, LIKE and MATCHES expressions,
// times and binary literals are left out. Never refuses: it reads what it can of a malformed pattern, in linear time.
std::vector<std::string> PatternLiterals(std::string_view pattern, size_t limit);

}  // namespace entente::model
