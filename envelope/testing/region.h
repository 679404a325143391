#pragma once

#include "absl/time/time.h"
#include "base/bytes.h"

// Step 5 of docs/formats/envelope.md once more, so that a test of flipped hours does not ask what it tests.
namespace entente::envelope::testing {

inline bool IsWindow(ByteView wire, absl::Time now) {
  const int64_t created = ReadBigEndian<uint32_t>(wire.substr(24)), expires = ReadBigEndian<uint32_t>(wire.substr(28));
  const int64_t seconds = absl::ToUnixSeconds(now);
  return created * 3600 <= seconds + 600 && expires * 3600 > seconds && created < expires && expires - created <= 336;
}

}  // namespace entente::envelope::testing
