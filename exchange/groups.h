#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "crypto/signer.h"
#include "exchange/exchange.h"
#include "trust/membership_maker.h"

namespace entente::exchange {

inline constexpr absl::Duration kIssueAgain = absl::Minutes(10);  // behind an epoch that could not be issued
inline constexpr size_t kMaxProposals = 8;    // of one group: documents that wait for more signatures
inline constexpr size_t kMaxAnswered = 1024;  // documents and entries in one answer
inline constexpr size_t kMaxChanged = 1024;   // groups whose last change is remembered

// The journeys of groups: what comes in by any door is checked by room.groups and is in the journal before it counts;
// what this node owes its groups it does by itself; what its operator changes goes out signed. Safe from any thread,
// but none of it from a commit's body or callback.
class Groups {
 public:
  // `admin_key` signs membership documents for this organisation; null where it has no such key.
  Groups(Room room, std::shared_ptr<const crypto::Signer> admin_key);

  // Gives room.groups back what the journal has, as of the times at which it came. Once, before all else. Returns the
  // first problem of what is left out because it no longer checks; refuses with the store's faults, and then the node
  // must not serve.
  absl::StatusOr<absl::Status> Load();

  // What somebody sends; `asked` where it answers a question of this node. Refuse as the functions of
  // trust::GroupDirectory of the same name, and with the store's faults.
  absl::Status TakeDocuments(const GroupId& group, std::span<const trust::GroupDocument> run, bool asked);
  // The epoch, then its log entry where it has one; an entry that others are missing in front of is passed over.
  absl::Status TakeEpoch(const v1::EpochDelivery& delivery, bool asked);
  absl::Status TakeRewrap(const v1::SignedBody& wire, bool asked);
  absl::Status TakeLeave(const v1::SignedBody& wire, bool asked);
  // Another admin's document that wants more signatures. A heartbeat gets this organisation's at once; anything else
  // waits for the operator. With signatures enough it is taken in. Refuses with kParse, kIssuer (its signer is no
  // admin), kLimit, and as TakeDocuments.
  absl::Status TakeProposal(const v1::SignedMembership& proposal);

  // --- What this node owes (group_duties.cc) ---
  // Every minute: log entries where this organisation keeps the log, epochs where it issues them, heartbeats where it
  // is an admin, secrets whose time is over. Returns the first problem; the next call tries again.
  absl::Status DoDuties();
  // Whether something came in since the last DoDuties, which then is due at once.
  bool DutiesWait() const { return duties_wait_; }

  // --- What the operator changes (group_changes.cc) ---
  struct Change {
    GroupId group;
    v1::SignedMembership document;
    bool counts = false;  // it is in force; else it waits for other admins' signatures, or for the log
  };
  // The next version (the first where `group` is absent) with these terms, signed for this organisation. Refuses with
  // kUsage where it has no admin key or is no admin, and as MakeMembership and TakeDocuments do.
  absl::StatusOr<Change> Propose(const std::optional<GroupId>& group, const trust::GroupTerms& terms);
  // Adds this organisation's signature to a document that another admin made. Refuses as Propose and TakeProposal do.
  absl::StatusOr<Change> Sign(const v1::SignedMembership& proposal);
  // Whether this very document counts, or waits for its log entry.
  bool Has(const GroupId& group, const v1::SignedMembership& document) const;
  // Documents that wait for signatures, and the groups that have such, those that do not count yet too.
  std::vector<v1::SignedMembership> Proposals(const GroupId& group) const;
  std::vector<GroupId> Proposed() const;
  // As GroupNamed, and of what only waits for signatures: documents of groups that do not count yet.
  absl::StatusOr<GroupId> Named(std::string_view name) const;
  // This organisation's own leave: from here on it neither seals nor opens. Refuses with kNotMember, and as TakeLeave.
  absl::Status Leave(const GroupId& group);
  // The next epoch now. Refuses with kIssuer where this organisation issues none, and as GroupDirectory::Issue.
  absl::Status Rotate(const GroupId& group, v1::EpochReason reason);

