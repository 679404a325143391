#include "services/peer/places.h"

#include <tuple>
#include <utility>

namespace entente::peer {

Places::Place::Place(std::shared_ptr<Places> places, const Origin& origin) : places_(std::move(places)) {
  std::lock_guard lock(places_->mutex_);
  address_ = places_->addresses_.try_emplace(origin.address).first;
  network_ = places_->networks_.try_emplace(origin.network).first;
  for (const auto& crowd : {address_, network_}) ++crowd->second.places;
  Count(+1, +1);
  number_ = places_->next_++;
  places_->strangers_.emplace(number_, this);
}

Places::Place::~Place() {
  std::lock_guard lock(places_->mutex_);
  places_->strangers_.erase(number_);
  if (state_ == State::kGivesWay) {
    --places_->giving_way_;
  } else {
    Count(-1, state_ == State::kStranger ? -1 : 0);
  }
  if (--address_->second.places == 0) places_->addresses_.erase(address_);
  if (--network_->second.places == 0) places_->networks_.erase(network_);
}

// With the lock held.
void Places::Place::Count(int open, int strangers) {
  places_->open_ += static_cast<size_t>(open);
  for (const auto& crowd : {address_, network_}) {
    crowd->second.open += static_cast<size_t>(open);
    crowd->second.strangers += static_cast<size_t>(strangers);
  }
}

bool Places::Place::Keep() {
  std::lock_guard lock(places_->mutex_);
  if (state_ == State::kGivesWay) return false;
  if (std::exchange(state_, State::kKept) == State::kKept) return true;
  Count(0, -1);
  places_->strangers_.erase(number_);
  return true;
}

void Places::Place::HasSpoken() {
  std::lock_guard lock(places_->mutex_);
  has_spoken_ = true;
}

void Places::Place::SetName(uint64_t name) {
  std::lock_guard lock(places_->mutex_);
  name_ = name;
}

std::optional<uint64_t> Places::MakeRoom() {
  std::lock_guard lock(mutex_);
  Place* goes = nullptr;
  const auto rank = [](const Place* place) {
    return std::tuple(place->network_->second.strangers, place->address_->second.strangers, !place->has_spoken_);
  };
  for (const auto& [number, place] : strangers_) {
    if (goes == nullptr || rank(place) > rank(goes)) goes = place;
  }
  return GiveWay(goes);
}

std::optional<uint64_t> Places::MakeRoomAt(const Origin& origin) {
  std::lock_guard lock(mutex_);
  Place* goes = nullptr;
  for (const auto& [number, place] : strangers_) {
    if (place->address_->first != origin.address) continue;
    if (goes == nullptr || (goes->has_spoken_ && !place->has_spoken_)) goes = place;
    if (!goes->has_spoken_) break;
  }
  return GiveWay(goes);
}

// With the lock held.
std::optional<uint64_t> Places::GiveWay(Place* goes) {
  if (goes == nullptr || giving_way_ >= kMaxGivingWay) return std::nullopt;
  goes->state_ = Place::State::kGivesWay;
  goes->Count(-1, -1);
  strangers_.erase(goes->number_);
  ++giving_way_;
  return goes->name_;
}

size_t Places::open() const {
  std::lock_guard lock(mutex_);
  return open_;
}

size_t Places::OpenFrom(const Origin& origin) const {
  std::lock_guard lock(mutex_);
  const auto found = addresses_.find(origin.address);
  return found == addresses_.end() ? 0 : found->second.open;
}

}  // namespace entente::peer
