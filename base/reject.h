#pragma once

#include <array>
#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace entente {

// Why something was refused. One list for every door: admission, publish, session, handshake, store, configuration.
// The name is the metric label and the audit code; docs/reject-reasons.md is generated from this table.
enum class RejectReason {
  kNone = 0,
  // What arrives from a peer.
  kHeader,         // E_HEADER: envelope header malformed
  kSuite,          // E_SUITE: suite not accepted
  kTime,           // E_TIME: expired, or too far in the future
  kReplay,         // E_REPLAY: this envelope was accepted before
  kNoSlot,         // E_NOSLOT: no slot for this node
  kKeyGone,        // E_KEYGONE: sealed to a prekey that was destroyed
  kKem,            // E_KEM: decapsulation refused
  kUnwrap,         // E_UNWRAP: slot does not open
  kCommit,         // E_COMMIT: key commitment differs
  kAead,           // E_AEAD: payload does not authenticate
  kTruncated,      // E_TRUNCATED
  kTrailing,       // E_TRAILING
  kParse,          // E_PARSE: signed body malformed or has unknown critical fields
  kSeal,           // E_SEAL: seal missing or names another envelope
  kNoKey,          // E_NOKEY: signed by a key that is not known
  kUnknownParty,   // E_PARTY: origin or peer not accepted here
  kKeyUse,         // E_KEYUSE: key not allowed to sign this
  kKeyPoint,       // E_KEYPOINT: public key not a valid point
  kSignature,      // E_SIG
  kAudience,       // E_AUDIENCE: not addressed to this organisation
  kContent,        // E_CONTENT: content differs from its commitment
  kGap,            // E_GAP: sequence or previous hash does not follow
  kEquivocation,   // E_EQUIV: two statements for one place in a stream
  kIdentity,       // E_IDENTITY: identity document or card malformed, or fingerprint differs
  kPrekey,         // E_PREKEY: prekey unsigned, expired or of another organisation
  kLimit,          // E_LIMIT: over a documented limit
  kBudget,         // E_BUDGET: peer over its credit or another budget
  kIdentityChain,  // E_IDCHAIN: a document does not continue the chain of versions on file
  kRollback,       // E_ROLLBACK: an older document than the one on file
  kFreeze,         // E_FREEZE: the newest document known has expired
  kFloor,          // E_FLOOR: a document lowers what may only rise
  kThreshold,      // E_THRESHOLD: fewer organisations signed than must
  kRevoked,        // E_REVOKED: signed by a revoked key, and nothing dates it before the cut-off
  kEpoch,          // E_EPOCH: sealed under an epoch that is not known here
  kEpochStale,     // E_EPOCHSTALE: sealed under an epoch that has ended
  kIssuer,         // E_ISSUER: an epoch by an organisation that may not issue it
  kMemberHash,     // E_MEMBERHASH: names a membership document that is not on file
  kSlotProof,      // E_SLOTPROOF: a slot is not at its place under the signed root
  kNotMember,      // E_NOTMEMBER: the sender or origin is no member of the group
  kChain,          // E_CHAIN: the forward chain does not hold
  kChainLabel,     // E_TLP: a forward opens the label
  kAuthority,      // E_AUTHORITY: a recall by somebody who may not recall this
  kNote,           // E_NOTE: a note or checkpoint is malformed
  // STIX content.
  kJson,           // E_JSON: not strict JSON
  kNoId,           // E_NOID: object without id
  kStix,           // E_STIX: not a STIX object
  kNoLabel,        // NO_LABEL: no TLP label
  kMarking,        // MARKING: unknown, malformed or contradictory marking
  kConflict,       // CONFLICT: something else is there already: other bytes, another peer, another node
  kOwner,          // OWNER: the id belongs to another origin
  kLabelLowered,   // LABEL_LOWERED: a given label may be raised, not lowered
  // Policy (design matrix and overlays).
  kPolicyTlp,          // TLP
  kPolicyAgreement,    // AGR_NONE
  kPolicyScope,        // AGR_SCOPE
  kPolicyRel,          // REL
  kPolicyRelOnClear,   // REL_ON_CLEAR
  kPolicyOrcon,        // ORCON
  kPolicyGroup,        // SG
  kPolicyEmbargo,      // EMBARGO
  kPolicyExercise,     // EX_LANE
  kPolicySector,       // SECTOR
  kPolicyAddressee,    // NOT_ADDRESSED
  kPolicyHops,         // HOPS
  kPolicyUnsupported,  // UNSUPPORTED: a constraint this version cannot evaluate
  kPolicyRecalled,     // RECALLED
  kPolicySuspended,    // AGR_SUSPENDED
  kPolicyLegalBasis,   // LEGAL_BASIS_LAPSED
  kPolicyCoalition,    // COALITION_EXPIRED
  kPolicyNoBasis,      // PD_NO_BASIS
  kPolicySpecial,      // PD_SPECIAL
  kPolicyIepDate,      // IEP_DATE
  kPolicyIepPlain,     // IEP_PLAIN
  kPolicyIepResale,    // IEP_RESALE
  kPolicyPap,          // PAP_UNATTESTED
  kPolicyPurpose,      // PURPOSE
  kPolicyRule,         // LOCAL_RULE
  // This node.
  kNotFound,       // NOT_FOUND
  kUsage,          // USAGE
  kConfig,         // CONFIG
  kStoreLocked,    // STORE_LOCKED
  kStoreCorrupt,   // STORE_CORRUPT
  kStoreShort,     // STORE_SHORT: store is shorter than its signed head
  kRolledBack,     // ROLLED_BACK: a peer has seen a newer head of this node
  kDiskFull,       // DISK_FULL
  kStoreIo,        // STORE_IO
  kKeystore,       // E_KEYSTORE
  kSelfTest,       // E_SELFTEST
  kUnavailable,    // UNAVAILABLE: stopping, or not ready
  kPeerDown,       // PEER_DOWN
  kInternal,       // INTERNAL: a fault of this program, never of a peer
  kHsm,            // E_HSM: the token of a signing key does not answer
  kNotKept,        // NOT_KEPT: valid, and of a kind that this version does not keep
  kRulesOpen,      // RULES_OPEN: local rules would let more flow than their operator said may
  kRole,           // ROLE: whoever asks has no role, or no seat, that allows it
  kSecondOfficer,  // SECOND_OFFICER: the label is one for which two officers are needed
  kCount,
};

struct RejectEntry {
  RejectReason reason;
  std::string_view name;   // metric label, audit code; stable
  std::string_view code;   // "ENT-1001", for `entente help`; stable
  absl::StatusCode grpc;   // never kInternal for a peer's fault
  int http;
  std::string_view meaning;
};

// The table row of `reason`. Total: every enumerator has one (reject_test.cc).
const RejectEntry& Describe(RejectReason reason);
std::span<const RejectEntry> AllRejectReasons();

// A status that carries `reason`; `message` says what, why and what to do, and never holds a secret or an indicator value.
absl::Status Reject(RejectReason reason, std::string_view message);
// The reason a status carries; kNone for OK; kInternal where none was attached.
RejectReason ReasonOf(const absl::Status& status);

// The one sentence every peer gets, whatever the reason.
inline constexpr std::string_view kPeerRefusal = "refused; ask the operator of the receiving node";

}  // namespace entente
