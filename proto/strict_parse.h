#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace entente {

// Parses `wire` into `out` as a signed body must be parsed: the whole input is consumed, no singular field occurs twice,
// every field number below 100 is known at every level, enum values are known, and every varint, tag and length is
// minimal. Fields of 100 and above are skipped. Refuses with kParse and leaves `out` cleared. Does not look at meaning.
absl::Status StrictParse(ByteView wire, google::protobuf::Message& out);

}  // namespace entente
