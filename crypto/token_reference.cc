#include "crypto/token_reference.h"

#include <algorithm>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/token_uri.h"

namespace entente::crypto {
namespace {

absl::Status Refuse(const std::string& why) {
  return Reject(RejectReason::kKeystore, "the PKCS#11 URI of a signing key " + why +
                                             "; write it as pkcs11:token=NAME;object=KEY, see `p11tool --list-all`");
}

bool HasText(const unsigned char* padded, size_t size) {
  return std::any_of(padded, padded + size, [](unsigned char c) { return c != ' ' && c != 0; });
}

bool NamesAToken(P11KitUri* uri) {
  const CK_TOKEN_INFO* token = p11_kit_uri_get_token_info(uri);
  return HasText(token->label, sizeof(token->label)) || HasText(token->serialNumber, sizeof(token->serialNumber));
}

// An empty name would match every object of the token.
bool NamesAKey(P11KitUri* uri) {
  const auto given = [&](CK_ATTRIBUTE_TYPE type) {
    const CK_ATTRIBUTE* attribute = p11_kit_uri_get_attribute(uri, type);
    return attribute != nullptr && attribute->ulValueLen > 0;
  };
  return given(CKA_LABEL) || given(CKA_ID);
}

bool IsOfAPrivateKey(P11KitUri* uri) {
  const CK_ATTRIBUTE* type = p11_kit_uri_get_attribute(uri, CKA_CLASS);
  return type == nullptr || *static_cast<const CK_OBJECT_CLASS*>(type->pValue) == CKO_PRIVATE_KEY;
}

}  // namespace

absl::StatusOr<TokenUri> ParseTokenUri(const std::string& text) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (text.empty() || text.size() > kMaxTokenUri) return Refuse("has not 1 to 1024 characters");
  if (!std::all_of(text.begin(), text.end(), printable)) return Refuse("has characters that are not ASCII");
  // PINs and paths of modules stand behind it. A module is what the machine is configured with, never what a URI names.
  if (text.find('?') != std::string::npos)
    return Refuse("has a query part (`?`); nothing is taken from one, least of all a PIN");
  TokenUri uri(p11_kit_uri_new());
  if (!uri || p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.get()) != P11_KIT_URI_OK) {
    return Refuse("is malformed");
  }
  if (p11_kit_uri_get_pin_value(uri.get()) != nullptr || p11_kit_uri_get_pin_source(uri.get()) != nullptr) {
    return Refuse("holds a PIN; a PIN belongs into the keystore or into a file of its own");
  }
  if (p11_kit_uri_any_unrecognized(uri.get()) != 0) return Refuse("has attributes that are not understood");
  if (!NamesAToken(uri.get())) return Refuse("names no token, by `token` or `serial`");
  if (!NamesAKey(uri.get())) return Refuse("names no key, by `object` or `id`");
  if (!IsOfAPrivateKey(uri.get())) return Refuse("names another object than a private key");
  return uri;
}

absl::StatusOr<Bytes> EncodeTokenReference(const TokenReference& reference) {
  Bytes value = reference.key_id.str() + reference.public_key + reference.uri;
  const absl::StatusOr<TokenReference> read = ReadTokenReference(value);
  if (!read.ok()) return read.status();
  if (read->uri != reference.uri) return Reject(RejectReason::kKeystore, "a public key in a token has 32 bytes");
  return value;
}

absl::StatusOr<TokenReference> ReadTokenReference(ByteView value) {
  constexpr size_t kUriAt = KeyId::kSize + kPublicKeySize;
  if (value.size() <= kUriAt) {
    return Reject(RejectReason::kKeystore, "the keystore's reference to a token is cut off; restore a backup");
  }
  TokenReference reference{*KeyId::From(value.substr(0, KeyId::kSize)),
                           Bytes(value.substr(KeyId::kSize, kPublicKeySize)), std::string(value.substr(kUriAt))};
  const absl::StatusOr<TokenUri> uri = ParseTokenUri(reference.uri);
  if (!uri.ok()) return uri.status();
  return reference;
}

}  // namespace entente::crypto
