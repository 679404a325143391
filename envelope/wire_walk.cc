#include "envelope/wire_walk.h"

#include <google/protobuf/io/coded_stream.h>

namespace entente::envelope {
namespace {

using google::protobuf::io::CodedInputStream;

constexpr uint32_t kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5;  // wire types; groups are malformed

bool ReadValue(CodedInputStream& in, ByteView wire, uint32_t type, WireField& field) {
  uint32_t size = 0;
  field.value_at = static_cast<size_t>(in.CurrentPosition());
  switch (type) {
    case kVarint:
      return in.ReadVarint64(&field.varint);
    case kFixed64:
      return in.Skip(8);
    case kFixed32:
      return in.Skip(4);
    case kLengthDelimited: {
      if (!in.ReadVarint32(&size)) return false;
      const auto at = static_cast<size_t>(in.CurrentPosition());
      if (size > wire.size() - at) return false;
      field.bytes = wire.substr(at, size);
      field.value_at = at;
      return in.Skip(static_cast<int>(size));
    }
  }
  return false;
}

}  // namespace

bool WalkFields(ByteView wire, const std::function<bool(const WireField&)>& visit) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(wire.data()), static_cast<int>(wire.size()));
  while (static_cast<size_t>(in.CurrentPosition()) < wire.size()) {
    const uint32_t tag = in.ReadTag();
    WireField field;
    field.number = tag >> 3;
    if (tag == 0 || !ReadValue(in, wire, tag & 7, field)) return false;
    field.end = static_cast<size_t>(in.CurrentPosition());
    if (!visit(field)) return false;
  }
  return true;
}

std::optional<LowFields> ReadLowFields(ByteView wire) {
  LowFields fields;
  const bool whole = WalkFields(wire, [&](const WireField& field) {
    if (field.number < fields.at.size()) fields.at[field.number] = field;
    return true;
  });
  return whole ? std::optional(fields) : std::nullopt;
}

}  // namespace entente::envelope
