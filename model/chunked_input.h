#pragma once

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/json_fault.h"

namespace entente::model {

// Bytes kept from a stream up to a limit; one byte more and they are all let go, and the capture is `over`.
class Capture {
 public:
  explicit Capture(size_t limit) : limit_(limit) {}
  void Append(ByteView bytes);
  bool over() const { return over_; }
  ByteView view() const { return bytes_; }
  Bytes Release() { return std::exchange(bytes_, {}); }
  void Lower(size_t limit);

 private:
  Bytes bytes_;
  size_t limit_;
  bool over_ = false;
};

// Reads a source in chunks and knows the line and column of the next byte.
class ChunkedInput {
 public:
  using Source = std::function<absl::StatusOr<size_t>(char* buffer, size_t size)>;
  explicit ChunkedInput(Source source) : source_(std::move(source)) {}

  // The bytes read and not yet taken, at least one; empty at the end and after a failure.
  ByteView Ahead();
  // The next byte that is no JSON white space; '\0' at the end as for a NUL, which no JSON text holds either.
  // The white space is taken, into `kept` unless null.
  char NextVisible(Capture* kept);
  // Takes `size` of the bytes ahead, into `kept` unless null.
  void Take(size_t size, Capture* kept);
  TextPlace place() const { return place_; }
  // Why the source failed, or OK.
  const absl::Status& status() const { return status_; }

 private:
  Source source_;
  Bytes chunk_;
  size_t at_ = 0, size_ = 0;
  bool ended_ = false;
  TextPlace place_;
  absl::Status status_;
};

}  // namespace entente::model
