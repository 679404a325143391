#include "crypto/name_uuid.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace entente::crypto {

std::string NameUuid(ByteView space, ByteView name) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool hashed = space.size() == kUuidSize && context != nullptr &&
                      EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), space.data(), space.size()) == 1 &&
                      EVP_DigestUpdate(context.get(), name.data(), name.size()) == 1 &&
                      EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
  if (!hashed) std::abort();  // an id of something else would be worse
  hash[6] = static_cast<unsigned char>((hash[6] & 0x0F) | 0x50);
  hash[8] = static_cast<unsigned char>((hash[8] & 0x3F) | 0x80);
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < kUuidSize; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kHex[hash[i] >> 4]);
    text.push_back(kHex[hash[i] & 0x0F]);
  }
  return text;
}

}  // namespace entente::crypto
