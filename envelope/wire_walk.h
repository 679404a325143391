#pragma once

#include <array>
#include <functional>
#include <optional>

#include "base/bytes.h"

// Private to envelope/: a look at Protobuf bytes before anything is built from them or believed of them.
namespace entente::envelope {

struct WireField {
  uint32_t number = 0;
  ByteView bytes;       // of a length-delimited field, in the wire
  uint64_t varint = 0;  // of a varint field
  size_t value_at = 0, end = 0;  // where its value begins, behind tag and length, and ends in the wire
};
// Calls `visit` for each field of one level, in order, until it answers false. False then, and when `wire` is
// malformed.
bool WalkFields(ByteView wire, const std::function<bool(const WireField&)>& visit);

// The fields of one level that are numbered below 20; of those that occur twice, the last.
struct LowFields {
  std::array<WireField, 20> at{};
};
std::optional<LowFields> ReadLowFields(ByteView wire);

}  // namespace entente::envelope
