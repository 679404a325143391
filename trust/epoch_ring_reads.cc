#include <algorithm>

#include "trust/epoch_ring.h"

// What an epoch ring has on file.
namespace entente::trust {

const HeldEpoch* EpochRing::Find(const EpochId& id) const {
  const auto number = numbers_.find(id);
  if (number == numbers_.end()) return nullptr;
  const std::vector<HeldEpoch>& same = epochs_.at(number->second);
  return &*std::find_if(same.begin(), same.end(), [&](const HeldEpoch& held) { return held.epoch.id == id; });
}

HeldEpoch* EpochRing::FindToChange(const EpochId& id) {
  return const_cast<HeldEpoch*>(Find(id));
}

const HeldEpoch* EpochRing::WithTag(const RouteTag& tag) const {
  const auto found = tags_.find(tag);
  return found == tags_.end() ? nullptr : Find(found->second);
}

const HeldEpoch* EpochRing::Latest(const GroupLog& log, absl::Time now) const {
  if (epochs_.empty()) return nullptr;
  const auto& [number, same] = *epochs_.rbegin();
  if (const HeldEpoch* held = InForce(number, log, now); held != nullptr) return held;
  return &*std::min_element(same.begin(), same.end(),
                            [](const HeldEpoch& a, const HeldEpoch& b) { return a.turn < b.turn; });
}

std::vector<const HeldEpoch*> EpochRing::From(uint64_t number, size_t limit) const {
  std::vector<const HeldEpoch*> out;
  for (auto same = epochs_.lower_bound(number); same != epochs_.end() && out.size() < limit; ++same) {
    const size_t begin = out.size();
    for (const HeldEpoch& held : same->second) out.push_back(&held);
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
                     [](const HeldEpoch* a, const HeldEpoch* b) { return a->turn < b->turn; });
  }
  if (out.size() > limit) out.resize(limit);
  return out;
}

const HeldEpoch* EpochRing::Of(const OrgId& issuer, uint64_t number) const {
  const auto same = epochs_.find(number);
  if (same == epochs_.end()) return nullptr;
  const auto found = std::find_if(same->second.begin(), same->second.end(),
                                  [&](const HeldEpoch& held) { return held.epoch.issuer == issuer; });
  return found == same->second.end() ? nullptr : &*found;
}

}  // namespace entente::trust
