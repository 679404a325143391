#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "model/json_fault.h"

namespace entente::model {

// The first byte that no strict JSON text can hold where it stands: ill-formed UTF-8, a control character or an open
// end inside a string. Knows only strings, not structure; for texts already known to be faulty.
std::optional<JsonFault> FirstTextFault(ByteView text);

// A fault at the separator that leads to token number `limit` + 1, before anything is built. Counts commas and colons
// outside strings: each has a token of its own behind it. The last word on a text's tokens is the parser's.
std::optional<JsonFault> TooManyTokens(ByteView text, size_t limit);

// Undoes the escapes of a string's content (what stands between its quotes) in place; the result is never longer.
// Refuses unknown escapes and \u escapes that leave a surrogate alone; the offset counts from the content's start.
struct Unescaped {
  size_t size = 0;
  std::optional<JsonFault> fault;
};
Unescaped UnescapeInPlace(char* content, size_t size);

// `text`, UTF-8, as a string of RFC 8785, quotes included, behind `out`.
void AppendCanonicalString(Bytes& out, std::string_view text);

}  // namespace entente::model
