#include "envelope/header.h"

#include <algorithm>
#include <bit>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/envelope.h"

namespace entente::envelope {
namespace {

static_assert(absl::Hours(kEnvelopeHours) == kEnvelopeLifetime);

constexpr int64_t kSecondsPerHour = 3600;

// Hands out the fixed-width fields of a header one after the other.
class Fields {
 public:
  explicit Fields(ByteView bytes) : rest_(bytes) {}
  ByteView Take(size_t size) {
    const ByteView taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <typename T>
  T Number() {
    return ReadBigEndian<T>(Take(sizeof(T)));
  }
  template <typename Id>
  Id Fixed() {
    return *Id::From(Take(Id::kSize));
  }

 private:
  ByteView rest_;
};

}  // namespace

Bytes EncodeHeader(const Header& header) {
  Bytes out(kMagic);
  out.reserve(kHeaderSize);
  AppendBigEndian(out, crypto::kSuite);
  out.push_back(static_cast<char>(header.mode));
  out.push_back('\0');
  out.append(header.id.view());
  AppendBigEndian(out, header.created_hour);
  AppendBigEndian(out, header.expires_hour);
  out.append(header.route_tag.view());
  out.append(header.msg_salt.view());
  AppendBigEndian(out, header.slots);
  out.push_back(static_cast<char>(header.size_class));
  return out;
}

absl::StatusOr<Frame> ParseFrame(ByteView wire, uint32_t min_suite) {
  if (wire.size() > kMaxEnvelopeBytes) return Reject(RejectReason::kLimit, "an envelope has at most 64 MiB");
  if (wire.size() < kHeaderSize) return Reject(RejectReason::kHeader, "too short for an envelope");
  Frame frame;
  frame.core = wire.substr(0, kHeaderSize);
  Fields fields(frame.core);
  if (fields.Take(kMagic.size()) != kMagic)
    return Reject(RejectReason::kHeader, "no envelope of version 1: wrong magic");
  if (fields.Number<uint16_t>() != crypto::kSuite) return Reject(RejectReason::kSuite, "only suite 1 is accepted");
  if (crypto::kSuite < min_suite) {
    return Reject(RejectReason::kSuite,
                  "this organisation's own identity document takes no suite 1, the only one that this version opens; install a newer version");
  }
  frame.header.mode = fields.Number<uint8_t>();
  if (frame.header.mode != kDirectMode && frame.header.mode != kGroupMode) {
    return Reject(RejectReason::kHeader, "neither direct nor group mode; the sender runs other software");
  }
  if (fields.Number<uint8_t>() != 0) return Reject(RejectReason::kHeader, "unknown flags are set");
  frame.header.id = fields.Fixed<EnvelopeId>();
  frame.header.created_hour = fields.Number<uint32_t>();
  frame.header.expires_hour = fields.Number<uint32_t>();
  frame.header.route_tag = fields.Fixed<RouteTag>();
  frame.header.msg_salt = fields.Fixed<Digest>();
  frame.header.slots = fields.Number<uint16_t>();
  frame.header.size_class = fields.Number<uint8_t>();
  const bool direct = frame.header.mode == kDirectMode;
  if (direct ? frame.header.slots == 0 || frame.header.slots > kMaxSlots : frame.header.slots != 0) {
    return Reject(RejectReason::kHeader, "a direct envelope has 1 to 1000 slots, one for a group has none");
  }
  const size_t slots_size = frame.header.slots * kSlotSize;
  if (wire.size() < kHeaderSize + slots_size + Digest::kSize + crypto::kTagSize) {
    return Reject(RejectReason::kHeader, "shorter than the slots that its header announces");
  }
  frame.slots = wire.substr(kHeaderSize, slots_size);
  frame.commitment = wire.substr(kHeaderSize + slots_size, Digest::kSize);
  frame.chunks = wire.substr(kHeaderSize + slots_size + Digest::kSize);
  return frame;
}

absl::Status CheckHours(const Header& header, absl::Time now) {
  const absl::Time created = StartOf(header.created_hour), expires = StartOf(header.expires_hour);
  if (created > now + kClockSkew)
    return Reject(RejectReason::kTime, "sealed in the future; compare both nodes' clocks");
  if (expires <= now) return Reject(RejectReason::kTime, "the envelope has expired");
  if (header.expires_hour <= header.created_hour || header.expires_hour - header.created_hour > kEnvelopeHours) {
    return Reject(RejectReason::kTime, "an envelope lives for 1 to 336 hours");
  }
  return absl::OkStatus();
}

Slot SlotAt(ByteView slots, size_t index) {
  const ByteView slot = slots.substr(index * kSlotSize, kSlotSize);
  return {*PrekeyId::From(slot.substr(0, PrekeyId::kSize)), slot};
}

Digest HeaderHash(ByteView core) {
  return crypto::LabeledHash("entente/1/h0", {core});
}

Digest CoreHash(const Digest& h0, ByteView slots) {
  if (slots.empty()) return crypto::LabeledHash("entente/1/core", {h0.view(), Digest().view()});
  std::vector<ByteView> leaves;
  for (size_t at = 0; at < slots.size(); at += kSlotSize) leaves.push_back(slots.substr(at, kSlotSize));
  const Digest slots_root = crypto::TreeHash(leaves);
  return crypto::LabeledHash("entente/1/core", {h0.view(), slots_root.view()});
}

Bytes WrapInfo(const Digest& h0, const OrgId& recipient, const PrekeyId& prekey, ByteView prekey_public_key) {
  return crypto::SlotInfo("entente/1/wrap", h0, recipient, prekey, prekey_public_key);
}

uint32_t HourOf(absl::Time time) {
  return static_cast<uint32_t>(std::clamp<int64_t>(absl::ToUnixSeconds(time) / kSecondsPerHour, 0, UINT32_MAX));
}

absl::Time StartOf(uint32_t hour) {
  return absl::FromUnixSeconds(hour * kSecondsPerHour);
}

uint8_t SizeClass(size_t padded) {
  return static_cast<uint8_t>(std::bit_width(padded) - 1);
}

}  // namespace entente::envelope
