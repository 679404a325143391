#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "trust/epoch_issuer.h"
#include "trust/epoch_ring.h"
#include "trust/membership_history.h"
#include "trust/memberships.h"

namespace entente::trust {

inline constexpr size_t kMaxGroups = 256;  // followed by one node
inline constexpr size_t kMaxGroupsOfFounder =
    16;  // of these: that one party signed version 1 of, without this organisation

// An epoch as messages are sealed and opened under it. Whoever has it keeps the secret alive: let it go soon.
struct EpochUse {
  std::shared_ptr<const Membership> membership;  // the version that the epoch is for
  uint64_t number = 0;
  absl::Time not_before, not_after;
  RouteTag tag;
  std::shared_ptr<const crypto::EpochSecret> secret;
};

// What there is to say of an epoch on file.
struct EpochFacts {
  Epoch epoch;
  EpochState state = EpochState::kAnnounced;
  bool held = false;  // its secret is here
};

// The groups that this node follows: their documents, logs, epochs and leaves. What comes in is checked as a whole,
// persisted by the caller's function and then seen by readers, who get snapshots and wait for no check. Safe from any
// thread.
class GroupDirectory : public Memberships {
 public:
  // All outlive this. `self` is this organisation, which `parties` knows.
  GroupDirectory(const Parties& parties, const OrgId& self, const PrekeyRing& prekeys, crypto::Keystore& keystore);

  // A run of membership documents and log entries of `group`, as MembershipHistory::TakeIn takes it. The first run of a
  // group begins with version 1 and must come to a version with this organisation in it, else nothing of it is taken:
  // kUnknownParty. Refuses as TakeIn does, and with kLimit beyond kMaxGroups and kMaxGroupsOfFounder. Where they are
  // reached, a group that is over for this organisation gives way: one that it is out of, or whose newest document
  // expired kCatchUpWindow ago.
  absl::Status TakeDocuments(const GroupId& group, std::span<const GroupDocument> run, const Arrival& arrival,
                             MembershipHistory::PersistEach persist);
  // An epoch with this member's slot; its log entry is a document of its own. Steps 1 to 14 of docs/formats/epoch.md.
  // After kNoSlot, kKeyGone, kKem, kUnwrap and kCommit the epoch is on file without its secret, which a re-wrap or
  // another delivery may bring; after any other refusal nothing has changed. From the journal, which keeps no slot, it
  // takes the secret that the keystore has.
  absl::Status TakeEpoch(const v1::EpochDelivery& delivery, const Arrival& arrival, Persist persist);
  // The secret of an epoch on file once more, which goes to the keystore alone. Refuses with kLimit, kParse,
  // kUnknownParty, kFreeze, kIssuer, the keys' errors, kSignature, kTime, kAudience, kEpoch, kEpochStale, kNotMember,
  // and as steps 12 to 14.
  absl::Status TakeRewrap(const v1::SignedBody& wire, const Arrival& arrival);
  // The tag of an epoch on file whose secret may be gone, from the journal. Another epoch is passed over.
  void NoteTag(const GroupId& group, const EpochId& epoch, const RouteTag& tag);
  // Called with each epoch whose secret came, under the lock of changes. Set once, before anything is taken in.
  using Opened = std::function<void(const GroupId&, const EpochId&, const RouteTag&)>;
  void OnOpened(Opened opened) { opened_ = std::move(opened); }
  // A member's leave. Refuses with kLimit, kParse, kUnknownParty and as CheckLeave.
  absl::Status TakeLeave(const v1::SignedBody& wire, const Arrival& arrival, Persist persist);

  // Null for a group that is not followed, and before its first version counts.
  std::shared_ptr<const Membership> Newest(const GroupId& group) const;
  std::shared_ptr<const Membership> Version(const MembershipRef& ref) const override;
  // A copy of what is on file of `group`, to hand out or to go on from. Nothing for a group that is not followed.
  std::optional<MembershipHistory> History(const GroupId& group) const;

