#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exchange/big_parse.h"
#include "exchange/exchange.h"
#include "exchange/questions.h"
#include "model/stix_object.h"

namespace entente::exchange {

// Statements signed together when a publish stores them: at most this many, and this many content bytes unless one object
// alone is larger. Also what one envelope carries.
inline constexpr size_t kBatchStatements = 256, kBatchBytes = 1u << 20;

// One chunk of a publish on its way into the journal: parsed outside the committer, classified, signed and stored inside.
// Private to exchange. Used by one thread at a time.
class PublicationBatch {
 public:
  PublicationBatch(Room room, std::vector<PublishItem> items, PublishTerms terms, uint64_t first_index);
  void Parse();  // may wait for its turn (BigParse), which it keeps until this is gone
  absl::Status Store(storage::Transaction& transaction);
  // Counts for the operator and the caller; after Store's records are durable.
  v1::PublishProgress Report();

 private:
  enum class Fate { kPending, kPublished, kUnchanged, kQuarantined, kRejected };
  struct Candidate {
    Bytes content;
    std::optional<model::TextPlace> start;  // in the publisher's file
    std::optional<model::StixObject> object;
    Digest digest;
    Fate fate = Fate::kPending;
    RejectReason reason = RejectReason::kNone;
    std::string detail;
    std::optional<storage::VersionEntry> repeats;  // set: the same bytes are stored, and somebody new may have them
    std::vector<std::pair<OrgId, uint64_t>> refused;  // earlier statements of them that wait because a peer refused them
  };
  // All candidates of one effective marking: one audience, one label, so one batch signature.
  struct Class {
    policy::Constraints constraints;
    std::vector<storage::PartyDecision> decisions;
    std::vector<OrgId> now, later;  // permitted; denied only until the embargo ends
    std::vector<OrgId> audience;    // both, sorted; of a group all its members
    std::shared_ptr<const trust::Membership> group;  // that it is signed to
    std::optional<policy::Permit> local;             // none: nothing of the class is taken, and why
    RejectReason denied = RejectReason::kNone;
    std::string why_denied;
    std::vector<size_t> members;
  };
  using ClassKey = std::pair<model::Label, model::Pap>;

  absl::Status Classify(storage::Transaction& transaction, size_t index);
  absl::Status ClassifyKnown(storage::Transaction& transaction, size_t index, const storage::VersionEntry& known,
                             policy::Constraints constraints);
  absl::Status Quarantine(storage::Transaction& transaction, Candidate& candidate, RejectReason reason,
                          std::string detail, model::Label label);
  void Refuse(Candidate& candidate, RejectReason reason, std::string detail);
  // --- Whom it reaches (publication_audience.cc) ---
  Class& ClassFor(const policy::Constraints& constraints);
  void Ask(const trust::Accepted& party, Class& members) const;
  static void Deny(Class& members, RejectReason reason, std::string why);
  void AskGroup(Class& members) const;
  absl::Status Sign(storage::Transaction& transaction, const Class& members, size_t begin, size_t end);
  // What earlier statements of the same bytes said, all together.
  struct Earlier {
    std::set<OrgId> audience, later;  // reached, or on the way; and those whose embargo has not ended
    std::vector<policy::Constraints> constraints;
    std::vector<std::pair<OrgId, uint64_t>> refused;
    bool as_strict_as(const policy::Constraints& now) const;
    bool misses(const Class& members) const;
  };
  absl::StatusOr<Earlier> EarlierOf(storage::Transaction& transaction, const storage::VersionEntry& known);
  absl::Status ReadBatch(storage::Transaction& transaction, uint64_t batch_seq, ByteView statement, Earlier& out) const;
  absl::Status Supersede(storage::Transaction& transaction, const Class& members, const Candidate& candidate);
  static size_t StatementsFor(const Class& members);

  Room room_;
  PublishTerms terms_;
  uint64_t first_index_;
  std::optional<BigParse> turn_;
  std::vector<Candidate> candidates_;
  std::map<ClassKey, Class> classes_;
  std::map<uint64_t, Earlier> earlier_;                          // by the batch's journal sequence
  Creators creators_;
  std::set<std::string, std::less<>> defined_here_;              // statement markings of this chunk, in order
  std::map<std::pair<std::string, int64_t>, Digest> seen_here_;  // versions of this chunk
};

}  // namespace entente::exchange
