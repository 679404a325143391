#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"

// Private to crypto/: files that hold secrets. All refuse with kKeystore and name the path and what to do.
namespace entente::crypto {

// The whole file, in guarded memory. Refuses what group or others may read or write, and more than `limit` bytes.
absl::StatusOr<SecretBytes> ReadPrivateFile(const std::string& path, size_t limit);

enum class Existing { kRefuse, kReplace };
// Mode 0600, and all or nothing: a temporary file beside `path`, fsync, rename, fsync of the folder.
absl::Status WritePrivateFile(const std::string& path, ByteView bytes, Existing existing);

}  // namespace entente::crypto
