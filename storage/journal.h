#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/at_rest.h"
#include "storage/reader.h"
#include "storage/transaction.h"
#include "trust/identity.h"

namespace entente::storage {

struct JournalOptions {
  std::string path;  // folder; created when absent and `create`
  bool create = false;
  size_t group_records = 1024;              // at most this many commits share one sync
  double space_floor_fraction = 0.05;       // intake stops when less than this share ...
  uint64_t space_floor_bytes = 1ull << 30;  // ... or, if smaller, this much is free
  size_t queue_commits = 1024;              // Commit blocks beyond this
  uint64_t head_offset = 0;                 // of a store that is made now: see JournalHead
  bool repair = false;  // for fsck: opens also when views are damaged; every commit is refused until Fsck(true)
};
struct SearchHits {
  std::vector<uint64_t> seqs;
  bool more = false;
};
struct JournalHead {
  uint64_t sequence = 0;
  Digest root;  // chain hash of the record at `sequence`; zeros at 0
  v1::SignedBody signed_head;
  // What signed heads count in front of record 1: 0, or what peers may have seen of an earlier journal of a node that was
  // restored (docs/formats/journal.md).
  uint64_t offset = 0;
};
struct CommitStats {
  uint64_t groups = 0, commits = 0, records = 0;
  double sync_seconds = 0;
};

// The node's one ordered, hash-chained, sealed record of everything that happened, and the views made from it. RocksDB
// stays behind this header. All reads are safe from any thread.
class Journal : public Reader {
 public:
  // Refuses with kStoreLocked (another process has it), kStoreCorrupt (damage, named), kStoreShort (fewer records than
  // the separately synced signed head, or another history than it), kStoreIo, kDiskFull.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const JournalOptions& options, const crypto::AtRest& at_rest,
                                                       const trust::Self& self, const Clock& clock);

  // Runs `body` on the committer's thread, in call order with all others. When it returns OK its records are written
  // with others in one synced WriteBatch, the signed head is synced, and then `done(OK)` runs on that thread. When it
  // refuses, nothing of it is written and `done` gets its status. A failed write stops all intake: kStoreIo until
  // reopened, kDiskFull until there is space again. Where a group does not fit above the space floor its commits are
  // refused with kDiskFull, and taken again as soon as space is freed. Blocks when the queue is full.
  using Body = std::function<absl::Status(Transaction&)>;
  using Done = std::function<void(absl::Status)>;
  virtual void Commit(Body body, Done done) = 0;
  // Not from a body or `done` (kInternal).
  virtual absl::Status CommitAndWait(Body body) = 0;
  // Refuses new commits (kUnavailable), finishes the queued ones, syncs. Idempotent; the destructor calls it.
  virtual void Stop() = 0;

  virtual JournalHead Head() const = 0;
  // The chain hash at `sequence`, or empty when the journal is shorter: what a head that a peer remembers is compared
  // to.
  virtual absl::StatusOr<std::optional<Digest>> RootAt(uint64_t sequence) const = 0;
  virtual Counters Count() const = 0;
  virtual CommitStats Stats() const = 0;
  // OK, or why commits are refused: the answer that the next one like those refused would get. Asks the file system.
  virtual absl::Status Health() const = 0;
  // What Open found damaged and could do without, a sentence for the log; empty when nothing was.
  virtual std::string_view FoundAtOpen() const = 0;

