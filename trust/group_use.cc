#include <algorithm>

#include "crypto/crypto.h"
#include "trust/group_directory.h"
#include "trust/prekey.h"

// What a node does with the groups that it follows: reading, sealing, issuing.
namespace entente::trust {
namespace {

using enum RejectReason;

absl::Status NotFollowed() {
  return Reject(kUnknownParty, "this node does not follow that group; ask the group's admins to be taken in");
}
absl::Status NotMember() {
  return Reject(kNotMember, "this organisation is no member of the group any more; ask the group's admins");
}
absl::Status NoEpoch(RejectReason reason, const char* what) {
  return Reject(reason, what);
}

// One envelope is for all of them, so the highest floor counts.
absl::Status CheckFloorsOf(const Membership& membership, const Parties& parties) {
  for (const OrgId& member : membership.members()) {
    const std::shared_ptr<const Accepted> party = parties.Find(member);
    if (party == nullptr) continue;
    if (absl::Status status = CheckSuiteFloor(party->identity); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckSuite(const Membership& membership) {
  if (membership.document().suite() == crypto::kSuite) return absl::OkStatus();
  return Reject(kSuite, "the group uses a suite that this version does not know; install a newer one");
}

EpochUse UseOf(const HeldEpoch& held, std::shared_ptr<const Membership> membership) {
  const Epoch& epoch = held.epoch;
  return {std::move(membership),
          epoch.number,
          epoch.not_before,
          epoch.not_after,
          held.secret->Tag(epoch.fields()),
          held.secret};
}

// Whether everybody who has a slot in an epoch of `then` is a member in `newest` too.
bool AllStay(const Membership& then, const Membership& newest) {
  return std::includes(newest.members().begin(), newest.members().end(), then.members().begin(), then.members().end());
}

}  // namespace

bool GroupDirectory::IsIn(const Group& group, const OrgId& org) const {
  return group.history.newest() != nullptr && group.history.newest()->IsMember(org) && !group.leaves.contains(org);
}

// Only an issuer keeps a secret for others.
EpochRing::Keeping GroupDirectory::KeepingIn(const Group& group) const {
  const Membership* newest = group.history.newest();
  if (newest == nullptr) return {};
  return {newest->TurnOf(self_).has_value() ? newest->catch_up() : absl::ZeroDuration(), newest->catch_up()};
}

std::shared_ptr<const Membership> GroupDirectory::Newest(const GroupId& group) const {
  const GroupPtr found = Find(group);
  return found == nullptr ? nullptr : found->history.Newest();
}

std::shared_ptr<const Membership> GroupDirectory::Version(const MembershipRef& ref) const {
  const GroupPtr found = Find(ref.group);
  return found == nullptr ? nullptr : found->history.Version(ref.version, ref.hash);
}

std::optional<MembershipHistory> GroupDirectory::History(const GroupId& group) const {
  const GroupPtr found = Find(group);
  return found == nullptr ? std::nullopt : std::optional(found->history);
}

void GroupDirectory::NoteTag(const GroupId& group, const EpochId& epoch, const RouteTag& tag) {
  const std::lock_guard one_change(changing_);
  const GroupPtr before = Find(group);
  if (before == nullptr || before->ring.Find(epoch) == nullptr) return;
  auto next = std::make_shared<Group>(*before);
  next->ring.NoteTag(epoch, tag);
  Publish(std::move(next));
}

std::vector<GroupId> GroupDirectory::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<GroupId> out;
  for (const auto& [id, group] : groups_) out.push_back(id);
  return out;
}

std::vector<EpochFacts> GroupDirectory::Epochs(const GroupId& group, uint64_t number, size_t limit,
                                               absl::Time now) const {
  const GroupPtr found = Find(group);
  std::vector<EpochFacts> out;
  if (found == nullptr) return out;
  for (const HeldEpoch* held : found->ring.From(number, limit)) {
    out.push_back({held->epoch, found->ring.StateOf(*held, found->history.log(), now), held->secret != nullptr});
  }
  return out;
}

std::vector<OrgId> GroupDirectory::Left(const GroupId& group) const {
  const GroupPtr found = Find(group);
  std::vector<OrgId> out;
  if (found == nullptr) return out;
  for (const auto& [org, leave] : found->leaves) out.push_back(org);
  return out;
}

absl::Status GroupDirectory::CheckMember(const GroupId& group, const OrgId& org, absl::Time now) const {
  const GroupPtr found = Find(group);
  if (found == nullptr) return NotFollowed();
  if (absl::Status status = found->history.CheckFresh(now); !status.ok()) return status;
  if (IsIn(*found, org)) return absl::OkStatus();
  return Reject(kNotMember,
                "an organisation is no member of the group, or none any more; ask the group's admins who is");
}

absl::StatusOr<EpochUse> GroupDirectory::ForTag(const RouteTag& tag, absl::Time now) const {
  GroupPtr group;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(groups_.begin(), groups_.end(),
                                    [&](const auto& one) { return one.second->ring.WithTag(tag) != nullptr; });
    if (found != groups_.end()) group = found->second;
  }
  if (group == nullptr)
    return NoEpoch(RejectReason::kEpoch,
                   "sealed under an epoch that is not known here; it is asked for, the sender must send again");
  const HeldEpoch& held = *group->ring.WithTag(tag);
  // What begins within the skew counts as begun for who reads, and not for who seals.
  const absl::Time at = std::max(now, std::min(now + kClockSkew, held.epoch.not_before));
  switch (group->ring.StateOf(held, group->history.log(), at)) {
    case EpochState::kAnnounced:
      return NoEpoch(RejectReason::kEpoch, "sealed under an epoch that does not count yet; the sender must send again");
    case EpochState::kDestroyed:
      return NoEpoch(kEpochStale, "sealed under an epoch that has ended; the sender must seal under the current one");
    case EpochState::kActive:
    case EpochState::kDraining:
      break;
  }
  if (absl::Status status = group->history.CheckFresh(now); !status.ok()) return status;
  if (!IsIn(*group, self_)) return NotMember();
  return UseOf(held, group->history.Version(held.epoch.membership.version, held.epoch.membership.hash));
}

absl::StatusOr<EpochUse> GroupDirectory::ToSealUnder(const GroupId& group_id, absl::Time now) const {
  const GroupPtr group = Find(group_id);
  if (group == nullptr) return NotFollowed();
  const MembershipHistory& history = group->history;
  if (absl::Status status = history.CheckFresh(now); !status.ok()) return status;
  if (absl::Status status = CheckSuite(*history.newest()); !status.ok()) return status;
  if (absl::Status status = CheckFloorsOf(*history.newest(), parties_); !status.ok()) return status;
  if (!IsIn(*group, self_)) return NotMember();
  const HeldEpoch* held = group->ring.ToSealUnder(history.log(), now);
  if (held == nullptr)
    return NoEpoch(kEpochStale, "the group has no epoch to seal under now; the next one comes from its issuers");
  const std::shared_ptr<const Membership> then =
      history.Version(held->epoch.membership.version, held->epoch.membership.hash);
  const bool gone = std::any_of(group->leaves.begin(), group->leaves.end(), [&](const auto& leave) {
    const HeldLeave& left = leave.second;
    const bool own = held->epoch.issuer == self_ && !LeavesOut(*held, left, self_);
    return then->IsMember(leave.first) && (own || left.leave.time > held->epoch.not_before);
  });
  if (gone || !AllStay(*then, *history.newest())) {
    return NoEpoch(kEpochStale, "a member left the group and still has the epoch; the next one comes from its issuers");
  }
  return UseOf(*held, then);
}

std::optional<v1::EpochReason> GroupDirectory::RekeyDue(const GroupId& group_id, absl::Time now) const {
  const GroupPtr group = Find(group_id);
  if (group == nullptr) return std::nullopt;
  std::vector<HeldLeave> leaves;
  for (const auto& [org, leave] : group->leaves) leaves.push_back(leave);
  const HeldEpoch* latest = group->ring.Latest(group->history.log(), now);
  return trust::RekeyDue(group->history, latest, leaves, parties_, self_, now);
}

// A member whose document is older than the group asks for gets no secret until its new one is here.
bool GroupDirectory::MayGetSecrets(const Membership& newest, const OrgId& member) const {
  const std::optional<size_t> place = newest.PlaceOf(member);
  const std::shared_ptr<const Accepted> party = parties_.Find(member);
  return place.has_value() && party != nullptr &&
         party->identity.version() >= newest.document().members(static_cast<int>(*place)).min_identity_version();
}

absl::StatusOr<v1::EpochSlots> GroupDirectory::Issue(const Self& self, const GroupId& group_id,
                                                     std::span<const Prekey> prekeys, v1::EpochReason reason,
                                                     absl::Time now) const {
  const GroupPtr group = Find(group_id);
  if (group == nullptr) return NotFollowed();
  const MembershipHistory& history = group->history;
  if (absl::Status status = history.CheckFresh(now); !status.ok()) return status;
  const std::shared_ptr<const Membership> newest = history.Newest();
  if (absl::Status status = CheckSuite(*newest); !status.ok()) return status;

  EpochTerms terms{*newest, 1, Digest(), nullptr, reason, now, {}};
  const HeldEpoch* latest = group->ring.Latest(history.log(), now);
  if (latest == nullptr && history.log().Last(v1::GROUP_LOG_KIND_EPOCH) > 0) {
    return NoEpoch(RejectReason::kEpoch, "the group has epochs that this issuer does not know; take them in first");
  }
  if (latest != nullptr) {
    terms.number = latest->epoch.number + 1;
    terms.previous_commit = latest->epoch.commit;
    terms.previous = latest->secret.get();
  }
  for (const auto& [org, leave] : group->leaves) {
    terms.left.push_back(org);
    terms.not_before = std::max(terms.not_before, leave.leave.time);
  }
  std::vector<Prekey> usable;
  std::copy_if(prekeys.begin(), prekeys.end(), std::back_inserter(usable),
               [&](const Prekey& prekey) { return MayGetSecrets(*newest, prekey.org); });
  return IssueEpoch(self, terms, usable, now);
}

absl::StatusOr<v1::SignedBody> GroupDirectory::RewrapFor(const Self& self, const GroupId& group_id,
                                                         const EpochId& epoch, const Prekey& recipient,
                                                         absl::Time now) const {
  const GroupPtr group = Find(group_id);
  if (group == nullptr) return NotFollowed();
  if (absl::Status status = group->history.CheckFresh(now); !status.ok()) return status;
  const HeldEpoch* held = group->ring.Find(epoch);
  if (held == nullptr) return NoEpoch(RejectReason::kEpoch, "that epoch is not on file here; ask another issuer");
  if (held->secret == nullptr)
    return NoEpoch(kEpochStale, "the secret of that epoch is not held here any more; ask another issuer");
  if (group->leaves.contains(recipient.org))
    return Reject(kNotMember, "who asks for an epoch's secret has left the group");
  // Who was out since may have left before that epoch was issued.
  if (!group->history.IsMemberSince(recipient.org, held->epoch.membership.version)) {
    return Reject(kNotMember, "who asks for an epoch's secret was no member of the group all the time since");
  }
  const Membership& newest = *group->history.newest();
  if (!MayGetSecrets(newest, recipient.org)) {
    return Reject(
        kPrekey,
        "who asks for an epoch's secret has an older identity document than the group asks for; get its newest");
  }
  const std::shared_ptr<const Membership> then =
      group->history.Version(held->epoch.membership.version, held->epoch.membership.hash);
  return MakeRewrap(self, held->epoch, *held->secret, *then, newest, recipient, now);
}

}  // namespace entente::trust
