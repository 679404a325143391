#pragma once

#include <gtest/gtest.h>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "envelope/testing/federation.h"

// What each bit of an envelope's bytes answers when it is flipped: one reason for each place.
namespace entente::envelope::testing {

// Bytes [begin, begin + size); every `stride`th bit is asked for. `hours` are refused with kTime where they are no
// window any more (docs/formats/envelope.md, step 5), and with `reason` where they still are one.
struct Region {
  const char* name;
  size_t begin, size;
  RejectReason reason;
  size_t stride = 1;
  bool hours = false;
};
inline void PrintTo(const Region& region, std::ostream* out) {
  *out << region.name;
}

// Step 5 once more, so that the test does not ask what it tests.
inline bool IsWindow(ByteView wire, absl::Time now) {
  const int64_t created = ReadBigEndian<uint32_t>(wire.substr(24)), expires = ReadBigEndian<uint32_t>(wire.substr(28));
  const int64_t seconds = absl::ToUnixSeconds(now);
  return created * 3600 <= seconds + 600 && expires * 3600 > seconds && created < expires && expires - created <= 336;
}

// `open` answers `whole` with kNone.
inline void ExpectEachBitRefuses(const Bytes& whole, const Region& region, absl::Time now,
                                 absl::FunctionRef<RejectReason(ByteView)> open) {
  ASSERT_EQ(open(whole), RejectReason::kNone);
  ASSERT_LE(region.begin + region.size, whole.size());
  Bytes wire = whole;
  for (size_t bit = region.begin * 8; bit < (region.begin + region.size) * 8; bit += region.stride) {
    const char mask = static_cast<char>(1 << (bit % 8));
    wire[bit / 8] ^= mask;
    const RejectReason expected = region.hours && !IsWindow(wire, now) ? RejectReason::kTime : region.reason;
    ASSERT_EQ(open(wire), expected) << region.name << " bit " << bit;
    wire[bit / 8] ^= mask;
  }
}

}  // namespace entente::envelope::testing
