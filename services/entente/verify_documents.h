#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "envelope/export_file.h"
#include "services/entente/verify_group.h"
#include "services/entente/verify_keys.h"
#include "services/entente/verify_report.h"
#include "trust/epoch.h"
#include "trust/group_directory.h"

namespace entente::cli {

inline constexpr size_t kMaxGivenBytes = 64 << 20;  // of all groups' documents in all files of one run

// What files give of groups: their documents, checked, and, with the keys of a node, the secrets of their epochs: those
// in the keystore, and those of slots and re-wraps that its prekeys still open. These are put into the keystore in
// memory, which is never saved. One thread.
class GivenGroups final : public trust::Memberships {
 public:
  // `keys` null: no secret. Both outlive this.
  GivenGroups(const Cards& cards, NodeKeys* keys);

  // One entry of a kind that FileGroups names, behind those before it. Refuses as FileGroups::Check does, with kLimit
  // over kMaxGivenBytes, and where a slot is this node's as steps 11 to 14 of docs/formats/epoch.md; but one whose
  // prekey is not here refuses nothing.
  absl::Status Take(const envelope::ExportEntry& entry, absl::Time at);
  // With all that was taken; null without keys.
  const trust::GroupDirectory* ToOpenWith(absl::Time at);

  // Before each Open and Verify: what was missing for another one is forgotten.
  void BeginCheck() { missing_.reset(); }
  // Why a refusal of Open or Verify says that something was not given, rather than wrong; nothing where it was wrong.
  std::optional<std::string> WhatIsMissing(const absl::Status& refusal) const;
  // How many epochs this node can open, and whether one has no place among them; no row without keys or epochs.
  void TellSecrets(Report& report, absl::Time at);

  // Remembers what was asked for in vain.
  std::shared_ptr<const trust::Membership> Version(const trust::MembershipRef& ref) const override;
  absl::Status CheckMember(const GroupId& group, const OrgId& org, absl::Time now) const override {
    return files_.CheckMember(group, org, now);
  }

 private:
  struct QueuedEpoch {
    trust::Epoch epoch;
    v1::EpochDelivery delivery;
  };
  absl::Status TakeSecrets(const envelope::ExportEntry& entry, absl::Time at);
  absl::Status QueueEpoch(ByteView bytes, absl::Time at);
  absl::Status TakeRewrap(ByteView bytes, absl::Time at);
  absl::Status OpenSlot(const trust::Epoch& epoch, ByteView slot, absl::Time at);
  absl::Status Collect(const envelope::ExportEntry& entry, absl::Time at);
  void FlushRun(absl::Time at);
  void Flush(absl::Time at);

  const Cards& cards_;
  NodeKeys* const keys_;
  FileGroups files_;
  std::unique_ptr<trust::GroupDirectory> directory_;
  // Documents of one group that follow one another: a group that is not followed yet begins with a whole run.
  std::optional<GroupId> group_;
  std::vector<std::variant<v1::SignedMembership, v1::SignedBody>> run_;
  std::vector<QueuedEpoch> epochs_;  // until all secrets are here: the directory takes an epoch with its secret or none
  std::set<trust::EpochId> queued_, opened_;  // those in epochs_; those whose secret a slot or re-wrap gave
  absl::Status refused_;             // the first epoch that the directory refused
  size_t bytes_ = 0;
  mutable std::optional<trust::MembershipRef> missing_;
};

}  // namespace entente::cli
