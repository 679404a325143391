#pragma once

#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "trust/group_log.h"
#include "trust/membership.h"
#include "trust/parties.h"

namespace entente::trust {

inline constexpr size_t kMaxMembershipVersions = 2048;  // of one group on file
inline constexpr size_t kMaxGroupDocumentBytes = 16 << 20;  // of these, with their signatures: a year of daily ones of 1,000 members
inline constexpr size_t kMaxAnnounced = 8;              // documents of the next version that wait for an entry

// A membership document or a log entry, as a run brings them. Borrowed.
using GroupDocument = std::variant<const v1::SignedMembership*, const v1::SignedBody*>;

// One group's membership documents and the log that says which of them count: docs/formats/membership.md, "Taking in a
// version". A document without an entry is announced and nothing follows from it. Copies share the documents. Not safe
// for writing from two threads.
class MembershipHistory {
 public:
  // `first` is version 1, announced. Refuses with kLimit, kParse, kIdentityChain, kTime, kUnknownParty, the keys' errors,
  // kSignature and kThreshold.
  static absl::StatusOr<MembershipHistory> Begin(const v1::SignedMembership& first, const Parties& parties, const Arrival& arrival);

  // Takes the next version in; one that is on file is passed over. Refuses as Begin does, with kRollback an older version with
  // other bytes, with kFloor, with kIdentityChain a second document for a version that counts, and with kEquivocation where
  // the log has entries for both. After a refusal nothing has changed.
  absl::Status Extend(const v1::SignedMembership& wire, const Parties& parties, const Arrival& arrival, Persist persist);
  // Takes the next log entry in, which may come before what it logs. Refuses with kLimit, kParse, kIssuer (who may not log
  // this), kMemberHash (the document that says who keeps the log is not on file), the keys' errors, kSignature,
  // kIdentityChain, kTime; with kEquivocation one that cannot stand beside an entry on file: `persist` was called for the
  // first such one, and log().contradiction() holds it. An entry that waits for its document gives way to one of its index
  // that does not wait.
  absl::Status TakeLogEntry(const v1::SignedBody& wire, const Parties& parties, const Arrival& arrival, Persist persist);
  // Takes a run in, in its order, one by one; what came before a refusal stays. Refuses as both above do, with kLimit over
  // 1,024 documents or entries, with kRollback when its last document is older than the newest on file, and with kFreeze
  // when the newest has expired: then everything was taken.
  using PersistEach = absl::FunctionRef<absl::Status(const GroupDocument&)>;
  absl::Status TakeIn(std::span<const GroupDocument> run, const Parties& parties, const Arrival& arrival, PersistEach persist);

  const GroupId& group() const { return group_; }
  // The newest version that counts; null before the first has an entry.
  const Membership* newest() const { return versions_.empty() ? nullptr : versions_.back().get(); }
  std::shared_ptr<const Membership> Newest() const { return versions_.empty() ? nullptr : versions_.back(); }
  // Null when that version does not count or has another hash.
  std::shared_ptr<const Membership> Version(uint64_t version, const Digest& hash) const;
  // Whether no version after `version` has other members or issuers.
  bool IsCurrent(const Membership& version) const;
  // Whether `org` is a member in every version that counts, from `from` on.
  bool IsMemberSince(const OrgId& org, uint64_t from) const;
  // Documents that wait for their entry, all of the version after the newest.
  const std::vector<std::shared_ptr<const Membership>>& announced() const { return announced_; }
  const GroupLog& log() const { return log_; }
  // The log that the next entry is made behind: without a last one that waits for its document.
  GroupLog LogWithoutAwaited() const { return Awaited() == nullptr ? log_ : log_.WithoutLast(); }
  // kMemberHash before a version counts, kFreeze when the newest has expired.
  absl::Status CheckFresh(absl::Time now) const;

 private:
  explicit MembershipHistory(const GroupId& group) : group_(group) {}
  absl::Status CheckNext(const Membership& next, const Parties& parties, const Arrival& arrival) const;
  absl::Status CheckLogger(const LogEntry& entry, absl::Time now) const;
  bool TakesLogOver(const LogEntry& entry, absl::Time now) const;
  std::shared_ptr<const Membership> Announced(const Digest& hash) const;
  // The entry of the version after the newest, which came before its document; nothing is behind it. Null when there is none.
  const LogEntry* Awaited() const;
  bool TakesPlaceOfAwaited(const LogEntry& entry) const;
  bool MayBeFirst(const LogEntry& entry) const;
  // Two entries of one index by one keeper stay evidence, though the first had no effect. REQUIRES TakesPlaceOfAwaited.
  void ReplaceAwaited(const LogEntry& entry);
  void CountLogged();

  GroupId group_;
  std::vector<std::shared_ptr<const Membership>> versions_;  // those that count; version n at n - 1
  std::vector<std::shared_ptr<const Membership>> announced_;
  size_t bytes_ = 0;  // of all documents that were taken, as they came, those too that lost
  GroupLog log_;
};

}  // namespace entente::trust
