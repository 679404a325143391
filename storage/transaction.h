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
  uint64_t released_from = 0;  // record of the quarantine that a person let it go from
  std::optional<v1::Lineage> lineage = {};  // of what this node derived from another object of its own
  std::optional<v1::Imputed> imputed = {};  // own: its label, where neither the object nor its publisher said it
};

// Why something is kept although nobody may have it. Only made where a check decided so.
struct QuarantineRecord {
  RejectReason reason;
  std::string detail;
  model::Label label = model::Label::kUnlabelled;
  std::optional<v1::ReleaseConstraints> terms = {};  // of an own publish: what was asked for with it
  std::optional<v1::Imputed> imputed = {};           // as in ObjectFacts
  std::string source = {};                           // of an own publish: whose import profile counts
};

// What was decided about one party when an own batch was published. Order and content go into the journal as they are.
struct PartyDecision {
  OrgId org;
  std::variant<RejectReason, policy::Permit> outcome;
  std::optional<absl::Time> withheld_until = {};  // of a denial: when its embargo ends, and with it the denial
  std::string rule = {};                          // the local rule that decided; empty where none did
  std::string shadow = {};                        // what rules in the shadow said, where they differ
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

inline constexpr size_t kMaxByBytes = 128;  // of who asked for something

// One atomic set of journal records with all their view changes. Exists only inside Journal::Commit's body, on the
// committer's thread; reads see its own writes. Skipping a check does not compile: objects come as Statements, with a
// Permit.
class Transaction : public Reader {
 public:
  // Who asked for the records that are appended from here on, as the admin socket knows; at most kMaxByBytes.
  virtual void ActFor(std::string_view by) = 0;
  // Each returns the journal sequence of the record it appended, or a status, on which the caller returns at once.
  virtual absl::StatusOr<uint64_t> AppendParty(const v1::PartyAccepted& party) = 0;
  // A document behind version 1 of a party on file, as its history took it in. REQUIRES an earlier AppendParty of
  // `org`.
  virtual absl::StatusOr<uint64_t> AppendIdentity(const OrgId& org, const v1::SignedIdentity& identity) = 0;
  // An agreement with a party on file, as trust::Directory took it in. REQUIRES an earlier AppendParty of `org`.
  virtual absl::StatusOr<uint64_t> AppendAgreement(const OrgId& org, const v1::AgreementTaken& taken) = 0;
  // Something of a group that this node follows, as trust::GroupDirectory took it in, or the slots that it issued.
  virtual absl::StatusOr<uint64_t> AppendGroup(const v1::GroupTaken& taken) = 0;
  virtual absl::StatusOr<uint64_t> AppendRules(const v1::RulesChanged& rules) = 0;
  virtual absl::StatusOr<uint64_t> AppendDraft(const v1::DraftStep& step) = 0;
  virtual absl::StatusOr<uint64_t> AppendOpened(const v1::ContentOpened& opened) = 0;
  // Own batch: `decisions` for every party on file; the permitted ones get outbox entries for each statement stored
  // after, those withheld until a time get entries outside the queue.
  // `rules` is the number of the local rules that were asked.
  virtual absl::StatusOr<uint64_t> AppendOwnBatch(const envelope::Batch& batch,
                                                  const std::vector<PartyDecision>& decisions, uint64_t rules = 0) = 0;
  virtual absl::StatusOr<uint64_t> AppendReceivedBatch(const envelope::Batch& batch, const OrgId& from,
                                                       bool by_file = false) = 0;
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
  // What was received and held at `held_seq`, accepted now: a record of its own with the same statement, as AppendObject.
  virtual absl::StatusOr<uint64_t> AppendReleased(uint64_t held_seq, const ObjectFacts& facts,
                                                  const policy::Permit& local) = 0;
  // What was held at `held_seq` is in quarantine no more, and nowhere else.
  virtual absl::StatusOr<uint64_t> AppendHeldRejected(uint64_t held_seq, std::string_view note) = 0;
  // Entries of `step` that are not where it says they are change nothing: a step may come twice.
  virtual absl::StatusOr<uint64_t> AppendDelivered(const OrgId& peer, const DeliveryStep& step) = 0;
  // The envelope's id counts as seen; the inbound stream moves behind `batch`. `gaps` sequence numbers were skipped.
  virtual absl::StatusOr<uint64_t> AppendEnvelope(const envelope::VerifiedEnvelope& envelope, const OrgId& peer,
                                                  const v1::SignedBody* head, uint64_t gaps) = 0;
};

}  // namespace entente::storage
