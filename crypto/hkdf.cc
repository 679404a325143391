#include <sodium.h>

#include "crypto/primitives.h"

namespace entente::crypto {

Wiped<kKeySize> HkdfExtract(ByteView salt, std::initializer_list<ByteView> input) {
  static_assert(crypto_kdf_hkdf_sha256_KEYBYTES == kKeySize);
  crypto_kdf_hkdf_sha256_state state;
  crypto_kdf_hkdf_sha256_extract_init(&state, Octets(salt), salt.size());
  for (ByteView part : input) crypto_kdf_hkdf_sha256_extract_update(&state, Octets(part), part.size());
  Wiped<kKeySize> prk;
  crypto_kdf_hkdf_sha256_extract_final(&state, prk.data());
  WipeMemory(&state, sizeof(state));
  return prk;
}

bool HkdfExpand(ByteView prk, ByteView info, std::span<uint8_t> out) {
  if (prk.size() != kKeySize || out.empty() || out.size() > kHkdfMaxOutput) return false;
  const char* context = reinterpret_cast<const char*>(Octets(info));
  return crypto_kdf_hkdf_sha256_expand(out.data(), out.size(), context, info.size(), Octets(prk)) == 0;
}

Bytes ExpandInfo(ByteView label, ByteView context) {
  Bytes info;
  info.reserve(label.size() + 3 + context.size());
  info.append(label).push_back(0);
  AppendBigEndian<uint16_t>(info, kSuite);
  return info.append(context);
}

}  // namespace entente::crypto
