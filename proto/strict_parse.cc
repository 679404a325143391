#include "proto/strict_parse.h"

#include <google/protobuf/descriptor.h>

#include <bitset>
#include <limits>

#include "base/reject.h"
#include "base/utf8.h"

namespace entente {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr size_t kMaxFields = 256;  // of one message type; ours have at most 16
constexpr int kMaxVarintBytes = 10;

enum class Wire : uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

// What the declared type looks like on the wire, unpacked. Groups have no answer.
std::optional<Wire> WireOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_BOOL:
    case FieldDescriptor::TYPE_ENUM:
      return Wire::kVarint;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE:
      return Wire::kFixed64;
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_FLOAT:
      return Wire::kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return Wire::kLength;
    case FieldDescriptor::TYPE_GROUP:
      return std::nullopt;
  }
  return std::nullopt;
}

// Protobuf would cut a wider value down silently: two readers could then see two values in one signed body.
bool FitsType(const FieldDescriptor& field, uint64_t value) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_BOOL:
      return value <= 1;
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_SINT32:
      return value <= std::numeric_limits<uint32_t>::max();
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_ENUM: {
      const auto wide = static_cast<int64_t>(value);
      if (wide != static_cast<int32_t>(wide)) return false;
      return field.enum_type() == nullptr || field.enum_type()->FindValueByNumber(static_cast<int>(wide)) != nullptr;
    }
    default:  // protobuf's enum, not ours: 64-bit varints hold any value
      return true;
  }
}

class Scanner {
 public:
  explicit Scanner(ByteView wire) : rest_(wire) {}

  absl::Status ScanMessage(const Descriptor& type, int depth) {
    if (depth > kMaxWireDepth) return Refuse(type, 0, "nested too deeply");
    std::bitset<kMaxFields> seen, seen_oneofs;
    while (!rest_.empty()) {
      uint64_t tag = 0;
      if (!ReadVarint(tag) || tag > std::numeric_limits<uint32_t>::max()) return Refuse(type, 0, "malformed tag");
      const auto number = static_cast<uint32_t>(tag >> 3);
      const auto wire = static_cast<Wire>(tag & 7);
      const FieldDescriptor* field = number == 0 || number > static_cast<uint32_t>(FieldDescriptor::kMaxNumber)
                                         ? nullptr
                                         : type.FindFieldByNumber(static_cast<int>(number));
      if (field == nullptr) {
        if (number < kFirstOptionalField) return Refuse(type, number, "unknown critical field");
        if (!Skip(wire)) return Refuse(type, number, "malformed optional field");
        continue;
      }
      if (!MarkSeen(*field, seen, seen_oneofs)) return Refuse(type, number, "occurs twice");
      if (absl::Status status = ScanField(*field, wire, depth); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Refuse(const Descriptor& type, uint32_t number, std::string_view what) {
    std::string message = "signed body refused: " + type.full_name();
    if (number != 0) message += " field " + std::to_string(number);
    return Reject(RejectReason::kParse, message + ": " + std::string(what) + "; the sender must encode it anew");
  }

  // False for what may stand once only and stands a second time.
  static bool MarkSeen(const FieldDescriptor& field, std::bitset<kMaxFields>& seen, std::bitset<kMaxFields>& oneofs) {
    if (field.is_repeated()) return true;
    const auto place = static_cast<size_t>(field.index());
    if (place >= kMaxFields || seen.test(place)) return false;
    seen.set(place);
    if (field.real_containing_oneof() == nullptr) return true;
    const auto oneof = static_cast<size_t>(field.real_containing_oneof()->index());
    if (oneofs.test(oneof)) return false;
    oneofs.set(oneof);
    return true;
  }

  absl::Status ScanField(const FieldDescriptor& field, Wire wire, int depth) {
    const Descriptor& type = *field.containing_type();
    const auto number = static_cast<uint32_t>(field.number());
    const std::optional<Wire> declared = WireOf(field.type());
    if (!declared.has_value() || field.is_map()) return Refuse(type, number, "maps and groups are not accepted");
    if (wire == Wire::kLength) {
      ByteView piece;
      if (!ReadLength(piece)) return Refuse(type, number, "malformed length");
      if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
        return Scanner(piece).ScanMessage(*field.message_type(), depth + 1);
      }
      // Checked here because protobuf, which would refuse it as well, writes a log line for each: a peer could flood the log.
      if (field.type() == FieldDescriptor::TYPE_STRING && !IsUtf8(piece)) {
        return Refuse(type, number, "text is not UTF-8");
      }
      if (*declared == Wire::kLength) return absl::OkStatus();
      if (!field.is_packable()) return Refuse(type, number, "wrong wire type");
      Scanner packed(piece);
      while (!packed.rest_.empty()) {
        if (!packed.ReadScalar(field, *declared)) return Refuse(type, number, "malformed packed value");
      }
      return absl::OkStatus();
    }
    if (wire != *declared) return Refuse(type, number, "wrong wire type");
    return ReadScalar(field, wire) ? absl::OkStatus() : Refuse(type, number, "malformed or unknown value");
  }

  bool ReadScalar(const FieldDescriptor& field, Wire wire) {
    if (wire != Wire::kVarint) return Skip(wire);
    uint64_t value = 0;
    return ReadVarint(value) && FitsType(field, value);
  }

  bool Skip(Wire wire) {
    uint64_t value = 0;
    ByteView piece;
    switch (wire) {
      case Wire::kVarint:
        return ReadVarint(value);
      case Wire::kFixed64:
        return Take(8, piece);
      case Wire::kLength:
        return ReadLength(piece);
      case Wire::kFixed32:
        return Take(4, piece);
    }
    return false;  // groups and unassigned wire types
  }

  bool ReadLength(ByteView& piece) {
    uint64_t size = 0;
    return ReadVarint(size) && Take(size, piece);
  }

  bool Take(uint64_t size, ByteView& piece) {
    if (size > rest_.size()) return false;
    piece = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  bool ReadVarint(uint64_t& value) {
    value = 0;
    for (int i = 0; i < kMaxVarintBytes && !rest_.empty(); ++i) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (i == kMaxVarintBytes - 1 && byte > 1) return false;  // beyond 64 bits
      value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) return i == 0 || byte != 0;  // a last group of zero: a shorter form exists
    }
    return false;
  }

  ByteView rest_;
};

}  // namespace

absl::Status StrictParse(ByteView wire, google::protobuf::Message& out) {
  out.Clear();
  if (wire.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return Reject(RejectReason::kParse, "signed body refused: over 2 GiB; the sender must split it");
  }
  if (absl::Status status = Scanner(wire).ScanMessage(*out.GetDescriptor(), 1); !status.ok()) return status;
  if (out.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) return absl::OkStatus();
  out.Clear();
  return Reject(RejectReason::kParse, "signed body refused: " + out.GetDescriptor()->full_name() +
                                          ": a required field is missing; the sender must encode it anew");
}

}  // namespace entente
