#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "model/party.h"
#include "trust/heard_prekeys.h"
#include "trust/parties.h"
#include "trust/party_signature.h"

namespace entente::trust {

class Agreement;  // trust/agreement.h

// As many as one statement may be addressed to.
inline constexpr size_t kMaxParties = 1000;

// Which keys a party has now and what is on file about it. Readers get immutable snapshots and never block a writer
// for long. Safe from any thread. Gives: each party's documents continue those that an operator accepted, in every
// version; a public key belongs to one organisation for good; what Extend took in was persisted first. Not given: that a
// fingerprint is whom it says (the operator compared it), that no newer document exists elsewhere (expiry bounds how
// long that stays unseen), and anything about what a party says: signatures are checked where they are read.
class Directory : public Parties {
 public:
  // `self_party` is this organisation's own record; it is never among All(). `self_identity` is its version 1, and stays so.
  Directory(model::Party self_party, Identity self_identity);
  Directory(model::Party self_party, std::shared_ptr<const IdentityHistory> self_history);

  const Accepted& self() const { return *self_; }
  // Null when not accepted. Own organisation included.
  std::shared_ptr<const Accepted> Find(const OrgId& org) const override;
  std::shared_ptr<const Accepted> FindByName(std::string_view name) const;
  // The same for a name that a person typed: refuses with kNotFound, saying which name may have been meant.
  absl::StatusOr<std::shared_ptr<const Accepted>> Named(std::string_view name) const;
  std::vector<std::shared_ptr<const Accepted>> All() const;  // sorted by name, without self
  // Adds or replaces. The documents of a party that is on file stay, whatever version comes: they go forward by Extend
  // alone. Refuses with kConflict when another organisation has that name or one of its keys, with kUsage for self, when
  // record and identity differ in organisation, or a new party without its history comes with a later version than 1, with
  // kLimit beyond kMaxParties.
  absl::Status Accept(Accepted accepted);
  // Takes documents of a party in, as IdentityHistory::TakeIn does; readers see them when the run is over, also one that
  // ended in a refusal. Calls `persist` without holding up readers. Refuses as TakeIn does, with kUnknownParty for an
  // organisation that is not accepted, self included, and with kConflict for a key that another one has.
  absl::Status Extend(const OrgId& org, const v1::IdentityChain& chain, absl::Time now, IdentityHistory::Persist persist);
  // Takes an agreement with a party in, once its signatures hold and `persist` has it; false where it changes nothing. Refuses
  // with kUnknownParty for an organisation that is not accepted, and as AgreementHistory::IsNews and Agreement::Check do.
  absl::StatusOr<bool> Agree(const OrgId& org, const Agreement& agreement, const Arrival& arrival, Persist persist);
  // How often an agreement was taken in, for who tells of them.
  uint64_t agreement_changes() const { return agreement_changes_; }
  // Takes a party that was accepted off the list again, with its keys. Not self.
  void Forget(const OrgId& org);
  // The party that the STIX identity object `identity` is on file for.
  std::optional<OrgId> SpeaksAs(std::string_view identity) const;
  // What parties last offered to be sealed to.
  HeardPrekeys& heard_prekeys() { return heard_prekeys_; }
  // The name on file, "self" names included, or the first 16 hex digits of an id that is not.
  std::string NameOf(const OrgId& org) const;

 private:
  std::shared_ptr<const Accepted> FindByNameLocked(std::string_view name) const;
  // Enters `keys` as `org`'s, all or none: kConflict when another organisation has one. `claimed` are those that are new.
  absl::Status Claim(const OrgId& org, const std::vector<Bytes>& keys, std::vector<Bytes>& claimed);
  void Release(const std::vector<Bytes>& keys);

  const std::shared_ptr<const Accepted> self_;
  std::mutex extending_;  // one run at a time; taken before mutex_
  mutable std::mutex mutex_;
  absl::flat_hash_map<OrgId, std::shared_ptr<const Accepted>> parties_;
  absl::flat_hash_map<Bytes, OrgId> keys_;  // every public key on file; a key belongs to one organisation for good
  HeardPrekeys heard_prekeys_;
  std::atomic<uint64_t> agreement_changes_ = 0;
};

}  // namespace entente::trust
