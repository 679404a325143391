#pragma once

#include <cstddef>
#include <cstdint>

// Private to envelope/: bounds of docs/formats/statement.md that callers need not know.
namespace entente::envelope {

inline constexpr int64_t kMaxTimeUs = 253'402'300'799'999'999;  // the end of the year 9999
// One statement body: room for a full audience, as many addressees and all lists. Bounds what parsing one may allocate.
inline constexpr size_t kMaxBodyBytes = 128 * 1024;
// A batch's or seal's body, which have a fixed form and room for optional fields.
inline constexpr size_t kMaxSignedBytes = 16 * 1024;

// Random bytes that make two statements with the same words different.
inline constexpr size_t kMessageIdSize = 16;

}  // namespace entente::envelope
