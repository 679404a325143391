#pragma once

#include <p11-kit/uri.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

// Private to crypto/: the URI of a token reference, parsed.
namespace entente::crypto {

struct FreeUri {
  void operator()(P11KitUri* uri) const { p11_kit_uri_free(uri); }
};
using TokenUri = std::unique_ptr<P11KitUri, FreeUri>;

// Refuses with kKeystore, see ReadTokenReference.
absl::StatusOr<TokenUri> ParseTokenUri(const std::string& text);

}  // namespace entente::crypto
