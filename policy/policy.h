#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/reject.h"
#include "model/iep.h"
#include "model/marking.h"
#include "model/party.h"
#include "model/text.h"
#include "policy/rules.h"
#include "policy/standing.h"

// Who may receive what, and why: one pure function, no I/O, no clock, no global. docs/policy.md has the matrix.
namespace entente::policy {

struct ObjectFacts;  // policy/object_facts.h
enum class PersonalData { kUnstated, kNone, kPresent, kSpecial };
// Whether the signer wrote the object or passes on what others wrote. No check of the matrix reads it.
enum class SourceRole { kUnstated, kAuthor, kCustodian };
std::string_view Name(SourceRole role);  // "author", "custodian"; empty for unstated

// Everything signed into a statement that limits where its content may go.
struct Constraints {
  model::Label label = model::Label::kUnlabelled;
  model::Pap pap = model::Pap::kUnset;
  std::vector<std::string> rel_to, not_rel_to;  // nations, sorted
  bool orcon = false;
  absl::Time embargo_until = absl::InfinitePast();
  model::Label post_embargo_label = model::Label::kUnlabelled;
  std::vector<std::string> sector_to, purpose;  // sorted
  std::optional<uint32_t> hop_limit;
  PersonalData personal_data = PersonalData::kUnstated;
  SourceRole source_role = SourceRole::kUnstated;
  absl::Time retain_until = absl::InfiniteFuture();
  Bytes sg_id;                    // sharing group; empty for none
  std::vector<OrgId> addressees;  // organisations the publisher named; sorted; empty for none
  std::string exercise_id;        // empty in the operational lane
  bool operator==(const Constraints&) const = default;
};
// Bounds that CheckInput holds. A longer list, or a longer word in it, is malformed.
inline constexpr size_t kMaxNations = 300, kMaxWords = 64, kMaxWordBytes = model::kMaxWordBytes, kMaxAddressees = 1000;
inline constexpr size_t kSharingGroupIdSize = 32;

// Contradictions that are refused at publish, before any recipient is considered: kPolicyRelOnClear (rel_to,
// not_rel_to, orcon or a group on CLEAR), kMarking (unknown label, malformed or unsorted list, a nation both named and
// excluded, a label for after an embargo without one), kNoLabel. OK otherwise.
absl::Status CheckInput(const Constraints& constraints);

enum class Hop { kDirect, kOnward };
enum class Direction { kOut, kIn, kLocal };

struct Question {
  Constraints constraints;
  bool integrity = false;  // signatures, schema and suite were checked by whoever asks
  std::string quarantine;  // a RejectReason name when the object itself must be quarantined; else empty
  // As on file; the same organisation for a local read. On admission the recipient is this organisation and its ceiling
  // is that of the party it comes from.
  model::Party sender, recipient;
  bool agreement = false;  // the recipient (or, on admission, the sender) is accepted and not suspended
  Hop hop = Hop::kDirect;
  absl::Time now;

  // Beside the record. What is left unset is not known and permits nothing.
  Standing standing;  // of the recipient
  bool recalled = false;
  bool release_token = false;              // the origin's permission for this sender and recipient: the hop is direct
  std::optional<uint32_t> hops_made;       // onward hops behind it
  bool distributed = false;                // the sender got it as a distributor
  std::string lane;                        // the exercise in which this moves; empty in operations
  std::optional<model::Iep> iep;           // of the object
  std::optional<bool> names_victims;       // without their consent
  bool unattributed = false;               // its origin is not to be named onward (tlp:ex:chr)
  std::optional<std::string> legal_basis;  // of the personal data in it
  bool hotline = false;                 // hotline, communications check, recall, acknowledgement: goes on in suspension
  bool plaintext = false;               // leaves unencrypted, as an export
  std::optional<Direction> direction;   // seen from this node; a question at home is local anyway
  const ObjectFacts* object = nullptr;  // what local rules may ask of it; borrowed
  bool honours_obligations = false;     // whoever asks does what the permit asks for; else it is none
};

enum class Result { kPass, kFail, kSkip };
struct Step {
  std::string check;  // integrity, agreement, releasability, group, tlp, ...: docs/policy.md lists them in order
  Result result;
  std::string detail;
};

// Proof that Evaluate permitted one organisation to hold something under these constraints. Only Evaluate makes one;
// sealing, appending and every read demand it.
class Permit {
 public:
  const OrgId& recipient() const { return recipient_; }
  model::Label label() const { return label_; }  // that counted when it was made: the own one, or the embargo's
  const std::string& relationship() const { return relationship_; }  // what carried it: same_org, peer_nation, ...
  bool asks(Obligation what) const { return (obligations_ & static_cast<Obligations>(what)) != 0; }
  const std::vector<std::string>& removes() const { return removes_; }  // properties, of kRedact
  bool allows(Action what) const { return (actions_ & static_cast<Actions>(what)) != 0; }
  std::optional<uint32_t> hops_left() const { return hops_left_; }  // for the recipient; unset for no limit

 private:
  friend struct Engine;
  Permit() = default;
  OrgId recipient_;
  model::Label label_ = model::Label::kUnlabelled;
  std::string relationship_;
  Obligations obligations_ = 0;
  std::vector<std::string> removes_;
  Actions actions_ = 0;
  std::optional<uint32_t> hops_left_;
};
// What may go to whom the content may not. The signed plaintext is that of CLEAR, for a relay to carry.
enum class WithoutContent { kNothing, kMetadata, kEnvelope, kSignedPlaintext };
struct Denial {
  RejectReason reason;      // of the first failing check
  bool quarantine = false;  // the object is held back from everybody until somebody decides
  std::string remedy;       // what would have to change
  WithoutContent instead = WithoutContent::kNothing;
};
struct Decision {
  std::variant<Denial, Permit> outcome;
  std::vector<Step> trace;  // every check, in order; those behind a failing one are still evaluated
  std::string rule;         // id of the local rule that matched first and is no redaction; empty where none did
  bool permitted() const { return std::holds_alternative<Permit>(outcome); }
  const Permit* permit() const { return std::get_if<Permit>(&outcome); }
  const Denial* denial() const { return std::get_if<Denial>(&outcome); }
};

// Total and deterministic: the same question has the same answer on every machine. Anything unknown denies.
Decision Evaluate(const Rules& rules, const Question& question);

}  // namespace entente::policy
