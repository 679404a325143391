#include "services/peer/places.h"

#include <utility>

namespace entente::peer {

Places::Place::Place(std::shared_ptr<Places> places, const std::string& origin) : places_(std::move(places)) {
  std::lock_guard lock(places_->mutex_);
  origin_ = places_->origins_.try_emplace(origin).first;
  ++origin_->second.open;
  ++origin_->second.strangers;
  ++places_->open_;
  number_ = places_->next_++;
  places_->strangers_.emplace(number_, this);
}

Places::Place::~Place() {
  std::lock_guard lock(places_->mutex_);
  if (state_ == State::kGivesWay) {
    --places_->giving_way_;
  } else {
    --places_->open_;
  }
  if (places_->strangers_.erase(number_) > 0) --origin_->second.strangers;
  if (--origin_->second.open == 0) places_->origins_.erase(origin_);
}

bool Places::Place::Keep() {
  std::lock_guard lock(places_->mutex_);
  if (state_ == State::kGivesWay) return false;
  state_ = State::kKept;
  if (places_->strangers_.erase(number_) > 0) --origin_->second.strangers;
  return true;
}

bool Places::Place::gives_way() const {
  std::lock_guard lock(places_->mutex_);
  return state_ == State::kGivesWay;
}

bool Places::MakeRoom() {
  std::lock_guard lock(mutex_);
  if (giving_way_ >= kMaxGivingWay) return false;
  Place* goes = nullptr;
  for (const auto& [number, place] : strangers_) {
    if (goes == nullptr || place->origin_->second.strangers > goes->origin_->second.strangers) goes = place;
  }
  if (goes == nullptr) return false;
  strangers_.erase(goes->number_);
  --goes->origin_->second.strangers;
  goes->state_ = Place::State::kGivesWay;
  --open_;
  ++giving_way_;
  return true;
}

size_t Places::open() const {
  std::lock_guard lock(mutex_);
  return open_;
}

size_t Places::OpenFrom(const std::string& origin) const {
  std::lock_guard lock(mutex_);
  const auto found = origins_.find(origin);
  return found == origins_.end() ? 0 : found->second.open;
}

}  // namespace entente::peer
