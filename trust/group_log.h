#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/group.pb.h"
#include "trust/identity.h"

// The one order of a group's documents: docs/formats/membership.md, "The group's log".
namespace entente::trust {

inline constexpr size_t kMaxGroupBodyBytes = 1024;  // a log entry, a leave, an epoch
inline constexpr size_t kMaxGroupLogEntries = 16'384;  // of one group on file: forty years of daily epochs
using EntryId = FixedBytes<32, struct EntryIdTag>;  // SHA-256 of an entry's PAE

// What an entry says. Its signature is not checked here.
struct LogEntry {
  EntryId id;
  OrgId org;
  KeyId key_id;
  GroupId group;
  uint64_t index = 0;
  EntryId previous;
  v1::GroupLogKind kind = v1::GROUP_LOG_KIND_UNSPECIFIED;
  uint64_t number = 0;
  Digest subject;  // a membership hash or an epoch id
  absl::Time time;
};
// Refuses with kLimit and kParse.
absl::StatusOr<LogEntry> ReadLogEntry(const v1::SignedBody& wire);

// The entries of one group, from index 1 without a gap. Knows neither keys nor who may log.
class GroupLog {
 public:
  enum class Place { kOnFile, kNext, kContradicts };
  // Where `entry` belongs; kContradicts for a second entry of one index, or a second subject for a number that is logged.
  // Refuses with kIdentityChain, kTime and kLimit.
  absl::StatusOr<Place> Find(const LogEntry& entry, absl::Time now) const;
  // REQUIRES Find said kNext, or kContradicts.
  void Add(const LogEntry& entry);
  // The same without its last entry. REQUIRES one.
  GroupLog WithoutLast() const;
  // The first one stays, unless it is on file itself by now.
  void Contradict(const LogEntry& entry);

  uint64_t size() const { return entries_.size(); }
  // Null for an index that is not on file.
  const LogEntry* At(uint64_t index) const;
  // The entry of a version or epoch. Null when it has none.
  const LogEntry* Of(v1::GroupLogKind kind, uint64_t number) const;
  // The highest number that has an entry; 0 when none has.
  uint64_t Last(v1::GroupLogKind kind) const;
  // An entry that cannot stand beside one on file: whoever made both is not honest.
  const std::optional<LogEntry>& contradiction() const { return contradiction_; }

 private:
  std::vector<LogEntry> entries_;  // index n at n - 1
  std::map<std::pair<v1::GroupLogKind, uint64_t>, uint64_t> indexes_;
  std::optional<LogEntry> contradiction_;
};

// The entry behind the last one in `log`, by this organisation, which keeps it.
absl::StatusOr<v1::SignedBody> MakeLogEntry(const Self& self, const GroupId& group, const GroupLog& log, v1::GroupLogKind kind, uint64_t number,
                            const Digest& subject, absl::Time now);

}  // namespace entente::trust
