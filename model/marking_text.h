#pragma once

#include <cstddef>
#include <string_view>

namespace entente::model {

// A longer statement is not read, so nobody knows that it restricts nothing.
inline constexpr size_t kMaxStatementText = 64u << 10;

// Whether free text spells a TLP or PAP level, however it is dressed: case, spaces, punctuation, invisible characters,
// fullwidth and other letter forms, letters of other scripts that look the same, "Traffic Light Protocol", fused words.
// Errs on the side of yes where a level stands next to the protocol's name; a text that only speaks of the protocol, or
// only of a colour, does not. True for text over kMaxStatementText. Linear in the text.
bool SpellsALevel(std::string_view text);

}  // namespace entente::model
