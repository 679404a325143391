#pragma once

#include <string>
#include <variant>
#include <vector>

#include "policy/policy.h"
#include "storage/reader.h"

namespace entente::storage {

// What the store needs to know of an object besides its bytes.
struct ObjectFacts {
  std::string id, type, version, name;
  int64_t version_ns = 0;
  std::vector<std::string> values;  // to find it by, normalised
  bool defines_statement_marking = false;
};

// Why something is kept although nobody may have it. Only made where a check decided so.
struct QuarantineRecord {
  RejectReason reason;
  std::string detail;
  model::Label label = model::Label::kUnlabelled;
};

// What was decided about one party when an own batch was published. Order and content go into the journal as they are.
struct PartyDecision {
  OrgId org;
  std::variant<RejectReason, policy::Permit> outcome;
  std::optional<absl::Time> withheld_until = {};  // of a denial: when its embargo ends, and with it the denial
};

// How far one peer's outbox came.
struct DeliveryStep {
  uint64_t position = 0;  // of the queue: everything up to here is answered; never moves the cursor back
  uint64_t given_up = 0;  // entries that are lost to the peer in this step
  std::optional<v1::SignedBody> head = {};    // the peer's newest
  std::vector<uint64_t> held = {};            // refused entries that stay: of the queue, or settled as embargoed here
  std::vector<uint64_t> settled = {};         // refused before, and done with
  std::vector<EmbargoedEntry> released = {};  // embargoed before, and no more
  bool empty() const {
    return position == 0 && given_up == 0 && !head && held.empty() && settled.empty() && released.empty();
  }
};

// One atomic set of journal records with all their view changes. Exists only inside Journal::Commit's body, on the
// committer's thread; reads see its own writes. Skipping a check does not compile: objects come as Statements, with a
// Permit.
class Transaction : public Reader {
 public:
  // Each returns the journal sequence of the record it appended, or a status, on which the caller returns at once.
  virtual absl::StatusOr<uint64_t> AppendParty(const v1::PartyAccepted& party) = 0;
  // A document behind version 1 of a party on file, as its history took it in. REQUIRES an earlier AppendParty of
  // `org`.
  virtual absl::StatusOr<uint64_t> AppendIdentity(const OrgId& org, const v1::SignedIdentity& identity) = 0;
  // Something of a group that this node follows, as trust::GroupDirectory took it in, or the slots that it issued.
  virtual absl::StatusOr<uint64_t> AppendGroup(const v1::GroupTaken& taken) = 0;
  // Own batch: `decisions` for every party on file; the permitted ones get outbox entries for each statement stored
  // after, those withheld until a time get entries outside the queue.
  virtual absl::StatusOr<uint64_t> AppendOwnBatch(const envelope::Batch& batch,
                                                  const std::vector<PartyDecision>& decisions) = 0;
  virtual absl::StatusOr<uint64_t> AppendReceivedBatch(const envelope::Batch& batch, const OrgId& from) = 0;
  // A new version of an object. `local` permits this organisation to hold it and carries the effective label.
  // Clears quarantine entries of the same id, version and bytes. REQUIRES no accepted version (id, version_ns) yet.
  virtual absl::StatusOr<uint64_t> AppendObject(uint64_t batch_seq, const envelope::Statement& statement,
                                                const ObjectFacts& facts, const policy::Permit& local) = 0;
  // The same bytes as version `of`, under another statement.
  virtual absl::StatusOr<uint64_t> AppendRepeat(uint64_t batch_seq, const envelope::Statement& statement,
                                                const ObjectFacts& facts, const VersionEntry& of,
                                                const policy::Permit& local) = 0;
  // `statement` is null for an own publish, which is quarantined before anything is signed.
  virtual absl::StatusOr<uint64_t> AppendQuarantine(uint64_t batch_seq, const envelope::Statement* statement,
                                                    ByteView content, const ObjectFacts& facts, const OrgId& origin,
                                                    const QuarantineRecord& why) = 0;
  // Entries of `step` that are not where it says they are change nothing: a step may come twice.
  virtual absl::StatusOr<uint64_t> AppendDelivered(const OrgId& peer, const DeliveryStep& step) = 0;
  // The envelope's id counts as seen; the inbound stream moves behind `batch`. `gaps` sequence numbers were skipped.
  virtual absl::StatusOr<uint64_t> AppendEnvelope(const envelope::VerifiedEnvelope& envelope, const OrgId& peer,
                                                  const v1::SignedBody* head, uint64_t gaps) = 0;
};

}  // namespace entente::storage
