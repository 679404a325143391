#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "exchange/big_parse.h"
#include "exchange/exchange.h"
#include "exchange/questions.h"
#include "model/derived_object.h"
#include "model/stix_object.h"

namespace entente::exchange {

// Statements signed together when a publish stores them: at most this many, and this many content bytes unless one object
// alone is larger. Also what one envelope carries.
inline constexpr size_t kBatchStatements = 256, kBatchBytes = 1u << 20;
// Redactions of one class (what would be one more stays at home), and references that are looked at before deriving.
inline constexpr size_t kMaxRedactions = 16, kMaxDerivedReferences = 256;

// One chunk of a publish on its way into the journal: parsed outside the committer, the rest inside. One thread at a time.
class PublicationBatch {
 public:
  PublicationBatch(Room room, std::vector<PublishItem> items, PublishTerms terms, uint64_t first_index);
  void Parse();  // may wait for its turn (BigParse), which it keeps until this is gone
  absl::Status Store(storage::Transaction& transaction);
  // In place of Store: what it would make of each object if it came now under `rules`. Nothing is stored or counted.
  absl::Status Try(const storage::Reader& reader, std::shared_ptr<const RuleSet> rules);
  // After Try, one for each object: everybody on file, or `about` alone with every check.
  std::vector<v1::CanShareReply> Answers(const trust::Accepted* about) const;
  // Statement markings defined in front of this chunk, and behind Try those of the chunk too.
  std::set<std::string, std::less<>>& definitions() { return defined_here_; }
  // Counts for the operator and the caller; after Store's records are durable.
  v1::PublishProgress Report();

 private:
  struct Class;
  enum class Fate { kPending, kPublished, kUnchanged, kQuarantined, kRejected };
  struct Candidate {
    Bytes content;
    std::optional<model::TextPlace> start;  // in the publisher's file
    uint64_t released_from = 0, held_at = 0, index = 0;  // index: in the whole call
    std::optional<v1::Imputed> imputed;   // what made its label, where it is neither its own nor the publisher's
    std::optional<model::StixObject> object;
    Digest digest;
    Fate fate = Fate::kPending;
    RejectReason reason = RejectReason::kNone;
    // Why not; why no import profile gives a label; why what goes redacted to some is not sent to them.
    std::string detail, unlabelled, underivable;
    model::Label label = model::Label::kUnlabelled;  // effective
    const Class* of = nullptr;                       // set once policy was asked
    std::optional<storage::VersionEntry> repeats;  // set: the same bytes are stored, and somebody new may have them
    std::vector<std::pair<OrgId, uint64_t>> refused;  // earlier statements of them that wait because a peer refused them
    std::optional<size_t> derived_of;      // redacted, from the candidate of that index
    std::vector<std::string> removed, warnings;  // then: properties that are gone; warning lists that a value is on
    uint64_t stored_at = 0;                // once it is stored, or where it was before
    std::optional<StatementId> statement;  // of that
    std::set<OrgId> whole;                 // who had it before the redaction was asked for
  };
  // All candidates of one effective marking that policy does not tell apart: one audience, one label, so one batch signature.
  struct Class {
    policy::Constraints constraints;
    Subject subject;
    std::vector<storage::PartyDecision> decisions;
    std::vector<OrgId> now, later;  // permitted; denied only until the embargo ends
    std::vector<OrgId> audience;    // both, sorted; of a group all its members
    std::shared_ptr<const trust::Membership> group;  // that it is signed to
    std::optional<policy::Permit> local;             // none: nothing of the class is taken, and why
    RejectReason denied = RejectReason::kNone;
    bool held = false;  // back from everybody, until somebody decides
    std::optional<policy::Permit> raises;  // by the matrix alone: a stricter label is taken whatever a local rule says
    std::string why_denied;
    std::vector<size_t> members;
    std::map<std::vector<std::string>, std::vector<OrgId>> redactions;  // whom the properties are removed for
    std::vector<size_t> sources;  // members, and known ones, of which something may be derived
  };
  using ClassKey = std::tuple<model::Label, model::Pap, std::string>;  // with what rules tell objects apart by

