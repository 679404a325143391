#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

// Where a signing key is that lives in a token (docs/formats/keystore.md, "Keys in a token"). No secret in it.
namespace entente::crypto {

inline constexpr size_t kMaxTokenUri = 1024;

struct TokenReference {
  KeyId key_id;
  Bytes public_key;  // 32, as enrolled
  std::string uri;   // PKCS#11 URI (RFC 7512): `token` or `serial`, and `object` or `id`
};

// The value stored under "hsm/". Refuses as ReadTokenReference does.
absl::StatusOr<Bytes> EncodeTokenReference(const TokenReference& reference);
// Refuses with kKeystore: a malformed URI, one that names no token or no key, attributes that are not understood, and a
// query part, where PINs and paths of modules stand (the URI is not repeated). Does not ask whether key_id is that of
// the key: its usage is not known here.
absl::StatusOr<TokenReference> ReadTokenReference(ByteView value);

}  // namespace entente::crypto
