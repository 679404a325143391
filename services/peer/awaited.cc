#include "services/peer/awaited.h"

#include <algorithm>

namespace entente::peer {

void Awaited::Begin(uint64_t position, uint32_t objects, uint64_t bytes) {
  envelopes_.push_back({position, objects, bytes, std::nullopt});
}

void Awaited::Sent(uint64_t position, SteadyTime now) {
  for (Envelope& envelope : envelopes_) {
    if (envelope.position == position) envelope.since = now;
  }
}

std::optional<uint32_t> Awaited::Answered(uint64_t position, SteadyTime now) {
  const auto found = std::find_if(envelopes_.begin(), envelopes_.end(),
                                  [&](const Envelope& envelope) { return envelope.position == position; });
  if (found == envelopes_.end()) return std::nullopt;
  const uint32_t objects = found->objects;
  const auto next = envelopes_.erase(found);
  if (next == envelopes_.begin() && next != envelopes_.end() && next->since) next->since = now;
  return objects;
}

SteadyTime Awaited::deadline() const {
  if (envelopes_.empty() || !envelopes_.front().since) return SteadyTime::max();
  return *envelopes_.front().since + patience_ + std::chrono::seconds(envelopes_.front().bytes / kSlowestLink);
}

}  // namespace entente::peer
