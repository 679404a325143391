#include "services/admin/under_way.h"

#include <utility>

namespace entente::admin {

bool UnderWay::HasRoomLocked(size_t bytes) const {
  return slots_.empty() || (slots_.size() < kMaxChunksUnderWay && bytes_ + bytes <= kMaxBytesUnderWay);
}

bool UnderWay::HasRoom(size_t bytes) const {
  const std::lock_guard lock(mutex_);
  return HasRoomLocked(bytes);
}

std::shared_ptr<UnderWay::Slot> UnderWay::Enter(size_t bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return HasRoomLocked(bytes); });
  auto slot = std::make_shared<Slot>(Slot{bytes, std::nullopt});
  slots_.push_back(slot);
  bytes_ += bytes;
  return slot;
}

void UnderWay::Settle(Slot& slot, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  failed_ = failed_ || !outcome.ok();
  slot.outcome = std::move(outcome);
  changed_.notify_all();
}

std::optional<UnderWay::Outcome> UnderWay::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return slots_.empty() ? closed_ : slots_.front()->outcome.has_value(); });
  if (slots_.empty()) return std::nullopt;
  std::optional<Outcome> outcome = std::move(slots_.front()->outcome);
  bytes_ -= slots_.front()->bytes;
  slots_.pop_front();
  changed_.notify_all();
  return outcome;
}

void UnderWay::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool UnderWay::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

}  // namespace entente::admin
