#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace entente::model {

// `text` with every byte that could act on a terminal, a log or a reader's eyes made visible: control characters, DEL,
// invalid UTF-8, bidirectional, zero-width and other invisible format characters become \x.. or \u{..}; a backslash
// doubles. Cut at `limit` bytes with "..." behind. All received text passes here before anybody sees it.
std::string Escaped(std::string_view text, size_t limit = 512);

inline constexpr size_t kMaxWordBytes = 64;
// 1 to 64 printable ASCII characters without a space: sectors, purposes, names of exercises.
bool IsWord(std::string_view text);

// The candidate nearest to `word` by edit distance, or empty when none is near enough to be meant.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace entente::model
