#pragma once

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"

// Private to envelope/.
namespace entente::envelope {

// Parses a payload strictly, after its counts and sizes were checked on the bytes: a repeated field of empty elements
// would otherwise allocate a hundred times what it weighs. Refuses with kParse, kLimit, kSeal (none).
absl::StatusOr<v1::Payload> ReadPayload(ByteView bytes);

}  // namespace entente::envelope
