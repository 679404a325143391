#pragma once

#include <map>
#include <vector>

#include "storage/view_reader.h"
#include "trust/identity_chain.h"

namespace entente::storage {

// fsck's look at what records claim: stored statements against their signatures, with the keys that the journal's own
// party and identity records (and this node's own documents) give. One thread; records in order.
class StatementCheck {
 public:
  explicit StatementCheck(const trust::IdentityHistory& self) { histories_.emplace(self.org(), self); }
  // OK, or what is wrong, without ids or contents.
  absl::Status Check(const v1::Record& record, const ViewReader& reader);

 private:
  struct Claim;
  absl::Status Learn(const v1::PartyAccepted& party);
  absl::Status Learn(const v1::IdentityTaken& taken);
  absl::Status Verify(const Claim& claim, const ViewReader& reader);
  absl::Status VerifyRepeat(const v1::StatementRepeated& repeat, const ViewReader& reader);

  std::map<OrgId, trust::IdentityHistory> histories_;  // as far as the records came
  uint64_t batch_seq_ = 0;
  v1::BatchAccepted batch_;
  std::vector<StatementId> batch_ids_;
};

}  // namespace entente::storage
