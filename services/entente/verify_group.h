#pragma once

#include <map>
#include <string>

#include "envelope/export_file.h"
#include "services/entente/verify_report.h"
#include "trust/membership_history.h"

// What `entente verify` says of a group's documents (docs/formats/membership.md, epoch.md).
namespace entente::cli {

// An armoured membership document by itself. The version before it is not in the file, and it decides how many must sign.
Report CheckMembership(const std::string& text, const Cards& cards, absl::Time at);

// The groups of an export file, each from its version 1 on, as the entries build them.
class FileGroups {
 public:
  // What the entry is called in a report; empty where it is of no group.
  static std::string NameOf(envelope::ExportKind kind);
  // Checked against the entries before it, by keys of `parties`. Nobody's slot is opened. Refuses as the documents' own checks do, with
  // kMemberHash where the file does not have the group's documents.
  absl::Status Check(const envelope::ExportEntry& entry, const trust::Parties& parties, absl::Time at);

 private:
  absl::Status CheckDocument(ByteView bytes, const trust::Parties& parties, const trust::Arrival& arrival);
  trust::MembershipHistory* Find(const GroupId& group);

  std::map<GroupId, trust::MembershipHistory> groups_;
};

}  // namespace entente::cli
