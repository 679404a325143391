#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

// Text forms of bytes, by libsodium's codecs.
namespace entente::crypto {

std::string ToHex(ByteView bytes);
// Lower or upper case; separators '-', ':', ' ' are skipped. Refuses with kUsage.
absl::StatusOr<Bytes> FromHex(ByteView text);
std::string ToBase64(ByteView bytes);
// Standard alphabet, padded; line breaks are skipped. Refuses with kUsage.
absl::StatusOr<Bytes> FromBase64(ByteView text);
// An organisation's fingerprint as people compare it: 64 hex digits in groups of four, separated by '-'.
std::string ToFingerprint(const OrgId& org);
absl::StatusOr<OrgId> FromFingerprint(ByteView text);

}  // namespace entente::crypto
