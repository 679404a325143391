#include "exchange/group_envelopes.h"

#include <algorithm>
#include <utility>

namespace entente::exchange {

absl::StatusOr<Bytes> GroupEnvelopes::For(const Cargo& cargo, const OrgId& member, absl::Time now, Seal seal) {
  const std::lock_guard lock(mutex_);
  Drop(now);
  const auto fits = [&](const Kept& kept) { return kept.cargo == cargo && !kept.given.contains(member); };
  if (const auto kept = std::find_if(kept_.begin(), kept_.end(), fits); kept != kept_.end()) {
    kept->given.insert(member);
    return kept->envelope;
  }
  absl::StatusOr<Bytes> sealed = seal();
  if (!sealed.ok()) return sealed;
  kept_.push_back({cargo, *sealed, now, {member}});
  bytes_ += sealed->size();
  Drop(now);
  return sealed;
}

// A clock that is set back keeps nothing for longer.
void GroupEnvelopes::Drop(absl::Time now) {
  while (!kept_.empty()) {
    const Kept& oldest = kept_.front();
    const bool young = oldest.sealed <= now && now < oldest.sealed + kKept;
    if (young && bytes_ <= kMaxKeptBytes) return;
    bytes_ -= oldest.envelope.size();
    kept_.pop_front();
  }
}

}  // namespace entente::exchange
