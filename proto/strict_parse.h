#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace entente {

// Messages nested deeper than this refuse; our own nest three levels.
inline constexpr int kMaxWireDepth = 16;
// Field numbers from here on are optional extensions: an unknown one is skipped. Below, an unknown one refuses.
inline constexpr int kFirstOptionalField = 100;

// Parses `wire` into `out` as a signed body must be parsed: the whole input is consumed, no singular field and no
// member of a oneof occurs twice, every field number below 100 is known at every level and has its declared wire type,
// enum values are known, integers fit their type, text is UTF-8, and every varint, tag and length is minimal. A default
// value may stand on the wire. Maps and groups have no place in a signed body. Refuses with kParse and leaves `out`
// cleared. Does not look at meaning. Writes no log.
absl::Status StrictParse(ByteView wire, google::protobuf::Message& out);

}  // namespace entente
