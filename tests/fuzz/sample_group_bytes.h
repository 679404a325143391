#pragma once

#include <vector>

#include "crypto/crypto.h"
#include "crypto/slot.h"
#include "trust/epoch_issuer.h"
#include "trust/sample_group.h"

// What is said in a group.
namespace entente::fuzz {

// A group of four and what its members say in it.
struct GroupSeeds {
  trust::SampleFounders founders{4};
  trust::MembershipHistory history = founders.Founded();
  absl::Time now = trust::SampleNow() + trust::kSampleDay;

  Bytes Next(size_t drop = 0) const {
    trust::GroupTerms terms = trust::TermsOf(*history.newest());
    if (drop != 0) terms.members.erase(founders.orgs[drop].org());
    return trust::MakeMembership(terms, history.newest(), now)->document();
  }
  Bytes Entry(uint64_t number) const {
    return trust::MakeLogEntry(founders.orgs[0].self, history.group(), history.log(), v1::GROUP_LOG_KIND_EPOCH, number,
                               Digest(), now)
        ->body();
  }
  // Four slots of other bytes each, which nobody could open.
  v1::EpochSlots Issued() const {
    std::vector<Bytes> slots;
    for (char c = 'a'; c < 'e'; ++c) slots.push_back(Bytes(crypto::kSlotSize, c));
    v1::EpochBody body;
    body.set_issuer(founders.orgs[0].org().str());
    body.set_key_id(founders.orgs[0].self.key_id.str());
    body.set_group_id(history.group().str());
    body.set_membership_version(1);
    body.set_membership_hash(history.newest()->hash().str());
    body.set_epoch(1);
    body.set_previous_commit(Digest().str());
    body.set_not_before_us(absl::ToUnixMicros(now));
    body.set_not_after_us(absl::ToUnixMicros(now + trust::kEpoch));
    body.set_suite(crypto::kSuite);
    body.set_n_slots(4);
    body.set_slots_root(crypto::TreeHash({slots[0], slots[1], slots[2], slots[3]}).str());
    body.set_epoch_commit(Bytes(32, 'c'));
    body.set_reason(v1::EPOCH_REASON_FOUNDED);
    v1::EpochSlots out;
    *out.mutable_epoch() = *trust::SignBody(founders.orgs[0].self, trust::kEpochType, body.SerializeAsString());
    out.set_slots(slots[0] + slots[1] + slots[2] + slots[3]);
    return out;
  }
  Bytes Rewrap(size_t recipient) const {
    v1::RewrapBody body;
    body.set_issuer(founders.orgs[0].org().str());
    body.set_key_id(founders.orgs[0].self.key_id.str());
    body.set_group_id(history.group().str());
    body.set_epoch(1);
    body.set_epoch_id(Bytes(32, 'e'));
    body.set_recipient(founders.orgs[recipient].org().str());
    body.set_slot(Bytes(crypto::kSlotSize, 's'));
    body.set_time_us(absl::ToUnixMicros(now));
    return body.SerializeAsString();
  }
  Bytes Leave(uint64_t version) const {
    return trust::MakeLeave(founders.orgs[3].self, {history.group(), version, {}}, now)->body();
  }
};

}  // namespace entente::fuzz
