#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"

// Private to crypto/: what a process and the one beside it that has the token say to each other, over a socket pair.
namespace entente::crypto {

// A question or an answer: a length u32 and that many bytes.
inline constexpr size_t kMaxTokenFrame = 272 * 1024;  // the largest message that is signed, and its names

// False, or empty, where the other end is gone, says more than kMaxTokenFrame, or is not done after `patience`.
bool SendFrame(int line, ByteView frame, absl::Duration patience);
std::optional<Bytes> ReceiveFrame(int line, absl::Duration patience);

// kind u8 | length of first u32 | first | second
Bytes EncodeQuestion(char what, ByteView first, ByteView second);
struct Question {
  char what;
  Bytes first, second;
};
std::optional<Question> ReadQuestion(ByteView frame);
// reason u16 | bytes, or a message where the reason is one
Bytes EncodeAnswer(const absl::StatusOr<Bytes>& answer);
absl::StatusOr<Bytes> ReadAnswer(ByteView frame);

}  // namespace entente::crypto
