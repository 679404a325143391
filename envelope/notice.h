#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/cosign.h"
#include "trust/parties.h"

// What is said about statements that are out already: recalls and receipts (docs/formats/notices.md). Pure functions; what a notice
// does is exchange's.
namespace entente::envelope {

inline constexpr size_t kMaxNotices = 256;         // recalls of one envelope, and receipts of one
inline constexpr size_t kMaxRecallSignatures = 64;
using RecallId = FixedBytes<32, struct RecallIdTag>;    // SHA-256 of the recall's PAE
using ReceiptId = FixedBytes<32, struct ReceiptIdTag>;  // SHA-256 of the receipt's PAE

// A recall whose form and signatures hold. Made by CheckRecall alone. Whether its signers may recall a target is decided at once for
// authority origin, and by CheckAuthority once a target is on file for the others.
struct Recall {
  RecallId id;
  OrgId origin;
  std::vector<StatementId> targets;       // ascending
  std::vector<StatementId> replacements;  // one per target, or none
  v1::RecallAction action = v1::RECALL_ACTION_UNSPECIFIED;
  v1::RecallReason reason = v1::RECALL_REASON_UNSPECIFIED;
  v1::RecallAuthority authority = v1::RECALL_AUTHORITY_UNSPECIFIED;
  std::optional<GroupId> group;           // exactly for authority group
  std::vector<OrgId> signers;             // on file, their signatures checked; ascending, each once
  absl::Time time;
  std::string exercise_id;
};
// Refuses with kParse, kLimit, kUnknownParty (no signer on file), the keys' errors, kSignature for any false one, kTime, kAuthority.
absl::StatusOr<Recall> CheckRecall(const v1::SignedRecall& wire, const trust::Parties& parties, absl::Time now);

// A target as it is on file.
struct RecallTarget {
  OrgId origin;
  std::optional<JointTerms> joint;
  std::string exercise_id;
};
// Whether authority origin or cosigners reaches `target`. Refuses with kAuthority and kThreshold. Authority of a group is kAuthority here: no
// membership is known yet.
absl::Status CheckAuthority(const Recall& recall, const RecallTarget& target);

struct RecallTerms {
  OrgId origin;
  std::vector<StatementId> targets, replacements;  // targets ascending
  v1::RecallAction action = v1::RECALL_ACTION_DELETE;
  v1::RecallReason reason = v1::RECALL_REASON_ERROR;
  v1::RecallAuthority authority = v1::RECALL_AUTHORITY_ORIGIN;
  std::string exercise_id;
};
// Unsigned; SignRecall adds one organisation's signature, several sign one body in turn. It refuses as the
// signer does (kHsm) and adds nothing then.
v1::SignedRecall MakeRecall(const RecallTerms& terms, absl::Time now);
absl::Status SignRecall(const trust::Self& self, v1::SignedRecall& recall);

// A receipt whose form and signature hold.
struct Receipt {
  ReceiptId id;
  OrgId org;
  std::vector<StatementId> subjects;  // ascending
  v1::ReceiptKind kind = v1::RECEIPT_KIND_UNSPECIFIED;
  std::optional<RecallId> recall;     // exactly for kinds recalled, legal hold and refused
  uint32_t passed_on = 0, outstanding = 0;
  uint64_t leaf_index = 0;
  absl::Time time;
  std::string exercise_id;
};
// `self` is who the receipt must be for. Refuses with kParse, kLimit, kUnknownParty, the keys' errors, kSignature, kAudience, kTime.
absl::StatusOr<Receipt> CheckReceipt(const v1::SignedBody& wire, const trust::Parties& parties, const OrgId& self,
                                     absl::Time now);
// `receipt.id` and `receipt.org` are ignored.
absl::StatusOr<v1::SignedBody> MakeReceipt(const trust::Self& self, const OrgId& to, const Receipt& receipt,
                                           absl::Time now);

using SignedRecalls = google::protobuf::RepeatedPtrField<v1::SignedRecall>;
// Names of bodies that need not hold, each in the lane that it claims.
RecallId RecallIdOf(ByteView body);
ReceiptId ReceiptIdOf(ByteView body);
// LH("entente/1/notices", every recall's id, then every receipt's, in order): what a seal says of its notices.
Digest NoticesHash(const SignedRecalls& recalls, const SignedBodies& receipts);

}  // namespace entente::envelope
