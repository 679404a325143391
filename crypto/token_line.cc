#include "crypto/token_line.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "absl/time/clock.h"
#include "base/reject.h"
#include "crypto/octets.h"
#include "crypto/primitives.h"

namespace entente::crypto {
namespace {

// Waits until `line` can be read or written; false after `deadline`.
bool Await(int line, short event, absl::Time deadline) {
  for (;;) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    pollfd one{line, event, 0};
    const int64_t wait = std::min<int64_t>(absl::ToInt64Milliseconds(left) + 1, std::numeric_limits<int>::max());
    const int ready = poll(&one, 1, static_cast<int>(wait));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// Moves `size` bytes by `move`, which is asked for the next ones behind `done`.
template <typename Move>
bool MoveAll(int line, short event, size_t size, absl::Time deadline, Move move) {
  size_t done = 0;
  while (done < size) {
    if (!Await(line, event, deadline)) return false;
    const ssize_t moved = move(done);
    if (moved < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (moved <= 0) return false;
    done += static_cast<size_t>(moved);
  }
  return true;
}

bool ReceiveAll(int line, Bytes& out, absl::Time deadline) {
  return MoveAll(line, POLLIN, out.size(), deadline,
                 [&](size_t done) { return recv(line, out.data() + done, out.size() - done, MSG_DONTWAIT); });
}

}  // namespace

bool SendFrame(int line, ByteView frame, absl::Duration patience) {
  Bytes bytes;
  AppendBigEndian(bytes, static_cast<uint32_t>(frame.size()));
  bytes.append(frame);
  const bool sent =
      frame.size() <= kMaxTokenFrame && MoveAll(line, POLLOUT, bytes.size(), absl::Now() + patience, [&](size_t done) {
        return send(line, bytes.data() + done, bytes.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
      });
  Wipe(bytes);
  return sent;
}

std::optional<Bytes> ReceiveFrame(int line, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  Bytes length(sizeof(uint32_t), '\0');
  if (!ReceiveAll(line, length, deadline)) return std::nullopt;
  const auto size = ReadBigEndian<uint32_t>(length);
  if (size > kMaxTokenFrame) return std::nullopt;
  Bytes frame(size, '\0');
  if (!ReceiveAll(line, frame, deadline)) return std::nullopt;
  return frame;
}

Bytes EncodeQuestion(char what, ByteView first, ByteView second) {
  Bytes frame(1, what);
  AppendBigEndian(frame, static_cast<uint32_t>(first.size()));
  return frame.append(first).append(second);
}

std::optional<Question> ReadQuestion(ByteView frame) {
  constexpr size_t kFront = 1 + sizeof(uint32_t);
  if (frame.size() < kFront) return std::nullopt;
  const auto size = ReadBigEndian<uint32_t>(frame.substr(1));
  if (size > frame.size() - kFront) return std::nullopt;
  return Question{frame.front(), Bytes(frame.substr(kFront, size)), Bytes(frame.substr(kFront + size))};
}

Bytes EncodeAnswer(const absl::StatusOr<Bytes>& answer) {
  Bytes frame;
  AppendBigEndian(frame, static_cast<uint16_t>(answer.ok() ? RejectReason::kNone : ReasonOf(answer.status())));
  return answer.ok() ? frame + *answer : frame + Bytes(answer.status().message());
}

absl::StatusOr<Bytes> ReadAnswer(ByteView frame) {
  if (frame.size() < sizeof(uint16_t)) return Reject(RejectReason::kHsm, "the token's process answers nothing");
  const auto reason = static_cast<RejectReason>(ReadBigEndian<uint16_t>(frame));
  frame.remove_prefix(sizeof(uint16_t));
  if (reason == RejectReason::kNone) return Bytes(frame);
  return Reject(reason, std::string(frame));
}

}  // namespace entente::crypto
