#include "trust/epoch_ring.h"

#include <algorithm>
#include <mutex>

#include "base/clock.h"
#include "trust/epoch_keystore.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr int64_t kLastPercent = 95;  // of an epoch's life; behind it senders wait for the next, where there is one

// Behind its end an issuer keeps a secret for others; nobody else does.
absl::Time KeptUntil(const Epoch& epoch, absl::Duration keep) {
  return keep > absl::ZeroDuration() ? epoch.not_after + keep : absl::UnixEpoch();
}

bool Names(const LogEntry* entry, const Epoch& epoch) {
  return entry != nullptr && entry->subject.view() == epoch.id.view();
}

}  // namespace

absl::Status EpochRing::CheckPlace(const Epoch& epoch, const Terms& terms, const GroupLog& log,
                                   const Arrival& arrival) const {
  // Who took the other one first goes on with the group all the same.
  if (Of(epoch.issuer, epoch.number) != nullptr && !Names(log.Of(v1::GROUP_LOG_KIND_EPOCH, epoch.number), epoch)) {
    return RefuseEpoch(kEquivocation, "its issuer signed another epoch with its number");
  }
  if (OfIssuer(epoch.issuer, /*drained=*/false, log, arrival.now).size() >= kMaxEpochsHeld) {
    return RefuseEpoch(kLimit, "128 epochs of its issuer are held that have not drained");
  }
  if (epoch.number == 1 && epoch.previous_commit != Digest())
    return RefuseEpoch(kIdentityChain, "it is the first and follows another");
  if (epochs_.empty() || terms.rejoined) {
    // Nothing could follow a number at the end of all, and nobody would catch up with one far ahead.
    const bool far = epoch.number > log.Last(v1::GROUP_LOG_KIND_EPOCH) + kMaxEpochsAhead;
    return far ? RefuseEpoch(kIdentityChain, "its number is far ahead of the group's log") : absl::OkStatus();
  }

  const uint64_t newest = epochs_.rbegin()->first;
  if (epoch.number > newest && epoch.number - newest > 1)
    return RefuseEpoch(kIdentityChain, "epochs between it and those on file are missing");
  if (epoch.number < newest && (!arrival.MayBePast() || arrival.now >= epoch.not_after + terms.catch_up)) {
    return RefuseEpoch(kEpochStale, "later epochs are on file");
  }
  const auto before = epochs_.find(epoch.number - 1);
  if (before == epochs_.end()) return absl::OkStatus();
  const bool follows = std::any_of(before->second.begin(), before->second.end(),
                                   [&](const HeldEpoch& one) { return one.epoch.commit == epoch.previous_commit; });
  return follows ? absl::OkStatus() : RefuseEpoch(kIdentityChain, "it follows another epoch than those on file");
}

std::vector<EpochId> EpochRing::OfIssuer(const OrgId& issuer, bool drained, const GroupLog& log, absl::Time now) const {
  std::vector<EpochId> out;
  for (const auto& [number, same] : epochs_) {
    for (const HeldEpoch& held : same) {
      if (held.destroyed || held.epoch.issuer != issuer) continue;
      if ((now >= DrainsUntil(held, log, now)) == drained) out.push_back(held.epoch.id);
    }
  }
  return out;
}

void EpochRing::MakeRoom(const OrgId& issuer, const GroupLog& log, absl::Time now) {
  const std::vector<EpochId> kept = OfIssuer(issuer, /*drained=*/true, log, now);
  const size_t held = kept.size() + OfIssuer(issuer, /*drained=*/false, log, now).size();
  if (held < kMaxEpochsHeld) return;
  const std::lock_guard lock(keystore_.mutex());
  for (size_t i = 0; i < std::min(kept.size(), held - kMaxEpochsHeld + 1); ++i) Destroy(*FindToChange(kept[i]));
}

void EpochRing::Destroy(HeldEpoch& held) {
  unsaved_ = unsaved_ || held.secret != nullptr;
  RemoveEpochSecret(keystore_, held.epoch);
  held.secret.reset();
  held.destroyed = true;
}

