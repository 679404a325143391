#include "trust/group_directory.h"

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "trust/epoch_keystore.h"

namespace entente::trust {
namespace {

using enum RejectReason;

absl::Status NotFollowed() {
  return Reject(
      kUnknownParty,
      "it is of a group that this node does not follow; the group's admins send the documents of who is in it");
}

}  // namespace

GroupDirectory::GroupDirectory(const Parties& parties, const OrgId& self, const PrekeyRing& prekeys,
                               crypto::Keystore& keystore)
    : parties_(parties), self_(self), prekeys_(prekeys), keystore_(keystore) {}

GroupDirectory::GroupPtr GroupDirectory::Find(const GroupId& group) const {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second;
}

void GroupDirectory::Publish(std::shared_ptr<const Group> group) {
  const std::lock_guard lock(mutex_);
  groups_[group->history.group()] = std::move(group);
}

// --- What comes in ---

absl::Status GroupDirectory::TakeDocuments(const GroupId& group, std::span<const GroupDocument> run,
                                           const Arrival& arrival, MembershipHistory::PersistEach persist) {
  const std::lock_guard one_change(changing_);
  const GroupPtr before = Find(group);
  if (before == nullptr) return Found(group, run, arrival, persist);
  auto next = std::make_shared<Group>(*before);
  const absl::Status taken = next->history.TakeIn(run, parties_, arrival, persist);
  std::erase_if(next->leaves, [&](const auto& leave) {
    return !next->history.IsMemberSince(leave.first, leave.second.leave.membership_version);
  });
  Publish(std::move(next));
  return taken;
}

absl::Status GroupDirectory::Found(const GroupId& group, std::span<const GroupDocument> run, const Arrival& arrival,
                                   MembershipHistory::PersistEach persist) {
  const v1::SignedMembership* const* first =
      run.empty() ? nullptr : std::get_if<const v1::SignedMembership*>(&run.front());
  if (first == nullptr || GroupOfFirst((*first)->document()) != group) {
    return RefuseMembership("a group that is not followed yet begins with version 1 of its document", kIdentityChain);
  }
  absl::StatusOr<MembershipHistory> history = MembershipHistory::Begin(**first, parties_, arrival);
  if (!history.ok()) return history.status();
  std::vector<GroupDocument> taken = {run.front()};
  const auto note = [&](const GroupDocument& one) {
    taken.push_back(one);
    return absl::OkStatus();
  };
  const absl::Status rest = history->TakeIn(run.subspan(1), parties_, arrival, note);
  const auto follows = [&](const Membership& version) { return version.IsMember(self_) || version.IsAdmin(self_); };
  const bool here = (history->newest() != nullptr && follows(*history->newest())) ||
                    std::any_of(history->announced().begin(), history->announced().end(),
                                [&](const auto& one) { return follows(*one); });
  if (!here) return rest.ok() || ReasonOf(rest) == kFreeze ? NotFollowed() : rest;
  std::set<OrgId> founders;
  for (const v1::OrgSignature& signature : (*first)->signatures()) founders.insert(*OrgId::From(signature.org_id()));
  if (absl::Status room = MakeRoom(founders, arrival.now); !room.ok()) return room;
  for (const GroupDocument& one : taken) {
    if (absl::Status status = persist(one); !status.ok()) return status;
  }
  Publish(std::make_shared<const Group>(Group{*std::move(history), EpochRing(keystore_), {}, std::move(founders)}));
  return rest;
}

bool GroupDirectory::IsOver(const Group& group, absl::Time now) const {
  const MembershipHistory& history = group.history;
  const Membership& last = history.newest() != nullptr ? *history.newest() : *history.announced().front();
  const bool out = history.newest() != nullptr && !last.IsMember(self_) && !last.IsAdmin(self_);
  return out || now >= last.expires() + kCatchUpWindow;
}

// Else one party could fill the list with its groups; those of this organisation itself are its operator's act.
absl::Status GroupDirectory::MakeRoom(const std::set<OrgId>& founders, absl::Time now) {
  const std::lock_guard lock(mutex_);
  const auto make_room = [&](size_t most, const auto& counts) {
    size_t count = 0;
    auto over = groups_.end();
    for (auto one = groups_.begin(); one != groups_.end(); ++one) {
      if (!counts(*one->second)) continue;
      ++count;
      if (IsOver(*one->second, now)) over = one;
    }
    if (count < most) return true;
    if (over == groups_.end()) return false;
    groups_.erase(over);
    return true;
  };
  for (const OrgId& founder : founders) {
    if (founders.contains(self_)) break;
    const auto of_founder = [&](const Group& group) {
      return group.founders.contains(founder) && !group.founders.contains(self_);
    };
    if (!make_room(kMaxGroupsOfFounder, of_founder)) {
      return RefuseMembership("this node follows 16 groups of one of its founders", kLimit);
    }
  }
  const bool room = make_room(kMaxGroups, [](const Group&) { return true; });
  return room ? absl::OkStatus() : RefuseMembership("this node follows 256 groups", kLimit);
}

absl::Status GroupDirectory::CheckNewEpoch(const Group& group, const Epoch& epoch, const v1::SignedBody& wire,
                                           const Arrival& arrival) const {
  const MembershipHistory& history = group.history;
  if (absl::Status status = CheckEpochIssuer(epoch, wire, history, parties_, arrival); !status.ok()) return status;
  const Membership& membership = *history.Version(epoch.membership.version, epoch.membership.hash);
  EpochRing::Terms terms{false, membership.catch_up()};
  if (const HeldEpoch* latest = group.ring.Latest(history.log(), arrival.now); latest != nullptr) {
    terms.rejoined = !history.IsMemberSince(self_, latest->epoch.membership.version) && membership.IsMember(self_) &&
                     epoch.membership.version > latest->epoch.membership.version;
  }
  if (absl::Status status = group.ring.CheckPlace(epoch, terms, history.log(), arrival); !status.ok()) return status;
  return CheckEpochTerms(epoch, membership, arrival.now);
}

absl::Status GroupDirectory::TakeEpoch(const v1::EpochDelivery& delivery, const Arrival& arrival, Persist persist) {
  const absl::StatusOr<Epoch> epoch = ReadEpoch(delivery.epoch());
  if (!epoch.ok()) return epoch.status();
  const std::lock_guard one_change(changing_);
  const GroupPtr before = Find(epoch->membership.group);
  if (before == nullptr) return NotFollowed();
  const HeldEpoch* held = before->ring.Find(epoch->id);
  if (held != nullptr && (held->destroyed || held->secret != nullptr)) return absl::OkStatus();

  auto next = std::make_shared<Group>(*before);
  if (held == nullptr) {
    const absl::Status checked = CheckNewEpoch(*before, *epoch, delivery.epoch(), arrival);
    if (ReasonOf(checked) == kEquivocation && !before->ring.Of(epoch->issuer, epoch->number)->contradicted) {
      if (absl::Status status = persist(); !status.ok()) return status;
      next->ring.NoteContradiction(*epoch);
      Publish(std::move(next));
    }
    if (!checked.ok()) return checked;
    next->ring.NoteContradiction(*epoch);
  }
  const std::shared_ptr<const Membership> membership =
      before->history.Version(epoch->membership.version, epoch->membership.hash);
  const bool stored = arrival.recorded.has_value();  // then its slot was checked when it came
  const absl::Status placed = stored ? absl::OkStatus() : CheckSlotPlace(*epoch, *membership, self_, delivery);
  if (!placed.ok()) return placed;
  if (held == nullptr) {
    if (absl::Status status = persist(); !status.ok()) return status;
    const absl::Time taken = arrival.recorded.value_or(arrival.now);
    next->ring.MakeRoom(epoch->issuer, next->history.log(), arrival.now);
    if (absl::Status status = next->ring.Announce(*epoch, *membership->TurnOf(epoch->issuer), taken); !status.ok())
      return status;
  }
  const bool opens = membership->IsMember(self_) && !stored && next->ring.Find(epoch->id)->secret == nullptr;
  const absl::Status opened = opens ? OpenSlot(*next, *epoch, delivery.slot(), arrival.now) : absl::OkStatus();
  if (!opened.ok()) next->ring.NoteUnopened(epoch->id);
  Publish(std::move(next));
  return opened;
}

absl::Status GroupDirectory::OpenSlot(Group& group, const Epoch& epoch, ByteView slot, absl::Time now) const {
  absl::StatusOr<crypto::EpochSecret> secret = OpenEpochSlot(epoch, self_, slot, prekeys_, now);
  if (!secret.ok()) return secret.status();
  const RouteTag tag = secret->Tag(epoch.fields());
  absl::Status held = group.ring.Hold(epoch.id, *std::move(secret), KeepingIn(group).for_others, now);
  if (held.ok() && opened_) opened_(group.history.group(), epoch.id, tag);
  return held;
}

absl::Status GroupDirectory::TakeRewrap(const v1::SignedBody& wire, const Arrival& arrival) {
  const absl::StatusOr<Rewrap> rewrap = ReadRewrap(wire);
  if (!rewrap.ok()) return rewrap.status();
  const std::lock_guard one_change(changing_);
  const GroupPtr before = Find(rewrap->group);
  if (before == nullptr) return NotFollowed();
  if (absl::Status status = before->history.CheckFresh(arrival.now); !status.ok()) return status;
  if (absl::Status status = CheckRewrap(*rewrap, wire, *before->history.newest(), self_, parties_, arrival);
      !status.ok())
    return status;
  const HeldEpoch* held = before->ring.Find(rewrap->epoch);
  if (held == nullptr || held->epoch.number != rewrap->number) {
    return Reject(RejectReason::kEpoch,
                  "re-wrap refused: it is of an epoch that is not on file; ask a member for the epoch first");
  }
  if (held->secret != nullptr) return absl::OkStatus();
  const std::shared_ptr<const Membership> membership =
      before->history.Version(held->epoch.membership.version, held->epoch.membership.hash);
  if (held->destroyed || arrival.now >= held->epoch.not_after + membership->catch_up()) {
    return Reject(kEpochStale,
                  "re-wrap refused: its epoch ended too long ago; what was sealed under it must be sealed again");
  }
  if (!before->history.IsMemberSince(self_, membership->version())) {
    return Reject(
        kNotMember,
        "re-wrap refused: this organisation was no member from that epoch on; ask for a forward of what it needs");
  }
  auto next = std::make_shared<Group>(*before);
  if (absl::Status status = OpenSlot(*next, held->epoch, rewrap->slot, arrival.now); !status.ok()) return status;
  Publish(std::move(next));
  return absl::OkStatus();
}

absl::Status GroupDirectory::TakeLeave(const v1::SignedBody& wire, const Arrival& arrival, Persist persist) {
  const absl::StatusOr<Leave> leave = ReadLeave(wire);
  if (!leave.ok()) return leave.status();
  const std::lock_guard one_change(changing_);
  const GroupPtr before = Find(leave->group);
  if (before == nullptr) return NotFollowed();
  if (absl::Status status = CheckLeave(*leave, wire, before->history, parties_, arrival); !status.ok()) return status;
  if (before->leaves.contains(leave->org)) return absl::OkStatus();
  if (absl::Status status = persist(); !status.ok()) return status;
  auto next = std::make_shared<Group>(*before);
  next->leaves.emplace(leave->org, HeldLeave{*leave, arrival.recorded.value_or(arrival.now)});
  Publish(std::move(next));
  return absl::OkStatus();
}

absl::Status GroupDirectory::Sweep(absl::Time now) {
  const std::lock_guard one_change(changing_);
  std::vector<GroupPtr> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, group] : groups_) all.push_back(group);
  }
  for (const GroupPtr& group : all) {
    if (!group->ring.NeedsSweep(group->history.log(), KeepingIn(*group), now)) continue;
    auto next = std::make_shared<Group>(*group);
    const absl::Status swept = next->ring.Sweep(next->history.log(), KeepingIn(*next), now);
    Publish(std::move(next));
    if (!swept.ok()) return swept;
  }
  const std::lock_guard lock(keystore_.mutex());
  const absl::StatusOr<bool> removed = RemoveEndedSecrets(keystore_, now);
  if (!removed.ok()) return removed.status();
  unsaved_ = unsaved_ || *removed;
  if (!unsaved_) return absl::OkStatus();
  if (absl::Status status = keystore_.Save(); !status.ok()) return status;
  unsaved_ = false;
  return absl::OkStatus();
}

}  // namespace entente::trust
