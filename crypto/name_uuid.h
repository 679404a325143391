#pragma once

#include <string>

#include "base/bytes.h"

namespace entente::crypto {

inline constexpr size_t kUuidSize = 16;

// A UUID of version 5 (RFC 9562, 5.5) in text: SHA-1 over the namespace and the name. The same name gives the same id.
// Where the namespace is public who guesses the name knows that the id is its; where it is a secret of 16 random bytes
// nobody else can tell which name an id is of. Nothing is authenticated by it. REQUIRES space.size() == kUuidSize.
std::string NameUuid(ByteView space, ByteView name);

}  // namespace entente::crypto
