#include "trust/agreement_history.h"

#include <tuple>

namespace entente::trust {
namespace {

// Of two whole documents the greater one counts.
auto Weight(const Agreement& whole) { return std::tuple(whole.version(), whole.body().state()); }

bool Beats(const Agreement& one, const Agreement& other) {
  if (Weight(one) != Weight(other)) return Weight(one) > Weight(other);
  return one.id() < other.id();
}

bool IsNewerOffer(const Agreement& one, const Agreement& other) {
  return one.time() != other.time() ? one.time() > other.time() : one.id() < other.id();
}

}  // namespace

std::shared_ptr<const Agreement> AgreementHistory::Offer(const Digest& id) const {
  for (const Side* side : {&own_, &their_}) {
    if (side->offer != nullptr && side->offer->id() == id) return side->offer;
  }
  return nullptr;
}

absl::StatusOr<bool> AgreementHistory::IsNews(const Agreement& agreement) const {
  if (!agreement.IsOf(self_, other_)) {
    return Reject(RejectReason::kUnknownParty, "the agreement is one of other organisations; each side sends its own");
  }
  const Side& side = SideOf(agreement);
  if (agreement.whole()) {
    if (counts_ != nullptr && !Beats(agreement, *counts_)) return false;
    if (agreement.by_both()) return true;
    return CheckLone(agreement, side.stops);
  }
  if (agreement.version() < next_version()) return false;
  if (side.offer != nullptr && !IsNewerOffer(agreement, *side.offer)) return false;
  return CheckLone(agreement, side.offers);
}

// What one side can make alone must neither go on for ever nor use up the versions.
absl::StatusOr<bool> AgreementHistory::CheckLone(const Agreement& agreement, size_t taken) const {
  if (agreement.version() >= next_version() + kMaxOffers) {
    return Reject(RejectReason::kLimit, "its version is 16 or more ahead of what both signed; make one of the next version");
  }
  if (taken < kMaxOffers) return true;
  return Reject(RejectReason::kBudget, "16 such documents of one side came since both signed one; accept an offer, or make one");
}

void AgreementHistory::Take(const Agreement& agreement) {
  auto taken = std::make_shared<const Agreement>(agreement);
  Side& side = SideOf(agreement);
  if (!agreement.whole()) {
    side.offer = std::move(taken);
    ++side.offers;
    return;
  }
  counts_ = std::move(taken);
  ++side.stops;
  for (Side* one : {&own_, &their_}) {
    if (agreement.by_both()) one->offers = one->stops = 0;
    if (one->offer != nullptr && one->offer->version() < next_version()) one->offer.reset();
  }
}

}  // namespace entente::trust