absl::Status EpochRing::Announce(const Epoch& epoch, size_t turn, absl::Time taken) {
  HeldEpoch held{epoch, turn, taken, nullptr};
  {
    const std::lock_guard lock(keystore_.mutex());
    auto stored = FindEpochSecret(keystore_, epoch);
    if (!stored.ok()) return stored.status();
    held.secret = std::move(stored->secret);
    const bool later = stored->drain_until > epoch.not_after + kEpochGrace;
    if (held.secret != nullptr) held.opened = later ? stored->drain_until - kCatchUpDrain : taken;
  }
  if (held.secret != nullptr) tags_[held.secret->Tag(epoch.fields())] = epoch.id;
  numbers_[epoch.id] = epoch.number;
  epochs_[epoch.number].push_back(std::move(held));
  return absl::OkStatus();
}

absl::Status EpochRing::Hold(const EpochId& id, crypto::EpochSecret secret, absl::Duration keep, absl::Time now) {
  HeldEpoch& held = *FindToChange(id);
  const absl::Time drain_until = std::max(held.epoch.not_after + kEpochGrace, now + kCatchUpDrain);
  {
    const std::lock_guard lock(keystore_.mutex());
    if (CountEpochSecrets(keystore_) >= kMaxEpochSecrets)
      return RefuseEpoch(kLimit, "this node holds 4,096 secrets of epochs");
    PutEpochSecret(keystore_, held.epoch, secret, drain_until, KeptUntil(held.epoch, keep));
    if (absl::Status status = keystore_.Save(); !status.ok()) {
      RemoveEpochSecret(keystore_, held.epoch);
      return status;
    }
  }
  tags_[secret.Tag(held.epoch.fields())] = id;
  held.secret = std::make_shared<const crypto::EpochSecret>(std::move(secret));
  held.opened = now;
  return absl::OkStatus();
}

void EpochRing::NoteContradiction(const Epoch& epoch) {
  if (const HeldEpoch* first = Of(epoch.issuer, epoch.number); first != nullptr)
    FindToChange(first->epoch.id)->contradicted = true;
}

const LogEntry* EpochRing::EntryOf(uint64_t number, const GroupLog& log) const {
  const LogEntry* entry = log.Of(v1::GROUP_LOG_KIND_EPOCH, number);
  const auto same = epochs_.find(number);
  const bool here =
      same != epochs_.end() && std::any_of(same->second.begin(), same->second.end(),
                                           [&](const HeldEpoch& held) { return Names(entry, held.epoch); });
  return here ? entry : nullptr;
}

const HeldEpoch* EpochRing::InForce(uint64_t number, const GroupLog& log, absl::Time now) const {
  const auto same = epochs_.find(number);
  if (same == epochs_.end()) return nullptr;
  const LogEntry* entry = EntryOf(number, log);
  const HeldEpoch* first = nullptr;
  for (const HeldEpoch& held : same->second) {
    const bool waited = entry == nullptr && std::max(held.taken, held.epoch.not_before) + kEpochUnlogged <= now;
    if (held.epoch.not_before > now || (!Names(entry, held.epoch) && !waited)) continue;
    if (first == nullptr || held.turn < first->turn) first = &held;
  }
  return first;
}

const HeldEpoch* EpochRing::Successor(uint64_t number, const GroupLog& log, absl::Time now) const {
  for (auto later = epochs_.upper_bound(number); later != epochs_.end(); ++later) {
    if (const HeldEpoch* held = InForce(later->first, log, now); held != nullptr) return held;
  }
  return nullptr;
}

absl::Time EpochRing::DrainsUntil(const HeldEpoch& held, const GroupLog& log, absl::Time now) const {
  const HeldEpoch* next = Successor(held.epoch.number, log, now);
  const absl::Time end =
      next == nullptr ? held.epoch.not_after : std::min(held.epoch.not_after, next->epoch.not_before);
  const absl::Duration grace = next == nullptr ? kEpochGrace : next->epoch.grace;
  // Where who was taken out gets no time, who comes late gets none either.
  const bool late = held.opened >= end + grace && grace > absl::ZeroDuration();
  return late ? held.opened + kCatchUpDrain : end + grace;
}

