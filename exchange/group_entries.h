#pragma once

#include <deque>
#include <optional>
#include <variant>

#include "absl/functional/function_ref.h"
#include "envelope/export_file.h"
#include "exchange/groups.h"

// What an export file carries of groups.
namespace entente::exchange {

// Everything that `peer` may have of the groups that both are in, in the order in which to take it in: documents and
// log entries, leaves, epochs with its slots, re-wraps, and documents that wait for its signature. Refuses with the
// store's faults, and as `add`.
using AddEntry = absl::FunctionRef<absl::Status(envelope::ExportKind, ByteView)>;
absl::Status AddGroupEntries(const Room& room, const Groups& groups, const OrgId& peer, AddEntry add);

// The way back: entries one by one. Documents and log entries of one group that follow one another are one run, as the
// first of a group has to be, and go in with the first entry that is none of it. One thread at a time.
class GroupEntries {
 public:
  explicit GroupEntries(Groups& groups) : groups_(groups) {}
  static bool IsOne(envelope::ExportKind kind);
  // REQUIRES IsOne(kind). Refuses as the functions of Groups, of this entry or of the run in front of it.
  absl::Status Take(envelope::ExportKind kind, ByteView bytes);
  // Behind the last one.
  absl::Status Flush();

 private:
  using Document = std::variant<v1::SignedMembership, v1::SignedBody>;
  absl::Status Offer();
  absl::Status Collect(const GroupId& group, Document document, size_t bytes);

  Groups& groups_;
  std::optional<GroupId> group_;  // of the run
  std::deque<Document> run_;
  size_t run_bytes_ = 0;
};

}  // namespace entente::exchange
