#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace entente::node {

// Writes a new file of mode 0600 and syncs it. Refuses with kConflict when `path` exists, with kStoreIo otherwise.
absl::Status WriteNewFile(const std::string& path, ByteView bytes);
// At most `limit` bytes, or kStoreIo; a longer file is refused, not cut.
absl::StatusOr<Bytes> ReadWholeFile(const std::string& path, size_t limit);
// Makes the names in `folder` durable.
absl::Status SyncFolder(const std::string& folder);

}  // namespace entente::node