EpochState EpochRing::StateOf(const HeldEpoch& held, const GroupLog& log, absl::Time now) const {
  const Epoch& epoch = held.epoch;
  if (held.destroyed || now >= DrainsUntil(held, log, now)) return EpochState::kDestroyed;
  if (held.secret == nullptr || epoch.not_before > now) return EpochState::kAnnounced;
  if (now >= epoch.not_after || Successor(epoch.number, log, now) != nullptr) return EpochState::kDraining;
  if (InForce(epoch.number, log, now) == &held) return EpochState::kActive;
  // Who lost a race is opened all the same: a sender may have taken it first.
  const bool lost = EntryOf(epoch.number, log) != nullptr || InForce(epoch.number, log, now) != nullptr;
  return lost ? EpochState::kDraining : EpochState::kAnnounced;
}

const HeldEpoch* EpochRing::ToSealUnder(const GroupLog& log, absl::Time now) const {
  for (auto same = epochs_.rbegin(); same != epochs_.rend(); ++same) {
    const HeldEpoch* held = InForce(same->first, log, now);
    if (held == nullptr) continue;
    const Epoch& epoch = held->epoch;
    const bool last = now - epoch.not_before >= (epoch.not_after - epoch.not_before) * kLastPercent / 100;
    const bool next_waits = same != epochs_.rbegin();
    const bool usable = held->secret != nullptr && now < epoch.not_after && !(last && next_waits);
    return usable ? held : nullptr;
  }
  return nullptr;
}

bool EpochRing::IsOver(const HeldEpoch& held, const GroupLog& log, const Keeping& keeping, absl::Time now) const {
  const bool may_come = held.unopened && held.secret == nullptr;
  const absl::Time kept = KeptUntil(held.epoch, may_come ? keeping.rewraps : keeping.for_others);
  return !held.destroyed && now >= std::max(DrainsUntil(held, log, now), kept);
}

bool EpochRing::NeedsSweep(const GroupLog& log, const Keeping& keeping, absl::Time now) const {
  const auto any_over = [&](const auto& same) {
    return std::any_of(same.second.begin(), same.second.end(),
                       [&](const HeldEpoch& held) { return IsOver(held, log, keeping, now); });
  };
  return unsaved_ || std::any_of(epochs_.begin(), epochs_.end(), any_over);
}

absl::Status EpochRing::Sweep(const GroupLog& log, const Keeping& keeping, absl::Time now) {
  const std::lock_guard lock(keystore_.mutex());
  for (auto& [number, same] : epochs_) {
    for (HeldEpoch& held : same) {
      if (IsOver(held, log, keeping, now)) Destroy(held);
    }
  }
  DropOldTombstones();
  if (!unsaved_) return absl::OkStatus();
  if (absl::Status status = keystore_.Save(); !status.ok()) return status;
  unsaved_ = false;
  return absl::OkStatus();
}

void EpochRing::DropOldTombstones() {
  size_t tombstones = 0;
  for (const auto& [number, same] : epochs_) {
    tombstones += static_cast<size_t>(
        std::count_if(same.begin(), same.end(), [](const HeldEpoch& one) { return one.destroyed; }));
  }
  while (tombstones > kMaxTombstones) {
    // The oldest number; what races under one number drains within days of each other.
    const auto oldest = epochs_.begin();
    for (const HeldEpoch& held : oldest->second) {
      numbers_.erase(held.epoch.id);
      tombstones -= held.destroyed ? 1 : 0;
    }
    std::erase_if(tags_, [&](const auto& tag) { return !numbers_.contains(tag.second); });
    epochs_.erase(oldest);
  }
}

}  // namespace entente::trust
