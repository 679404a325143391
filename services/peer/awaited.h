#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "services/peer/dialler.h"

namespace entente::peer {

// How long the oldest unanswered envelope may wait, behind the time that its bytes take on the slowest link that is
// still served. An honest peer answers in the order of sending, so the time runs from the answer before it.
inline constexpr std::chrono::seconds kAnswerPatience{120};
inline constexpr uint64_t kSlowestLink = 8u << 10;  // bytes a second

// The envelopes that a session sent and has no answer to, in the order of sending. Not thread-safe; knows no clock.
class Awaited {
 public:
  explicit Awaited(SteadyTime::duration patience) : patience_(patience) {}
  void Begin(uint64_t position, uint32_t objects, uint64_t bytes);
  void Sent(uint64_t position, SteadyTime now);  // its last piece went out
  // How many objects were in it; nothing when it is not awaited.
  std::optional<uint32_t> Answered(uint64_t position, SteadyTime now);
  // When waiting for the oldest one ends; max() while there is none, or it is still being sent.
  SteadyTime deadline() const;
  size_t size() const { return envelopes_.size(); }
  bool empty() const { return envelopes_.empty(); }

 private:
  struct Envelope {
    uint64_t position;
    uint32_t objects;
    uint64_t bytes;
    std::optional<SteadyTime> since;  // sent, and the oldest
  };
  const SteadyTime::duration patience_;
  std::vector<Envelope> envelopes_;
};

}  // namespace entente::peer
