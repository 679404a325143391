#include "model/chunked_input.h"

namespace entente::model {
namespace {

constexpr size_t kChunkBytes = 64u << 10;

bool IsJsonSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

void Capture::Append(ByteView bytes) {
  if (over_) return;
  if (bytes.size() > limit_ - bytes_.size()) return Lower(0);
  // Doubling would overshoot the limit at the end; near it, the limit itself is reserved.
  const size_t needed = bytes_.size() + bytes.size();
  if (needed > bytes_.capacity() && needed > limit_ / 2) bytes_.reserve(limit_);
  bytes_.append(bytes);
}

void Capture::Lower(size_t limit) {
  limit_ = limit;
  if (bytes_.size() <= limit && limit > 0) return;
  over_ = true;
  bytes_ = Bytes();
}

ByteView ChunkedInput::Ahead() {
  if (at_ == size_ && !ended_) {
    chunk_.resize(kChunkBytes);
    at_ = size_ = 0;
    const auto got = source_(chunk_.data(), chunk_.size());
    if (!got.ok()) {
      status_ = got.status();
    } else if (*got > chunk_.size()) {
      status_ = Reject(RejectReason::kInternal, "a source filled more than it was given");
    } else {
      size_ = *got;
    }
    ended_ = size_ == 0;
  }
  return ByteView(chunk_).substr(at_, size_ - at_);
}

char ChunkedInput::NextVisible(Capture* kept) {
  while (true) {
    const ByteView ahead = Ahead();
    if (ahead.empty()) return '\0';
    size_t size = 0;
    while (size < ahead.size() && IsJsonSpace(ahead[size])) ++size;
    if (size < ahead.size()) {
      const char next = ahead[size];
      Take(size, kept);
      return next;
    }
    Take(size, kept);
  }
}

void ChunkedInput::Take(size_t size, Capture* kept) {
  const ByteView taken = ByteView(chunk_).substr(at_, size);
  if (kept != nullptr) kept->Append(taken);
  place_ = PlaceBehind(taken, place_);
  at_ += size;
}

}  // namespace entente::model
