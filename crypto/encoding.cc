#include "crypto/encoding.h"

#include <sodium.h>

#include "base/reject.h"
#include "crypto/octets.h"

namespace entente::crypto {
namespace {

constexpr size_t kGroup = 4;

// libsodium's decoders skip NUL along with the separators they are told to skip.
bool HoldsNul(ByteView text) {
  return text.find('\0') != ByteView::npos;
}

}  // namespace

std::string ToHex(ByteView bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), Octets(bytes), bytes.size());
  text.pop_back();
  return text;
}

absl::StatusOr<Bytes> FromHex(ByteView text) {
  Bytes bytes(text.size() / 2, '\0');
  size_t size = 0;
  const char* end = nullptr;
  if (HoldsNul(text) ||
      sodium_hex2bin(Octets(bytes), bytes.size(), text.data(), text.size(), "-: ", &size, &end) != 0 ||
      end != text.data() + text.size()) {
    return Reject(RejectReason::kUsage,
                  "not hexadecimal: expected pairs of 0-9, a-f, separated by nothing, '-', ':' or ' '");
  }
  bytes.resize(size);
  return bytes;
}

std::string ToBase64(ByteView bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), Octets(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

absl::StatusOr<Bytes> FromBase64(ByteView text) {
  Bytes bytes(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  const char* end = nullptr;
  if (HoldsNul(text) ||
      sodium_base642bin(Octets(bytes), bytes.size(), text.data(), text.size(), "\r\n", &size, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size()) {
    return Reject(RejectReason::kUsage, "not base64: expected the standard alphabet with padding");
  }
  bytes.resize(size);
  return bytes;
}

std::string ToFingerprint(const OrgId& org) {
  const std::string hex = ToHex(org.view());
  std::string text;
  for (size_t i = 0; i < hex.size(); i += kGroup) text.append(i == 0 ? "" : "-").append(hex, i, kGroup);
  return text;
}

absl::StatusOr<OrgId> FromFingerprint(ByteView text) {
  const absl::StatusOr<Bytes> bytes = FromHex(text);
  const std::optional<OrgId> org = bytes.ok() ? OrgId::From(*bytes) : std::nullopt;
  if (!org) return Reject(RejectReason::kUsage, "not a fingerprint: expected 64 hex digits, in groups of four or not");
  return *org;
}

}  // namespace entente::crypto