  // Ascending.
  std::vector<GroupId> All() const;
  // On file from `number` on, ascending, `limit` at most. Nothing for a group that is not followed.
  std::vector<EpochFacts> Epochs(const GroupId& group, uint64_t number, size_t limit, absl::Time now) const;
  // Who left by its own word and is still in the newest version.
  std::vector<OrgId> Left(const GroupId& group) const;

  absl::Status CheckMember(const GroupId& group, const OrgId& org, absl::Time now) const override;

  // What an envelope with this tag is opened under now. Refuses with kEpoch (none, or not begun), kEpochStale, kFreeze
  // and kNotMember, which may pass, but the last.
  absl::StatusOr<EpochUse> ForTag(const RouteTag& tag, absl::Time now) const;
  // What to seal under now. Refuses with kUnknownParty, kFreeze, kSuite, kNotMember, and with kEpochStale where the
  // next epoch must come first.
  absl::StatusOr<EpochUse> ToSealUnder(const GroupId& group, absl::Time now) const;

  // Why this issuer has to issue the next epoch now; nothing where it has not.
  std::optional<v1::EpochReason> RekeyDue(const GroupId& group, absl::Time now) const;
  // The next epoch; `prekeys` are valid ones of members, this one's included. It is on file only once this member's own
  // delivery was taken. Refuses as IssueEpoch does, and with kUnknownParty, kFreeze and kSuite.
  absl::StatusOr<v1::EpochSlots> Issue(const Self& self, const GroupId& group, std::span<const Prekey> prekeys,
                                       v1::EpochReason reason, absl::Time now) const;
  // An epoch's secret for the owner of `recipient`. Refuses as MakeRewrap does, with kEpoch for one that is not on
  // file, with kEpochStale for one whose secret is not held any more, with kNotMember for who was out of the group
  // since, and with kPrekey where the recipient's identity document is older than the group asks for.
  absl::StatusOr<v1::SignedBody> RewrapFor(const Self& self, const GroupId& group, const EpochId& epoch,
                                           const Prekey& recipient, absl::Time now) const;
  // Destroys what has drained; call it every minute. Refuses with kKeystore; the next call tries again.
  absl::Status Sweep(absl::Time now);

 private:
  struct Group {
    MembershipHistory history;
    EpochRing ring;
    std::map<OrgId, HeldLeave> leaves;
    std::set<OrgId> founders;  // who signed version 1
  };
  using GroupPtr = std::shared_ptr<const Group>;

  GroupPtr Find(const GroupId& group) const;
  void Publish(std::shared_ptr<const Group> group);
  absl::Status Found(const GroupId& group, std::span<const GroupDocument> run, const Arrival& arrival,
                     MembershipHistory::PersistEach persist);
  // Takes one group that is over off the list, where `founders` or all have too many. Refuses with kLimit.
  absl::Status MakeRoom(const std::set<OrgId>& founders, absl::Time now);
  bool IsOver(const Group& group, absl::Time now) const;
  absl::Status CheckNewEpoch(const Group& group, const Epoch& epoch, const v1::SignedBody& wire,
                             const Arrival& arrival) const;
  absl::Status OpenSlot(Group& group, const Epoch& epoch, ByteView slot, absl::Time now) const;
  bool IsIn(const Group& group, const OrgId& org) const;
  bool MayGetSecrets(const Membership& newest, const OrgId& member) const;
  EpochRing::Keeping KeepingIn(const Group& group) const;

  const Parties& parties_;
  const OrgId self_;
  const PrekeyRing& prekeys_;
  crypto::Keystore& keystore_;
  Opened opened_;
  std::mutex changing_;  // one change at a time; taken before mutex_
  mutable std::mutex mutex_;
  std::map<GroupId, GroupPtr> groups_;
  bool unsaved_ = false;  // the keystore in memory is ahead of its file; under changing_
};

}  // namespace entente::trust
