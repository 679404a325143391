#include <algorithm>

#include "base/clock.h"
#include "exchange/groups.h"

// What an operator changes in a group, and what admins sign together.
namespace entente::exchange {
namespace {

using enum RejectReason;

GroupId GroupOf(const trust::Membership& document) {
  return document.version() == 1 ? trust::GroupOfFirst(document.wire().document()) : document.group();
}

bool HasSigned(const v1::SignedMembership& document, const OrgId& org) {
  return std::any_of(document.signatures().begin(), document.signatures().end(),
                     [&](const v1::OrgSignature& signature) { return signature.org_id() == org.view(); });
}

absl::Status NoAdmin() {
  return Reject(kUsage, "this organisation is no admin of the group; ask one of its admins to make the change");
}

// Both sides' signatures of one document, each key once.
void AddSignatures(const v1::SignedMembership& from, v1::SignedMembership& to) {
  for (const v1::OrgSignature& signature : from.signatures()) {
    const bool there = std::any_of(to.signatures().begin(), to.signatures().end(),
                                   [&](const v1::OrgSignature& one) { return one.key_id() == signature.key_id(); });
    if (!there) *to.add_signatures() = signature;
  }
}

}  // namespace

std::vector<GroupId> Groups::Proposed() const {
  const std::lock_guard lock(mutex_);
  std::vector<GroupId> out;
  for (const auto& [group, waiting] : proposals_) out.push_back(group);
  return out;
}

// Those that do not follow the newest version any more, and those that have expired unsigned.
void Groups::DropOldProposals() {
  const absl::Time now = room_.clock.Now();
  for (const GroupId& group : Proposed()) {
    const auto newest = room_.groups.Newest(group);
    const uint64_t next = newest == nullptr ? 1 : newest->version() + 1;
    const std::lock_guard lock(mutex_);
    std::vector<v1::SignedMembership>& waiting = proposals_[group];
    std::erase_if(waiting, [&](const v1::SignedMembership& one) {
      const absl::StatusOr<trust::Membership> read = trust::Membership::Read(one);
      return !read.ok() || read->version() != next || now >= read->expires();
    });
    if (waiting.empty()) proposals_.erase(group);
  }
}

std::vector<v1::SignedMembership> Groups::Proposals(const GroupId& group) const {
  const std::lock_guard lock(mutex_);
  const auto found = proposals_.find(group);
  return found == proposals_.end() ? std::vector<v1::SignedMembership>() : found->second;
}

bool Groups::Has(const GroupId& group, const v1::SignedMembership& document) const {
  const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(document);
  if (!history.has_value() || !read.ok()) return false;
  const auto& announced = history->announced();
  return history->Version(read->version(), read->hash()) != nullptr ||
         std::any_of(announced.begin(), announced.end(), [&](const auto& one) { return one->hash() == read->hash(); });
}

// Only its place and its times differ from the newest version.
bool Groups::IsHeartbeat(const trust::Membership& document) const {
  const auto newest = room_.groups.Newest(document.group());
  if (newest == nullptr || document.version() != newest->version() + 1) return false;
  v1::MembershipDocument same = document.document();
  const v1::MembershipDocument& before = newest->document();
  same.set_group_id(before.group_id());
  same.set_version(before.version());
  same.set_previous_hash(before.previous_hash());
  same.set_issued_us(before.issued_us());
  same.set_expires_us(before.expires_us());
  return same.SerializeAsString() == before.SerializeAsString();
}

// What taking it in asks of its place, before this organisation's key is used for it.
absl::Status Groups::CheckFollows(const trust::Membership& next, const trust::Membership* newest) const {
  const bool first = newest == nullptr && next.version() == 1;
  const bool follows = newest != nullptr && next.version() == newest->version() + 1 &&
                       next.document().previous_hash() == newest->hash().view() && next.issued() > newest->issued();
  if (!first && !follows) {
    return Reject(kIdentityChain,
                  "the document does not follow the newest version here; take that version in first, or make it anew");
  }
  if (next.issued() > room_.clock.Now() + kClockSkew) {
    return Reject(kTime, "the document is issued in the future; correct the clock here or of who made it");
  }
  return trust::CheckMembershipFields(next);
}

// Only what an admin has signed waits, at an admin, and of nobody more than a few new groups: else any party could fill
// the list.
absl::Status Groups::Wait(const GroupId& group, const trust::Membership& next, const trust::Membership* newest,
                          const v1::SignedMembership& document) {
  const OrgId& self = room_.self.org();
  const bool ours = next.IsAdmin(self) || (newest != nullptr && newest->IsAdmin(self));
  const bool theirs =
      std::any_of(document.signatures().begin(), document.signatures().end(), [&](const v1::OrgSignature& one) {
        const OrgId signer = OrgId::From(one.org_id()).value_or(OrgId());
        return newest == nullptr ? next.IsAdmin(signer) : newest->IsAdmin(signer);
      });
  if (!ours || !theirs)
    return Reject(kIssuer, "a membership document waits at an admin, signed by another one; this one is neither");
  const std::lock_guard lock(mutex_);
  const auto of_a_signer = [&](const auto& one) {
    return std::any_of(document.signatures().begin(), document.signatures().end(),
                       [&](const v1::OrgSignature& signature) {
                         return !one.second.empty() && signature.org_id() != self.view() &&
                                HasSigned(one.second.front(), *OrgId::From(signature.org_id()));
                       });
  };
  const auto found = proposals_.find(group);
  const bool full =
      found == proposals_.end() ? proposals_.size() >= trust::kMaxGroups : found->second.size() >= kMaxProposals;
  const bool many = found == proposals_.end() && newest == nullptr &&
                    std::count_if(proposals_.begin(), proposals_.end(), of_a_signer) >=
                        static_cast<ptrdiff_t>(trust::kMaxGroupsOfFounder);
  const auto same = [&](const v1::SignedMembership& one) { return one.document() == document.document(); };
  if (found != proposals_.end()) {
    const auto known = std::find_if(found->second.begin(), found->second.end(), same);
    if (known != found->second.end()) {
      if (known->SerializeAsString() != document.SerializeAsString()) NoteChangeLocked(group);
      return *known = document, absl::OkStatus();
    }
  }
  if (full || many)
    return Reject(kLimit, "too many documents wait for signatures; sign one of them, or wait until they expire");
  proposals_[group].push_back(document);
  NoteChangeLocked(group);
  return absl::OkStatus();
}

// With signatures enough it is taken in, and what follows from it is done at once; else it waits among the proposals.
absl::StatusOr<Groups::Change> Groups::TakeOrWait(v1::SignedMembership document) {
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(document);
  if (!read.ok()) return read.status();
  const GroupId group = GroupOf(*read);
  const auto newest = room_.groups.Newest(group);
  if (absl::Status follows = CheckFollows(*read, newest.get()); !follows.ok()) return follows;
  const absl::Status signed_by = trust::CheckMembershipSignatures(*read, newest.get(), room_.directory, Now(false));
  Change change{group, std::move(document), false};
  if (ReasonOf(signed_by) == kThreshold) {
    if (absl::Status waits = Wait(group, *read, newest.get(), change.document); !waits.ok()) return waits;
    TellChange();
    return change;
  }
  if (!signed_by.ok()) return signed_by;
  const trust::GroupDocument taken = &change.document;
  const absl::Status status = TakeDocuments(group, std::span(&taken, 1), /*asked=*/false);
  // Of a group that has expired it is taken in all the same, and wakes it once it is logged.
  if (!status.ok() && ReasonOf(status) != kFreeze) return status;
  if (absl::Status logged = LogWhatWaits(group); !logged.ok() && ReasonOf(logged) != kFreeze) return logged;
  const auto now_newest = room_.groups.Newest(group);
  change.counts = now_newest != nullptr && now_newest->hash() == read->hash();
  const std::lock_guard lock(mutex_);
  const auto waiting = proposals_.find(group);
  if (waiting == proposals_.end()) return change;
  // The others do not follow one that counts.
  std::erase_if(waiting->second,
                [&](const auto& one) { return change.counts || one.document() == change.document.document(); });
  if (waiting->second.empty()) proposals_.erase(waiting);
  return change;
}

absl::StatusOr<Groups::Change> Groups::SignAndTake(v1::SignedMembership document) {
  if (admin_key_ == nullptr) {
    return Reject(
        kUsage, "this node has no group admin key; stop it and make one with `entente key rotate --usage group-admin`");
  }
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(document);
  if (!read.ok()) return read.status();
  const auto newest = room_.groups.Newest(GroupOf(*read));
  const OrgId& self = room_.self.org();
  if (!read->IsAdmin(self) && (newest == nullptr || !newest->IsAdmin(self))) return NoAdmin();
  // A session may have brought it, signed by enough, while a file was on its way.
  if (newest != nullptr && newest->hash() == read->hash()) return Change{GroupOf(*read), std::move(document), true};
  if (absl::Status follows = CheckFollows(*read, newest.get()); !follows.ok()) return follows;
  AddWaiting(GroupOf(*read), document);
  if (!HasSigned(document, self)) {
    if (absl::Status status = trust::SignMembership(self, *admin_key_, document); !status.ok()) return status;
  }
  return TakeOrWait(std::move(document));
}

// The signatures that came before.
void Groups::AddWaiting(const GroupId& group, v1::SignedMembership& document) const {
  for (const v1::SignedMembership& waiting : Proposals(group)) {
    if (waiting.document() == document.document()) AddSignatures(waiting, document);
  }
}

absl::StatusOr<Groups::Change> Groups::Make(const std::optional<GroupId>& group, const trust::GroupTerms& terms) {
  const auto before = group ? room_.groups.Newest(*group) : nullptr;
  if (group && before == nullptr)
    return Reject(kUnknownParty, "nothing of that group counts here yet; wait for its first log entry");
  absl::StatusOr<v1::SignedMembership> document = trust::MakeMembership(terms, before.get(), room_.clock.Now());
  if (!document.ok()) return document.status();
  return SignAndTake(*std::move(document));
}

absl::StatusOr<Groups::Change> Groups::Propose(const std::optional<GroupId>& group, const trust::GroupTerms& terms) {
  const std::lock_guard acting(acting_);
  return Make(group, terms);
}

absl::StatusOr<Groups::Change> Groups::Sign(const v1::SignedMembership& proposal) {
  const std::lock_guard acting(acting_);
  return SignAndTake(proposal);
}

absl::Status Groups::TakeProposal(const v1::SignedMembership& proposal) {
  const std::lock_guard acting(acting_);
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(proposal);
  if (!read.ok()) return read.status();
  const bool signs = admin_key_ != nullptr && read->IsAdmin(room_.self.org()) && IsHeartbeat(*read);
  v1::SignedMembership document = proposal;
  AddWaiting(GroupOf(*read), document);
  return (signs ? SignAndTake(std::move(document)) : TakeOrWait(std::move(document))).status();
}

absl::Status Groups::Leave(const GroupId& group) {
  const absl::Time now = room_.clock.Now();
  if (absl::Status member = room_.groups.CheckMember(group, room_.self.org(), now); !member.ok()) return member;
  const auto leave = trust::MakeLeave(room_.self, room_.groups.Newest(group)->ref(), now);
  return leave.ok() ? TakeLeave(*leave, /*asked=*/false) : leave.status();
}

}  // namespace entente::exchange
