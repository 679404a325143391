#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/statusor.h"
#include "entente/v1/admin.pb.h"

namespace entente::admin {

// What one call may have handed to the journal without an answer: bounds memory, and through it the client's speed.
inline constexpr size_t kMaxChunksUnderWay = 4, kMaxBytesUnderWay = 40u << 20;

// Chunks on their way to the disk, in the order they came. Reader, writer and committer threads meet here. Shared with
// the callbacks, which may still be leaving when the call is over.
class UnderWay {
 public:
  using Outcome = absl::StatusOr<v1::PublishProgress>;
  struct Slot {
    size_t bytes = 0;
    std::optional<Outcome> outcome;
  };

  // Whether a chunk of `bytes` may enter now. One alone always may.
  bool HasRoom(size_t bytes) const;
  // Waits for room.
  std::shared_ptr<Slot> Enter(size_t bytes);
  // The chunk's fate. Once per slot, any thread, any order.
  void Settle(Slot& slot, Outcome outcome);
  // The oldest chunk's outcome once it is known; nothing when Close was called and all were handed out.
  std::optional<Outcome> Next();
  void Close();
  // True once any chunk was refused.
  bool failed() const;

 private:
  bool HasRoomLocked(size_t bytes) const;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Slot>> slots_;
  size_t bytes_ = 0;
  bool closed_ = false, failed_ = false;
};

}  // namespace entente::admin