  absl::Status ClassifyAll(const storage::Reader& reader);
  absl::Status Classify(const storage::Reader& reader, size_t index);
  absl::Status ClassifyKnown(const storage::Reader& reader, size_t index, const storage::VersionEntry& known,
                             policy::Constraints constraints);
  RejectReason Impute(Candidate& candidate, RejectReason held, policy::Constraints& constraints, std::string& detail) const;
  absl::Status Hold(Candidate& candidate, RejectReason reason, std::string detail, model::Label label);
  static absl::StatusOr<bool> StillHeld(const storage::Reader& reader, const Candidate& candidate);
  absl::Status StoreHeld(storage::Transaction& transaction, const Candidate& candidate);
  void Refuse(Candidate& candidate, RejectReason reason, std::string detail);
  // --- Two officers, and drafts (publication_draft.cc) ---
  bool NeedsAnotherOfficer(model::Label label) const;
  bool AwaitsSecondOfficer(Candidate& candidate, model::Label label);  // and is refused then
  absl::Status SettleDraft(storage::Transaction& transaction);
  // --- Whom it reaches (publication_audience.cc) ---
  Class& ClassFor(const policy::Constraints& constraints, Candidate& candidate);
  void Ask(const trust::Accepted& party, Class& members) const;
  static void Hold(const policy::Decision& decision, Class& members);
  static void HoldFromAll(Class& members);
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
  // --- What goes where the whole may not (publication_derived.cc) ---
  using DerivedKey = std::tuple<model::Label, model::Pap, std::string, std::vector<OrgId>>;
  bool NoteRedaction(policy::Question question, storage::PartyDecision& decision, Class& members) const;
  absl::Status DeriveAll(const storage::Reader& reader);
  absl::Status DeriveFor(const storage::Reader& reader, const Class& of, size_t source,
                         const std::vector<std::string>& remove, const std::vector<OrgId>& recipients);
  absl::Status TakeDerived(const storage::Reader& reader, const Class& of, size_t source, model::DerivedObject derived,
                           const std::vector<OrgId>& recipients);
  Class& DerivedClassFor(const Class& of, Candidate& candidate, const std::vector<OrgId>& recipients);
  void CannotDerive(size_t source, const absl::Status& why);
  absl::StatusOr<bool> MayBeNamed(const storage::Reader& reader, std::string_view id, const OrgId& org);
  absl::StatusOr<std::vector<std::string>> Hidden(const storage::Reader& reader, const model::StixObject& object,
                                                  const std::vector<OrgId>& recipients);
  v1::Lineage LineageOf(const Candidate& candidate) const;
  absl::StatusOr<StatementId> SourceStatement(const storage::Reader& reader, const Candidate& source) const;
  void TellRedactions(size_t source, v1::CanShareReply& reply) const;
  absl::Status SignAll(storage::Transaction& transaction, const Class& members);
  absl::StatusOr<Earlier> EarlierOf(const storage::Reader& reader, const storage::VersionEntry& known);
  absl::Status ReadBatch(const storage::Reader& reader, uint64_t batch_seq, ByteView statement, Earlier& out) const;
  absl::Status Supersede(storage::Transaction& transaction, const Class& members, const Candidate& candidate);
  static size_t StatementsFor(const Class& members);

  Room room_;
  PublishTerms terms_;
  std::shared_ptr<const RuleSet> rules_;  // of the commit
  std::optional<BigParse> turn_;
  std::vector<Candidate> candidates_;
  size_t given_ = 0;  // candidates behind the first so many are derived ones
  std::map<ClassKey, Class> classes_;
  std::map<DerivedKey, Class> derived_;
  std::map<std::string, size_t, std::less<>> given_ids_;  // of objects of this chunk, the last of each id
  std::map<uint64_t, Earlier> earlier_;                          // by the batch's journal sequence
  Creators creators_;
  std::set<std::string, std::less<>> defined_here_;              // statement markings of this chunk, in order
  std::map<std::pair<std::string, int64_t>, Digest> seen_here_;  // versions of this chunk
};

}  // namespace entente::exchange
