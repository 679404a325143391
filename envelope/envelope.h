#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/forward.h"
#include "envelope/notice.h"
#include "envelope/statement.h"
#include "policy/policy.h"
#include "trust/directory.h"
#include "trust/identity.h"
#include "trust/prekey.h"

namespace entente::trust {
class GroupDirectory;
class Memberships;
}

// Signed statements and notices <-> sealed envelopes (docs/formats/envelope.md, receiving.md). Everything here is a
// pure function of its arguments and fresh randomness; safe from any thread. `groups` is what this node follows; null
// where it follows none.
namespace entente::envelope {

// What a seal carries of one statement; everything is borrowed for the call. `path` empty when all of the batch goes.
struct Sealable {
  ByteView body, salt, content;
  uint32_t index = 0;
  std::vector<Digest> path;
};
// Statements of one batch and what goes with them, each as its signer made it.
struct Cargo {
  const v1::SignedBody& batch;
  const std::vector<Sealable>& statements;
  SignedBodies forwards =
      {};  // first hop first; the last is this organisation's, unless it seals as origin or as an addressee
  SignedBodies cosignatures = {}, permissions = {};
};
struct Notices {
  SignedRecalls recalls = {};
  SignedBodies receipts = {};
};
// To whom an envelope is sealed, with policy's permit for each of its statements, in their order.
struct Recipient {
  trust::Prekey prekey;
  std::vector<policy::Permit> permits;
};
// Seals statements of one batch to `recipients` (1 to 1000), one slot and one encapsulation each. Gives: nobody else
// reads it, and each recipient can tell who sealed it and what was in it. Does not check the signatures inside, which
// the caller's store vouches for. Refuses with kLimit; kPrekey for a recipient's bad or expired prekey, or one named
// twice; kAudience for a recipient outside the audience of the last forward, else of the statements, or where this
// organisation may not seal; kChain for forwards that do not follow one another; kMemberHash for an audience that is a
// group whose documents are not here, kNotMember for who is not in it now and kFreeze; kSignature or kParse for
// statements that are not of the batch; kInternal where a permit is missing, or another organisation's.
absl::StatusOr<Bytes> SealDirect(const trust::Self& self, const Cargo& cargo, const std::vector<Recipient>& recipients,
                                 absl::Time now, const trust::Memberships* groups);
// The same for notices, which go along every path that the statements took: no audience is asked and no permit. Refuses
// with kLimit, kPrekey, and kParse without a notice.
absl::StatusOr<Bytes> SealDirect(const trust::Self& self, const Notices& notices,
                                 const std::vector<trust::Prekey>& recipients, absl::Time now);

// Policy's permit for a member to get the statement at a place in the cargo; null where there is none.
using PermitOf = absl::FunctionRef<const policy::Permit*(const OrgId& member, size_t statement)>;
// Seals to all who are in `group` now, under its epoch, with no slot and no encapsulation. Gives: nobody reads it who
// was not given the epoch's secret, and each member can tell who sealed it. Does not keep a member from handing the
// secret on. Refuses as SealDirect and GroupDirectory::ToSealUnder do, and with kAudience where a member is outside the
// audience that was signed: an epoch that a removal or a leave has ended is not sealed under.
absl::StatusOr<Bytes> SealGroup(const trust::Self& self, const Cargo& cargo, const GroupId& group, PermitOf permit,
                                const trust::GroupDirectory& groups, absl::Time now);
// The same for recalls. A receipt is for one organisation, and goes to it alone.
absl::StatusOr<Bytes> SealGroup(const trust::Self& self, const SignedRecalls& recalls, const GroupId& group,
                                const trust::GroupDirectory& groups, absl::Time now);

// A decrypted envelope: nothing inside is trusted yet. Only Open makes one; only Verify reads inside.
class OpenedEnvelope {
 public:
  const EnvelopeId& id() const { return id_; }
  uint32_t expires_hour() const { return expires_hour_; }  // hours since 1970

 private:
  friend struct Opener;
  friend struct StatementMaker;
  OpenedEnvelope() = default;
  EnvelopeId id_;
  uint32_t expires_hour_ = 0;
  Digest h_core_, commitment_;
  Bytes payload_;                                           // padding removed
  std::shared_ptr<const trust::Membership> epoch_members_;  // null in direct mode
};
// Cheap to dear: size, magic, suite, hours, `seen` (replay), slot and decapsulation or epoch, key commitment, AEAD to
// the last chunk. Gives: some sealer meant these bytes for this node or its group, and no other plaintext fits them.
// Does not say who that was. Refuses with kLimit, kHeader, kSuite, kTime, kReplay, kNoSlot, kKeyGone, kKem, kUnwrap,
// kEpoch, kEpochStale, kFreeze, kNotMember, kCommit, kAead, kTruncated, kTrailing. `seen` may be stale: the journal
// decides replay again when it commits.
absl::StatusOr<OpenedEnvelope> Open(ByteView wire, const OrgId& self, const trust::PrekeyRing& prekeys, absl::Time now,
                                    const std::function<bool(const EnvelopeId&)>& seen,
                                    const trust::GroupDirectory* groups);

// Everything an envelope said, checked. Only Verify makes one.
struct VerifiedEnvelope {
  EnvelopeId id;
  uint32_t expires_hour = 0;
  std::optional<Batch> batch;         // none in an envelope of notices
  std::vector<OrgId> cosigners = {};  // whose word counts, the origin's too; empty without joint terms
  std::vector<Hop> hops = {};         // first one first; empty where it came without forwards
  std::vector<Recall> recalls = {};   // their authority over each target is CheckAuthority's
  std::vector<Receipt> receipts = {};
  v1::Payload beside = {};  // co-signatures, forwards, permissions, recalls and receipts as they were signed
};
// Steps 15 to 33 of docs/formats/receiving.md. Gives: the accepted `from` sealed exactly this in this envelope; an
// accepted origin, and as many co-signers as it asks for, signed each statement with a key that counts; every hop was
// made by whom the one before reached; this organisation is in the audience that counts. Does not ask replay, the
// stream's position, policy, or whether targets of recalls are on file: the caller does. All or nothing. Refuses with
// kParse, kLimit, kSeal, kUnknownParty, kSignature, kNoKey, kKeyUse, kTime, kRevoked, kFreeze, kAudience, kMemberHash,
// kNotMember, kThreshold, kChain, kChainLabel, kAuthority, kContent, kGap.
absl::StatusOr<VerifiedEnvelope> Verify(OpenedEnvelope opened, const trust::Directory& parties, const OrgId& from,
                                        absl::Time now, const trust::Memberships* groups);

// Re-checks stored statements for fsck: signature over the batch, place in it, content commitment. `statement_ids` are
// the whole batch's when known. Does not ask revocations, co-signatures or forwards. Refuses with kSignature, kContent,
// kParse.
absl::Status Recheck(const trust::Identity& origin, const v1::SignedBody& batch, const Sealable& statement,
                     const std::vector<StatementId>& statement_ids);

}  // namespace entente::envelope
