#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "crypto/slot.h"

// The clear bytes in front of an envelope's chunks (docs/formats/envelope.md). For envelope/, its hostile maker, and
// who tells what anybody can read of an envelope.
namespace entente::envelope {

inline constexpr ByteView kMagic = "ENT1";
inline constexpr uint8_t kDirectMode = 1, kGroupMode = 2;
inline constexpr size_t kHeaderSize = 83;
using crypto::kSlotSize;
inline constexpr uint32_t kEnvelopeHours = 336;

// What may differ between two envelopes of this version; magic, suite and flags may not.
struct Header {
  uint8_t mode = kDirectMode;
  EnvelopeId id;
  uint32_t created_hour = 0, expires_hour = 0;
  RouteTag route_tag;  // of the epoch in group mode, else of no meaning
  Digest msg_salt;
  uint16_t slots = 0;  // none in group mode
  uint8_t size_class = 0;
};
Bytes EncodeHeader(const Header& header);

// An envelope cut into its parts, nothing decrypted. All views point into the wire.
struct Frame {
  Header header;
  ByteView core, slots, commitment, chunks;
};
// Refuses with kLimit, kHeader, and kSuite for another suite than 1 or where `min_suite`, the lowest that its reader takes,
// is higher. Reads no more than header, slots and commitment.
absl::StatusOr<Frame> ParseFrame(ByteView wire, uint32_t min_suite = crypto::kSuite);
// Refuses with kTime: from the future, expired, or longer-lived than 336 hours.
absl::Status CheckHours(const Header& header, absl::Time now);

struct Slot {
  PrekeyId prekey;
  ByteView bytes;  // all of it
};
// REQUIRES index < slots.size() / kSlotSize.
Slot SlotAt(ByteView slots, size_t index);

Digest HeaderHash(ByteView core);
Digest CoreHash(const Digest& h0, ByteView slots);  // `slots` empty in group mode
Bytes WrapInfo(const Digest& h0, const OrgId& recipient, const PrekeyId& prekey, ByteView prekey_public_key);

uint32_t HourOf(absl::Time time);
absl::Time StartOf(uint32_t hour);
// floor(log2(padded)). REQUIRES padded > 0.
uint8_t SizeClass(size_t padded);

}  // namespace entente::envelope
