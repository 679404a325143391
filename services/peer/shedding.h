#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "services/peer/dialler.h"

namespace entente::peer {

// Shares of the memory limit: from the first on peers are shed, from the second on no session begins.
inline constexpr double kShedAt = 0.85, kRefuseAt = 0.95;
inline constexpr std::chrono::seconds kShedSpacing{3};  // for memory to fall behind one cut before the next
inline constexpr uint64_t kLeastShed = 1u << 20;        // who holds and sent less is not the cause

// What one peer weighs: bytes of envelopes under way here, and bytes that came lately.
struct Burden {
  OrgId peer;
  uint64_t held = 0, recent = 0;
};

// Which peer goes when memory runs short: who holds most, then who sent most lately, one at a time. Knows no clock.
// `refuses` is safe from any thread; Look is one thread's.
class Shedding {
 public:
  // The peer to cut now. A `limit` of 0 is none.
  std::optional<OrgId> Look(uint64_t used, uint64_t limit, const std::vector<Burden>& burdens, SteadyTime now);
  bool refuses() const { return refuses_; }

 private:
  std::atomic<bool> refuses_{false};
  SteadyTime not_before_{};
};

}  // namespace entente::peer
