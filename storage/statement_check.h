#pragma once

#include <map>
#include <vector>

#include "storage/view_reader.h"
#include "trust/identity.h"

namespace entente::storage {

// fsck's look at what records claim: stored statements against their signatures, with the keys that the journal's own
// party records (and this node's identity) give. One thread; records in order.
class StatementCheck {
 public:
  explicit StatementCheck(const trust::Identity& self) { identities_[self.org()].push_back(self); }
  // OK, or what is wrong, without ids or contents.
  absl::Status Check(const v1::Record& record, const ViewReader& reader);

 private:
  struct Claim;
  absl::Status Learn(const v1::PartyAccepted& party);
  absl::Status Verify(const Claim& claim, const ViewReader& reader);
  absl::Status VerifyRepeat(const v1::StatementRepeated& repeat, const ViewReader& reader);

  std::map<OrgId, std::vector<trust::Identity>> identities_;  // as they were accepted over time
  uint64_t batch_seq_ = 0;
  v1::BatchAccepted batch_;
  std::vector<StatementId> batch_ids_;
};

}  // namespace entente::storage
