#pragma once

#include <memory>

#include "trust/agreement.h"

namespace entente::trust {

// Of one side, between two documents that both signed: offers, and stops that it signed alone. No such document may be more
// versions ahead.
inline constexpr size_t kMaxOffers = 16;

// What this organisation and one other agreed, as far as documents have come here: rules 1 to 4 of docs/formats/agreement.md. A
// copy is cheap. The same whole documents lead to the same one that counts in any order, as far as they are within kMaxOffers.
class AgreementHistory {
 public:
  AgreementHistory(const OrgId& self, const OrgId& other) : self_(self), other_(other) {}

  // Null when there is none.
  std::shared_ptr<const Agreement> counts() const { return counts_; }  // the whole document that holds now
  std::shared_ptr<const Agreement> own_offer() const { return own_.offer; }
  std::shared_ptr<const Agreement> their_offer() const { return their_.offer; }
  uint64_t next_version() const { return counts_ == nullptr ? 1 : counts_->version() + 1; }
  // The offer with that id; null where none is open.
  std::shared_ptr<const Agreement> Offer(const Digest& id) const;

  // Whether `agreement` would change anything: false for what is on file and what was passed over. Refuses with kUnknownParty for
  // an agreement of others, with kBudget beyond kMaxOffers of either kind, with kLimit for one that is too far ahead.
  absl::StatusOr<bool> IsNews(const Agreement& agreement) const;
  // Takes it in. REQUIRES IsNews, and that its signatures were checked.
  void Take(const Agreement& agreement);

 private:
  struct Side {
    std::shared_ptr<const Agreement> offer;
    size_t offers = 0, stops = 0;  // since the last document that both signed
  };
  absl::StatusOr<bool> CheckLone(const Agreement& agreement, size_t taken) const;
  Side& SideOf(const Agreement& offer) { return offer.SignedBy(self_) ? own_ : their_; }
  const Side& SideOf(const Agreement& offer) const { return offer.SignedBy(self_) ? own_ : their_; }

  OrgId self_, other_;
  std::shared_ptr<const Agreement> counts_;
  Side own_, their_;
};

}  // namespace entente::trust
