#include <algorithm>

#include "crypto/encoding.h"
#include "exchange/groups.h"
#include "model/text.h"

// What an operator changes in a group, and what admins sign together.
namespace entente::exchange {
namespace {

using enum RejectReason;

constexpr size_t kShortestGroupName = 8;  // digits of an id

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

absl::StatusOr<GroupId> Groups::Named(std::string_view name) const {
  std::optional<GroupId> found;
  for (const GroupId& group : room_.groups.All()) {
    const auto newest = room_.groups.Newest(group);
    const bool by_name = newest != nullptr && newest->document().name() == name;
    const bool by_id = name.size() >= kShortestGroupName && crypto::ToHex(group.view()).starts_with(name);
    if (!by_name && !by_id) continue;
    if (found) return Reject(kUsage, "two groups are called so; give more digits of the id, as `entente group list` shows it");
    found = group;
  }
  if (found) return *found;
  return Reject(kNotFound, "no group here is called '" + model::Escaped(std::string(name), 80) + "'; `entente group list` shows them all");
}

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

// With signatures enough it is taken in, and what follows from it is done at once; else it waits among the proposals.
absl::StatusOr<Groups::Change> Groups::TakeOrWait(v1::SignedMembership document) {
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(document);
  if (!read.ok()) return read.status();
  const GroupId group = GroupOf(*read);
  const auto newest = room_.groups.Newest(group);
  if (newest == nullptr ? read->version() != 1 : read->version() != newest->version() + 1) {
    return Reject(kIdentityChain, "the document does not follow the newest version here; take that version in first, or make it anew");
  }
  if (absl::Status fields = trust::CheckMembershipFields(*read); !fields.ok()) return fields;
  const absl::Status signed_by = trust::CheckMembershipSignatures(*read, newest.get(), room_.directory, Now(false));
  if (!signed_by.ok() && ReasonOf(signed_by) != kThreshold) return signed_by;
  Change change{group, std::move(document), false};
  std::unique_lock lock(mutex_);
  if (!proposals_.contains(group) && proposals_.size() >= trust::kMaxGroups) {
    return Reject(kLimit, "documents of 256 groups wait for signatures; they go when they expire");
  }
  std::vector<v1::SignedMembership>& waiting = proposals_[group];
  std::erase_if(waiting, [&](const v1::SignedMembership& one) { return one.document() == change.document.document(); });
  if (signed_by.ok() && waiting.empty()) proposals_.erase(group);
  if (!signed_by.ok()) {
    if (waiting.size() >= kMaxProposals) return Reject(kLimit, "8 documents of the group wait for signatures; sign one of them, or wait for the next version");
    waiting.push_back(change.document);
    return change;
  }
  lock.unlock();
  const trust::GroupDocument taken = &change.document;
  if (absl::Status status = TakeDocuments(group, std::span(&taken, 1), /*asked=*/false); !status.ok()) return status;
  if (absl::Status status = LogWhatWaits(group); !status.ok()) return status;
  const auto now_newest = room_.groups.Newest(group);
  change.counts = now_newest != nullptr && now_newest->hash() == read->hash();
  lock.lock();
  if (change.counts) proposals_.erase(group);  // the others do not follow it
  return change;
}

absl::StatusOr<Groups::Change> Groups::SignAndTake(v1::SignedMembership document) {
  if (admin_key_ == nullptr) {
    return Reject(kUsage, "this node has no group admin key; stop it and make one with `entente key rotate --usage group-admin`");
  }
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(document);
  if (!read.ok()) return read.status();
  const auto newest = room_.groups.Newest(GroupOf(*read));
  const OrgId& self = room_.self.org();
  if (!read->IsAdmin(self) && (newest == nullptr || !newest->IsAdmin(self))) return NoAdmin();
  for (const v1::SignedMembership& waiting : Proposals(GroupOf(*read))) {
    if (waiting.document() == document.document()) AddSignatures(waiting, document);
  }
  if (!HasSigned(document, self)) {
    if (absl::Status status = trust::SignMembership(self, *admin_key_, document); !status.ok()) return status;
  }
  return TakeOrWait(std::move(document));
}

absl::StatusOr<Groups::Change> Groups::Propose(const std::optional<GroupId>& group, const trust::GroupTerms& terms) {
  const auto before = group ? room_.groups.Newest(*group) : nullptr;
  if (group && before == nullptr) return Reject(kUnknownParty, "nothing of that group counts here yet; wait for its first log entry");
  absl::StatusOr<v1::SignedMembership> document = trust::MakeMembership(terms, before.get(), room_.clock.Now());
  if (!document.ok()) return document.status();
  return SignAndTake(*std::move(document));
}

absl::StatusOr<Groups::Change> Groups::Sign(const v1::SignedMembership& proposal) { return SignAndTake(proposal); }

absl::Status Groups::TakeProposal(const v1::SignedMembership& proposal) {
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(proposal);
  if (!read.ok()) return read.status();
  if (proposal.signatures().empty()) return trust::RefuseMembership("nobody signed it", kThreshold);
  const bool signs = admin_key_ != nullptr && read->IsAdmin(room_.self.org()) && IsHeartbeat(*read);
  v1::SignedMembership document = proposal;
  for (const v1::SignedMembership& waiting : Proposals(GroupOf(*read))) {
    if (waiting.document() == document.document()) AddSignatures(waiting, document);
  }
  return (signs ? SignAndTake(std::move(document)) : TakeOrWait(std::move(document))).status();
}

absl::Status Groups::Leave(const GroupId& group) {
  const absl::Time now = room_.clock.Now();
  if (absl::Status member = room_.groups.CheckMember(group, room_.self.org(), now); !member.ok()) return member;
  return TakeLeave(trust::MakeLeave(room_.self, room_.groups.Newest(group)->ref(), now), /*asked=*/false);
}

}  // namespace entente::exchange