  // --- What others may have (group_answers.cc) ---
  // Where somebody who asks goes on: the first numbers that it does not have.
  struct From {
    uint64_t version = 1, entry = 1, epoch = 1;
    bool rewraps = true;  // each costs a signature
  };
  struct Answer {
    std::vector<std::variant<v1::SignedMembership, v1::SignedBody>>
        documents;  // versions and log entries, as a run takes them in
    std::vector<v1::SignedBody> leaves;
    std::vector<v1::EpochDelivery> epochs;  // with the slot of who asks, of issuers alone
    std::optional<From> next;               // set where more documents follow: then nothing else is in the answer
    std::vector<v1::SignedBody> rewraps;    // of those whose slot it cannot open any more, or had none
  };
  // What `asker` may have of a group that this node follows; nothing where it is neither member nor admin of the newest
  // version. About kMaxAnswered documents, and every epoch that is not destroyed. Refuses with the store's faults.
  absl::StatusOr<Answer> AnswerFor(const GroupId& group, const OrgId& asker, const From& from) const;
  // Documents of `group` that want the signature of `peer`, an admin; of a group of which nothing counts yet, also those
  // that want its log entry.
  std::vector<v1::SignedMembership> OffersTo(const GroupId& group, const OrgId& peer) const;
  // Groups of which others may have something more since `seen`, a number that this returned, or 0: those that changed
  // since the start. Sets it to now.
  std::vector<GroupId> ChangedSince(uint64_t& seen) const;
  uint64_t changes() const { return changes_; }
  // Called behind each such change, on the thread that made it. Set once, before all else.
  void OnChange(std::function<void()> on_change) { on_change_ = std::move(on_change); }

 private:
  absl::Status Keep(v1::GroupTaken taken);
  void Note(const v1::GroupTaken& taken, uint64_t seq);
  absl::Status Take(const v1::GroupTaken& taken, const trust::Arrival& arrival);
  absl::StatusOr<v1::SignedBody> Stored(ByteView id) const;
  v1::SignedBody EntryOf(const trust::MembershipHistory& history, const trust::Epoch& epoch) const;
  void AddEpoch(const trust::MembershipHistory& history, const trust::EpochFacts& epoch, const OrgId& asker,
                bool rewraps, Answer& out) const;
  absl::Status LogWhatWaits(const GroupId& group);
  absl::Status IssueIfDue(const GroupId& group);
  absl::Status RenewIfDue(const GroupId& group);
  absl::Status CheckFollows(const trust::Membership& next, const trust::Membership* newest) const;
  absl::Status Wait(const GroupId& group, const trust::Membership& next, const trust::Membership* newest,
                    const v1::SignedMembership& document);
  void NoteChange(const GroupId& group);
  void NoteChangeLocked(const GroupId& group);
  void TellChange() const;
  void AddWaiting(const GroupId& group, v1::SignedMembership& document) const;
  absl::StatusOr<Change> Make(const std::optional<GroupId>& group, const trust::GroupTerms& terms);
  absl::Status IssueNext(const GroupId& group, v1::EpochReason reason);
  absl::StatusOr<Change> SignAndTake(v1::SignedMembership document);
  absl::StatusOr<Change> TakeOrWait(v1::SignedMembership document);
  void DropOldProposals();
  bool IsHeartbeat(const trust::Membership& document) const;
  trust::Arrival Now(bool asked) const { return {room_.clock.Now(), std::nullopt, asked}; }

  const Room room_;
  const std::shared_ptr<const crypto::Signer> admin_key_;
  std::atomic<bool> duties_wait_{true};
  std::mutex acting_;    // what this node itself logs, issues and signs, one after the other; taken first
  std::mutex founding_;  // which run begins a group is settled one at a time; taken before mutex_
  mutable std::mutex mutex_;
  std::map<Bytes, uint64_t, std::less<>> places_;  // of bodies in the journal, by their ids
  std::map<GroupId, std::vector<v1::SignedMembership>> proposals_;
  std::map<GroupId, uint64_t> changed_;  // the change that each was in last
  std::atomic<uint64_t> changes_{0};
  std::function<void()> on_change_;
  std::map<GroupId, absl::Time> issue_failed_;  // when an epoch that was due could not be issued
};

}  // namespace entente::exchange
