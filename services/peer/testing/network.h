#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "services/peer/testing/pipe.h"

namespace entente::peer::testing {

inline constexpr uint64_t kNoCut = ~uint64_t{0};

// What goes wrong on one connection; index 0 and 1: towards that end. Everything is drawn from `seed` in the order in which
// frames are written, so the same seed does the same to the same frame, however the threads run.
struct Faults {
  uint64_t seed = 0;
  uint64_t cut[2] = {kNoCut, kNoCut};  // so many bytes arrive, then the connection is gone both ways
  // Shares of frames, 0 to 1. A delayed one waits until the other direction has moved on; an overtaken one arrives behind
  // its successor; a doubled one comes twice. TCP does the first alone: the others are a hostile network's.
  double delayed = 0, doubled = 0, overtaken = 0;
};

// One connection of a network inside the process: frames travel as bytes, each behind its length, and one that did not
// arrive whole never surfaces. Waits are bounded waits for the other direction, never pauses.
class Connection final : public FrameLine {
 public:
  static std::shared_ptr<Connection> Make(const Faults& faults = {});
  bool was_cut() const;
  uint64_t arrived(int side) const;  // bytes at that end

  std::optional<v1::Frame> Take(int side) override;
  bool Write(int side, const v1::Frame& frame) override;
  void Close() override;

 private:
  struct InFlight {
    std::string bytes;
    uint64_t due = 0;  // frames of the other direction that go first
    bool overtaken = false;
  };
  struct Direction {
    std::deque<InFlight> frames;
    std::mt19937_64 random;
    uint64_t arrived = 0, taken = 0;
  };

  explicit Connection(const Faults& faults);
  void Hold(std::unique_lock<std::mutex>& lock, int side);

  const Faults faults_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Direction to_[2];
  bool closed_ = false, cut_ = false;
};

}  // namespace entente::peer::testing
