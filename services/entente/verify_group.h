#pragma once

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "envelope/export_file.h"
#include "services/entente/verify_report.h"
#include "trust/epoch.h"
#include "trust/membership_history.h"
#include "trust/memberships.h"

// What `entente verify` says of a group's documents (docs/formats/membership.md, epoch.md).
namespace entente::cli {

// An armoured membership document by itself. The version before it is not in the file, and it decides how many must sign.
Report CheckMembership(const std::string& text, const Cards& cards, absl::Time at);

// The groups of files, each from its version 1 on, as the entries build them; trust::kMaxGroups at most. One thread.
class FileGroups : public trust::Memberships {
 public:
  // What the entry is called in a report; empty where it is of no group.
  static std::string NameOf(envelope::ExportKind kind);
  // Checked against the entries before it, by keys of `parties`. Nobody's slot is opened. Refuses as the documents' own
  // checks do, with kMemberHash where the group's documents are not in front of it, with kLimit over trust::kMaxGroups.
  absl::Status Check(const envelope::ExportEntry& entry, const trust::Parties& parties, absl::Time at);

  // Whether another document of that version counts here, so that `ref` is not merely missing.
  bool Contradicts(const trust::MembershipRef& ref) const;
  std::shared_ptr<const trust::Membership> Version(const trust::MembershipRef& ref) const override;
  absl::Status CheckMember(const GroupId& group, const OrgId& org, absl::Time now) const override;

 private:
  absl::Status CheckDocument(ByteView bytes, const trust::Parties& parties, const trust::Arrival& arrival);
  trust::MembershipHistory* Find(const GroupId& group);
  absl::Status CheckEpoch(const v1::EpochDelivery& delivery, const trust::Parties& parties,
                          const trust::Arrival& arrival);
  absl::Status CheckLeft(const v1::SignedBody& body, const trust::Parties& parties, const trust::Arrival& arrival);

  std::map<GroupId, trust::MembershipHistory> groups_;
  std::map<std::pair<GroupId, OrgId>, uint64_t> left_;  // the newest version that a leave of theirs names
  std::map<std::tuple<GroupId, OrgId, uint64_t>, trust::EpochId> epochs_;  // of each issuer and number
};

}  // namespace entente::cli