  // Outbox of `peer`: journal sequences of statements permitted to it, ascending, behind `after`. The last acknowledged
  // position and newest head are in Cursor. Lag counts entries behind the cursor, and those that the peer refused.
  virtual absl::StatusOr<std::vector<uint64_t>> Outbox(const OrgId& peer, uint64_t after, size_t limit) const = 0;
  // Outside the queue: entries that the peer refused, ascending, behind `after`; and entries under an embargo, in the
  // order of its end, behind `after` (until, then seq).
  virtual absl::StatusOr<std::vector<RefusedEntry>> Refused(const OrgId& peer, uint64_t after, size_t limit) const = 0;
  virtual absl::StatusOr<std::vector<EmbargoedEntry>> Embargoed(const OrgId& peer, const EmbargoedEntry& after,
                                                                size_t limit) const = 0;
  virtual absl::StatusOr<PeerCursor> Cursor(const OrgId& peer) const = 0;
  virtual uint64_t Lag(const OrgId& peer) const = 0;
  virtual uint64_t NewestOutboxPosition(const OrgId& peer) const = 0;
  virtual absl::StatusOr<std::vector<v1::PartyAccepted>> Parties() const = 0;
  // The documents behind version 1 of a party, in the order in which they were taken in; at most kMaxIdentityVersions.
  virtual absl::StatusOr<std::vector<v1::SignedIdentity>> LaterIdentities(const OrgId& org) const = 0;
  // What was agreed with a party, in the order in which it was taken in: at most `limit` records behind `after`, which becomes
  // the sequence of the last.
  virtual absl::StatusOr<std::vector<v1::AgreementTaken>> Agreements(const OrgId& org, uint64_t& after,
                                                                     size_t limit) const = 0;
  // Sequences of what was taken in of groups, slots left out, ascending, behind `after`; the records tell of which.
  virtual absl::StatusOr<std::vector<uint64_t>> GroupRecords(uint64_t after, size_t limit) const = 0;
  // Sequences of the RulesChanged records, ascending, behind `after`.
  virtual absl::StatusOr<std::vector<uint64_t>> RulesRecords(uint64_t after, size_t limit) const = 0;
  // The same of the DraftStep records, and of the ContentOpened ones.
  virtual absl::StatusOr<std::vector<uint64_t>> DraftRecords(uint64_t after, size_t limit) const = 0;
  virtual absl::StatusOr<std::vector<uint64_t>> OpenedRecords(uint64_t after, size_t limit) const = 0;
  // What is in quarantine, in the order of its rows, which says nothing, behind the row `after` (empty: from the first).
  struct HeldPage {
    std::vector<QuarantineEntry> entries;
    Bytes last;  // empty at the end
  };
  virtual absl::StatusOr<HeldPage> Held(ByteView after, size_t limit) const = 0;
  // All slots of an epoch, where this node was given them to hand out.
  virtual absl::StatusOr<std::optional<v1::EpochSlots>> Slots(ByteView epoch_id) const = 0;
  // Journal sequences of objects (newest version of each accepted id) that `value` finds; `value` normalised.
  virtual absl::StatusOr<SearchHits> Search(std::string_view value, size_t limit) const = 0;
  // Sequences of ObjectAccepted records behind `after`, ascending; for tail.
  virtual absl::StatusOr<std::vector<uint64_t>> Objects(uint64_t after, size_t limit) const = 0;
  // The newest `count` ObjectAccepted sequences, ascending.
  virtual absl::StatusOr<std::vector<uint64_t>> NewestObjects(size_t count) const = 0;
  // Called on the committer's thread after each durable group, with the new head. Set once, before the first Commit.
  virtual void OnGroup(std::function<void(const JournalHead&)> callback) = 0;

  // Recomputes the chain, opens every record, rechecks every statement, rebuilds all views in a temporary store and
  // compares them; the first one after Open also tells what Open found. Problems are sentences without values or ids.
  // With `rebuild`, replaces the views by the rebuilt ones. Runs beside normal use over a snapshot. A rebuild refuses
  // with kUnavailable while commits are queued, and holds back those that come meanwhile; `repaired` is then what it
  // put right, `problems` what it could not.
  struct FsckReport {
    std::vector<std::string> problems;  // at most 100
    std::vector<std::string> repaired;
    uint64_t records = 0;
  };
  // Soon after `cancelled` says true it ends with kUnavailable, having changed nothing; a replacement that has begun is
  // finished.
  using Cancelled = std::function<bool()>;
  virtual absl::StatusOr<FsckReport> Fsck(bool rebuild, const Cancelled& cancelled = {}) = 0;
};

}  // namespace entente::storage
