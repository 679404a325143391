#include "base/reject.h"

#include "absl/strings/cord.h"

namespace entente {
namespace {

constexpr std::string_view kReasonUrl = "entente.v1/reason";

constexpr auto kTable = std::to_array<RejectEntry>({
    {RejectReason::kNone, "NONE", "ENT-0", absl::StatusCode::kOk, 200, "nothing was refused"},
    {RejectReason::kHeader, "E_HEADER", "ENT-1001", absl::StatusCode::kInvalidArgument, 422, "envelope header malformed"},
    {RejectReason::kSuite, "E_SUITE", "ENT-1002", absl::StatusCode::kInvalidArgument, 422, "suite not accepted"},
    {RejectReason::kTime, "E_TIME", "ENT-1003", absl::StatusCode::kOutOfRange, 422, "expired, or too far in the future"},
    {RejectReason::kReplay, "E_REPLAY", "ENT-1004", absl::StatusCode::kAlreadyExists, 409, "this envelope was accepted before"},
    {RejectReason::kNoSlot, "E_NOSLOT", "ENT-1005", absl::StatusCode::kInvalidArgument, 422, "no slot for this node"},
    {RejectReason::kKeyGone, "E_KEYGONE", "ENT-1006", absl::StatusCode::kFailedPrecondition, 422, "sealed to a prekey that was destroyed"},
    {RejectReason::kKem, "E_KEM", "ENT-1007", absl::StatusCode::kInvalidArgument, 422, "decapsulation refused"},
    {RejectReason::kUnwrap, "E_UNWRAP", "ENT-1008", absl::StatusCode::kInvalidArgument, 422, "slot does not open"},
    {RejectReason::kCommit, "E_COMMIT", "ENT-1009", absl::StatusCode::kInvalidArgument, 422, "key commitment differs"},
    {RejectReason::kAead, "E_AEAD", "ENT-1010", absl::StatusCode::kInvalidArgument, 422, "payload does not authenticate"},
    {RejectReason::kTruncated, "E_TRUNCATED", "ENT-1011", absl::StatusCode::kInvalidArgument, 422, "payload ends before its last chunk"},
    {RejectReason::kTrailing, "E_TRAILING", "ENT-1012", absl::StatusCode::kInvalidArgument, 422, "bytes after the last chunk"},
    {RejectReason::kParse, "E_PARSE", "ENT-1013", absl::StatusCode::kInvalidArgument, 422, "signed body malformed or has unknown critical fields"},
    {RejectReason::kSeal, "E_SEAL", "ENT-1014", absl::StatusCode::kInvalidArgument, 422, "seal missing or names another envelope"},
    {RejectReason::kNoKey, "E_NOKEY", "ENT-1015", absl::StatusCode::kUnauthenticated, 422, "signed by a key that is not known"},
    {RejectReason::kUnknownParty, "E_PARTY", "ENT-1016", absl::StatusCode::kUnauthenticated, 422, "origin or peer not accepted here"},
    {RejectReason::kKeyUse, "E_KEYUSE", "ENT-1017", absl::StatusCode::kInvalidArgument, 422, "key not allowed to sign this"},
    {RejectReason::kKeyPoint, "E_KEYPOINT", "ENT-1018", absl::StatusCode::kInvalidArgument, 422, "public key not a valid point"},
    {RejectReason::kSignature, "E_SIG", "ENT-1019", absl::StatusCode::kUnauthenticated, 422, "signature does not verify"},
    {RejectReason::kAudience, "E_AUDIENCE", "ENT-1020", absl::StatusCode::kInvalidArgument, 422, "not addressed to this organisation"},
    {RejectReason::kContent, "E_CONTENT", "ENT-1021", absl::StatusCode::kInvalidArgument, 422, "content differs from its commitment"},
    {RejectReason::kGap, "E_GAP", "ENT-1022", absl::StatusCode::kOutOfRange, 422, "sequence or previous hash does not follow"},
    {RejectReason::kEquivocation, "E_EQUIV", "ENT-1023", absl::StatusCode::kInvalidArgument, 422, "two statements for one place in a stream"},
    {RejectReason::kIdentity, "E_IDENTITY", "ENT-1024", absl::StatusCode::kInvalidArgument, 422, "identity document or card malformed, or fingerprint differs"},
    {RejectReason::kPrekey, "E_PREKEY", "ENT-1025", absl::StatusCode::kInvalidArgument, 422, "prekey unsigned, expired or of another organisation"},
    {RejectReason::kLimit, "E_LIMIT", "ENT-1026", absl::StatusCode::kResourceExhausted, 413, "over a documented limit"},
    {RejectReason::kBudget, "E_BUDGET", "ENT-1027", absl::StatusCode::kResourceExhausted, 429, "peer over its credit or another budget"},
    {RejectReason::kIdentityChain, "E_IDCHAIN", "ENT-1028", absl::StatusCode::kInvalidArgument, 422, "a document does not continue the chain of versions on file"},
    {RejectReason::kRollback, "E_ROLLBACK", "ENT-1029", absl::StatusCode::kFailedPrecondition, 409, "an older document than the one on file"},
    {RejectReason::kFreeze, "E_FREEZE", "ENT-1030", absl::StatusCode::kFailedPrecondition, 422, "the newest document known has expired"},
    {RejectReason::kFloor, "E_FLOOR", "ENT-1031", absl::StatusCode::kInvalidArgument, 422, "a document lowers what may only rise"},
    {RejectReason::kThreshold, "E_THRESHOLD", "ENT-1032", absl::StatusCode::kUnauthenticated, 422, "fewer organisations signed than must"},
    {RejectReason::kRevoked, "E_REVOKED", "ENT-1033", absl::StatusCode::kUnauthenticated, 422, "signed by a revoked key, and nothing dates it before the cut-off"},
    {RejectReason::kEpoch, "E_EPOCH", "ENT-1034", absl::StatusCode::kFailedPrecondition, 422, "sealed under an epoch that is not known here"},
    {RejectReason::kEpochStale, "E_EPOCHSTALE", "ENT-1035", absl::StatusCode::kFailedPrecondition, 422, "sealed under an epoch that has ended"},
    {RejectReason::kIssuer, "E_ISSUER", "ENT-1036", absl::StatusCode::kPermissionDenied, 422, "an epoch by an organisation that may not issue it"},
    {RejectReason::kMemberHash, "E_MEMBERHASH", "ENT-1037", absl::StatusCode::kFailedPrecondition, 422, "names a membership document that is not on file"},
    {RejectReason::kSlotProof, "E_SLOTPROOF", "ENT-1038", absl::StatusCode::kInvalidArgument, 422, "a slot is not at its place under the signed root"},
    {RejectReason::kNotMember, "E_NOTMEMBER", "ENT-1039", absl::StatusCode::kPermissionDenied, 422, "the sender or origin is no member of the group"},
    {RejectReason::kChain, "E_CHAIN", "ENT-1040", absl::StatusCode::kInvalidArgument, 422, "the forward chain does not hold"},
    {RejectReason::kChainLabel, "E_TLP", "ENT-1041", absl::StatusCode::kInvalidArgument, 422, "a forward opens the label"},
    {RejectReason::kAuthority, "E_AUTHORITY", "ENT-1042", absl::StatusCode::kPermissionDenied, 422, "a recall by somebody who may not recall this"},
    {RejectReason::kNote, "E_NOTE", "ENT-1043", absl::StatusCode::kInvalidArgument, 422, "a note or checkpoint is malformed"},
    {RejectReason::kJson, "E_JSON", "ENT-2001", absl::StatusCode::kInvalidArgument, 422, "not strict JSON"},
    {RejectReason::kNoId, "E_NOID", "ENT-2002", absl::StatusCode::kInvalidArgument, 422, "object without id"},
    {RejectReason::kStix, "E_STIX", "ENT-2003", absl::StatusCode::kInvalidArgument, 422, "not a STIX object"},
    {RejectReason::kNoLabel, "NO_LABEL", "ENT-2004", absl::StatusCode::kInvalidArgument, 422, "no TLP label"},
    {RejectReason::kMarking, "MARKING", "ENT-2005", absl::StatusCode::kInvalidArgument, 422, "unknown, malformed or contradictory marking"},
    {RejectReason::kConflict, "CONFLICT", "ENT-2006", absl::StatusCode::kAlreadyExists, 409, "something else is there already: other bytes, another peer, another node"},
    {RejectReason::kOwner, "OWNER", "ENT-2007", absl::StatusCode::kPermissionDenied, 409, "the id belongs to another origin"},
    {RejectReason::kLabelLowered, "LABEL_LOWERED", "ENT-2008", absl::StatusCode::kInvalidArgument, 422, "a given label may be raised, not lowered"},
    {RejectReason::kPolicyTlp, "TLP", "ENT-3001", absl::StatusCode::kPermissionDenied, 403, "the TLP label does not permit this recipient"},
    {RejectReason::kPolicyAgreement, "AGR_NONE", "ENT-3002", absl::StatusCode::kPermissionDenied, 403, "no agreement with this party is on file"},
    {RejectReason::kPolicyScope, "AGR_SCOPE", "ENT-3003", absl::StatusCode::kPermissionDenied, 403, "the label is above the ceiling agreed with this party"},
    {RejectReason::kPolicyRel, "REL", "ENT-3004", absl::StatusCode::kPermissionDenied, 403, "the recipient's nation is not among those it is releasable to"},
    {RejectReason::kPolicyRelOnClear, "REL_ON_CLEAR", "ENT-3005", absl::StatusCode::kPermissionDenied, 403, "a release restriction on TLP:CLEAR is a contradiction"},
    {RejectReason::kPolicyOrcon, "ORCON", "ENT-3006", absl::StatusCode::kPermissionDenied, 403, "the originator controls onward release"},
    {RejectReason::kPolicyGroup, "SG", "ENT-3007", absl::StatusCode::kPermissionDenied, 403, "the recipient is not a member of the sharing group"},
    {RejectReason::kPolicyEmbargo, "EMBARGO", "ENT-3008", absl::StatusCode::kPermissionDenied, 403, "the embargo is still running"},
    {RejectReason::kPolicyExercise, "EX_LANE", "ENT-3009", absl::StatusCode::kPermissionDenied, 403, "exercise material stays in its exercise"},
    {RejectReason::kPolicySector, "SECTOR", "ENT-3010", absl::StatusCode::kPermissionDenied, 403, "the recipient is not in the named sectors"},
    {RejectReason::kPolicyAddressee, "NOT_ADDRESSED", "ENT-3011", absl::StatusCode::kPermissionDenied, 403, "the publisher named addressees and this is none of them"},
    {RejectReason::kPolicyHops, "HOPS", "ENT-3012", absl::StatusCode::kPermissionDenied, 403, "onward sharing is not permitted"},
    {RejectReason::kPolicyUnsupported, "UNSUPPORTED", "ENT-3013", absl::StatusCode::kPermissionDenied, 403, "a constraint this version cannot evaluate"},
    {RejectReason::kPolicyRecalled, "RECALLED", "ENT-3014", absl::StatusCode::kPermissionDenied, 403, "it was recalled"},
    {RejectReason::kPolicySuspended, "AGR_SUSPENDED", "ENT-3015", absl::StatusCode::kPermissionDenied, 403, "the agreement with this party is suspended"},
    {RejectReason::kPolicyLegalBasis, "LEGAL_BASIS_LAPSED", "ENT-3016", absl::StatusCode::kPermissionDenied, 403, "the legal basis of the agreement has lapsed"},
    {RejectReason::kPolicyCoalition, "COALITION_EXPIRED", "ENT-3017", absl::StatusCode::kPermissionDenied, 403, "the coalition behind the sharing group has ended"},
    {RejectReason::kPolicyNoBasis, "PD_NO_BASIS", "ENT-3018", absl::StatusCode::kPermissionDenied, 403, "personal data may not cross this border on what is stated"},
    {RejectReason::kPolicySpecial, "PD_SPECIAL", "ENT-3019", absl::StatusCode::kPermissionDenied, 403, "special personal data stays in its organisation"},
    {RejectReason::kPolicyIepDate, "IEP_DATE", "ENT-3020", absl::StatusCode::kPermissionDenied, 403, "its IEP policy does not count now"},
    {RejectReason::kPolicyIepPlain, "IEP_PLAIN", "ENT-3021", absl::StatusCode::kPermissionDenied, 403, "its IEP policy forbids plaintext"},
    {RejectReason::kPolicyIepResale, "IEP_RESALE", "ENT-3022", absl::StatusCode::kPermissionDenied, 403, "its IEP policy forbids resale"},
    {RejectReason::kPolicyPap, "PAP_UNATTESTED", "ENT-3023", absl::StatusCode::kPermissionDenied, 403, "the recipient has not attested to keep PAP"},
    {RejectReason::kPolicyPurpose, "PURPOSE", "ENT-3024", absl::StatusCode::kPermissionDenied, 403, "the recipient's use is not permitted"},
    {RejectReason::kPolicyRule, "LOCAL_RULE", "ENT-3025", absl::StatusCode::kPermissionDenied, 403, "a local rule keeps it back"},
    {RejectReason::kNotFound, "NOT_FOUND", "ENT-4001", absl::StatusCode::kNotFound, 404, "no such object or peer"},
    {RejectReason::kUsage, "USAGE", "ENT-4002", absl::StatusCode::kInvalidArgument, 400, "the command was not understood"},
    {RejectReason::kConfig, "CONFIG", "ENT-4003", absl::StatusCode::kInvalidArgument, 400, "the configuration is not valid"},
    {RejectReason::kStoreLocked, "STORE_LOCKED", "ENT-4004", absl::StatusCode::kFailedPrecondition, 503, "another daemon holds this store"},
    {RejectReason::kStoreCorrupt, "STORE_CORRUPT", "ENT-4005", absl::StatusCode::kDataLoss, 503, "stored bytes do not check"},
    {RejectReason::kStoreShort, "STORE_SHORT", "ENT-4006", absl::StatusCode::kDataLoss, 503, "store is shorter than its signed head"},
    {RejectReason::kRolledBack, "ROLLED_BACK", "ENT-4007", absl::StatusCode::kDataLoss, 503, "a peer has seen a newer head of this node"},
    {RejectReason::kDiskFull, "DISK_FULL", "ENT-4008", absl::StatusCode::kResourceExhausted, 507, "free space is under the floor"},
    {RejectReason::kStoreIo, "STORE_IO", "ENT-4009", absl::StatusCode::kUnavailable, 503, "the disk refused a read or write"},
    {RejectReason::kKeystore, "E_KEYSTORE", "ENT-4010", absl::StatusCode::kFailedPrecondition, 503, "the keystore does not open"},
    {RejectReason::kSelfTest, "E_SELFTEST", "ENT-4011", absl::StatusCode::kFailedPrecondition, 503, "a start-up known-answer test failed"},
    {RejectReason::kUnavailable, "UNAVAILABLE", "ENT-4012", absl::StatusCode::kUnavailable, 503, "stopping, or not ready"},
    {RejectReason::kPeerDown, "PEER_DOWN", "ENT-4013", absl::StatusCode::kUnavailable, 503, "no session with this peer"},
    {RejectReason::kInternal, "INTERNAL", "ENT-4014", absl::StatusCode::kInternal, 500, "a fault of this program, never of a peer"},
    {RejectReason::kHsm, "E_HSM", "ENT-4015", absl::StatusCode::kUnavailable, 503, "the token of a signing key does not answer"},
    {RejectReason::kNotKept, "NOT_KEPT", "ENT-4016", absl::StatusCode::kUnimplemented, 501, "valid, and of a kind that this version does not keep"},
    {RejectReason::kRulesOpen, "RULES_OPEN", "ENT-3026", absl::StatusCode::kFailedPrecondition, 409, "the local rules let objects above GREEN flow that do not flow now"},
    {RejectReason::kRole, "ROLE", "ENT-3040", absl::StatusCode::kPermissionDenied, 403, "whoever asks at the admin socket has no role that allows it"},
    {RejectReason::kSecondOfficer, "SECOND_OFFICER", "ENT-3041", absl::StatusCode::kFailedPrecondition, 409, "what has this label is published by a second officer"},
});
static_assert(kTable.size() == static_cast<size_t>(RejectReason::kCount));

}  // namespace

const RejectEntry& Describe(RejectReason reason) {
  const auto index = static_cast<size_t>(reason);
  return kTable[index < kTable.size() ? index : static_cast<size_t>(RejectReason::kInternal)];
}

std::span<const RejectEntry> AllRejectReasons() { return kTable; }

absl::Status Reject(RejectReason reason, std::string_view message) {
  const RejectEntry& info = Describe(reason);
  absl::Status status(info.grpc, std::string(message));
  status.SetPayload(std::string(kReasonUrl), absl::Cord(std::string(info.name)));
  return status;
}

RejectReason ReasonOf(const absl::Status& status) {
  if (status.ok()) return RejectReason::kNone;
  const auto payload = status.GetPayload(std::string(kReasonUrl));
  if (!payload.has_value()) return RejectReason::kInternal;
  for (const RejectEntry& info : kTable) {
    if (std::string(*payload) == info.name) return info.reason;
  }
  return RejectReason::kInternal;
}

}  // namespace entente
