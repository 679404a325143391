#include <algorithm>

#include "exchange/groups.h"
#include "trust/epoch_issuer.h"

// What members and admins of a group may have of it.
namespace entente::exchange {
namespace {

bool IsNothing(ByteView slot) {
  return slot.find_first_not_of('\0') == ByteView::npos;
}

}  // namespace

absl::StatusOr<v1::SignedBody> Groups::Stored(ByteView id) const {
  uint64_t seq = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(id);
    if (found == places_.end()) return Reject(RejectReason::kNotFound, "that is not on file here");
    seq = found->second;
  }
  const absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value())
    return Reject(RejectReason::kStoreCorrupt, "a document of a group is missing; run entente fsck");
  const v1::GroupTaken& taken = (*record)->group();
  return taken.has_log_entry() ? taken.log_entry() : taken.has_epoch() ? taken.epoch() : taken.leave();
}

// Empty while the log does not name it.
v1::SignedBody Groups::EntryOf(const trust::MembershipHistory& history, const trust::Epoch& epoch) const {
  const trust::LogEntry* entry = history.log().Of(v1::GROUP_LOG_KIND_EPOCH, epoch.number);
  if (entry == nullptr || entry->subject.view() != epoch.id.view()) return {};
  const absl::StatusOr<v1::SignedBody> stored = Stored(entry->id.view());
  return stored.ok() ? *stored : v1::SignedBody();
}

// A slot goes to its member alone, and to who was a member all the time since: who came back gets nothing of before.
void Groups::AddEpoch(const trust::MembershipHistory& history, const trust::EpochFacts& facts, const OrgId& asker,
                      bool rewraps, Answer& out) const {
  const trust::Epoch& epoch = facts.epoch;
  const auto then = history.Version(epoch.membership.version, epoch.membership.hash);
  const absl::Time now = room_.clock.Now();
  if (then == nullptr || now >= epoch.not_after + then->catch_up()) return;
  const std::optional<size_t> place = then->PlaceOf(asker);
  const bool own = asker == room_.self.org();  // for its own `verify`: the secrets are in its keystore
  if (own || !place.has_value()) {
    const absl::StatusOr<v1::SignedBody> wire = Stored(epoch.id.view());
    const bool admin = history.newest()->IsAdmin(asker) && !history.newest()->IsMember(asker);
    if (!(own || admin) || !wire.ok()) return;
    v1::EpochDelivery& bare = out.epochs.emplace_back();
    *bare.mutable_epoch() = *wire;
    *bare.mutable_log_entry() = EntryOf(history, epoch);
    return;
  }
  if (!history.IsMemberSince(asker, epoch.membership.version)) return;
  const auto slots = room_.journal.Slots(epoch.id.view());
  if (!slots.ok() || !slots->has_value()) return;
  absl::StatusOr<v1::EpochDelivery> delivery = trust::DeliveryFor(**slots, *place);
  if (!delivery.ok()) return;
  *delivery->mutable_log_entry() = EntryOf(history, epoch);
  const bool spent = rewraps && (IsNothing(delivery->slot()) || now >= epoch.not_before + trust::kPrekeyUse);
  out.epochs.push_back(*std::move(delivery));
  const auto party = spent && facts.held ? room_.directory.Find(asker) : nullptr;
  if (party == nullptr) return;
  const auto prekey = room_.directory.heard_prekeys().ForFile(*party->history, now);
  if (!prekey.ok()) return;
  const auto rewrap = room_.groups.RewrapFor(room_.self, history.group(), epoch.id, *prekey, now);
  if (rewrap.ok()) out.rewraps.push_back(*rewrap);
}

void Groups::NoteChangeLocked(const GroupId& group) {
  changed_[group] = ++changes_;
  if (changed_.size() <= kMaxChanged) return;
  changed_.erase(std::min_element(changed_.begin(), changed_.end(),
                                  [](const auto& a, const auto& b) { return a.second < b.second; }));
}

void Groups::TellChange() const {
  if (on_change_) on_change_();
}

std::vector<GroupId> Groups::ChangedSince(uint64_t& seen) const {
  const std::lock_guard lock(mutex_);
  std::vector<GroupId> out;
  for (const auto& [group, change] : changed_) {
    if (change > seen) out.push_back(group);
  }
  seen = changes_;
  return out;
}

std::vector<v1::SignedMembership> Groups::OffersTo(const GroupId& group, const OrgId& peer) const {
  std::vector<v1::SignedMembership> waiting = Proposals(group), out;
  const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
  if (history.has_value() && history->newest() == nullptr) {
    for (const auto& announced : history->announced()) waiting.push_back(announced->wire());
  }
  const trust::Membership* newest = history.has_value() ? history->newest() : nullptr;
  for (v1::SignedMembership& one : waiting) {
    const absl::StatusOr<trust::Membership> read = trust::Membership::Read(one);
    const bool signs = (read.ok() && read->IsAdmin(peer)) || (newest != nullptr && newest->IsAdmin(peer));
    if (signs) out.push_back(std::move(one));
  }
  return out;
}

absl::StatusOr<Groups::Answer> Groups::AnswerFor(const GroupId& group, const OrgId& asker, const From& from) const {
  Answer out;
  const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
  if (!history.has_value() || history->newest() == nullptr) return out;
  const trust::Membership& newest = *history->newest();
  const bool member = newest.IsMember(asker);
  if (!member && !newest.IsAdmin(asker)) return out;
  const trust::GroupLog& log = history->log();
  // A document stands in front of its entry: entries wait for who keeps the log.
  From next = from;
  for (uint64_t index = 1; index <= log.size(); ++index) {
    const trust::LogEntry& entry = *log.At(index);
    if (out.documents.size() >= kMaxAnswered) {
      next.entry = std::max(from.entry, index);
      out.next = next;
      return out;
    }
    const bool membership = entry.kind == v1::GROUP_LOG_KIND_MEMBERSHIP;
    const auto version = membership ? history->Version(entry.number, entry.subject) : nullptr;
    if (version != nullptr && entry.number >= from.version) {
      out.documents.emplace_back(version->wire());
      next.version = entry.number + 1;
    }
    if (index < from.entry) continue;
    const absl::StatusOr<v1::SignedBody> wire = Stored(entry.id.view());
    if (!wire.ok()) return wire.status();
    out.documents.emplace_back(*wire);
  }
  for (const auto& announced : history->announced()) out.documents.emplace_back(announced->wire());

  const std::vector<OrgId> left = room_.groups.Left(group);
  std::vector<Bytes> leaves;
  {
    const std::lock_guard lock(mutex_);
    for (auto place = places_.lower_bound(group.view());
         place != places_.end() && place->first.starts_with(group.view()); ++place) {
      if (place->first.size() > GroupId::kSize && !left.empty()) leaves.push_back(place->first);
    }
  }
  for (const Bytes& id : leaves) {
    const absl::StatusOr<v1::SignedBody> wire = Stored(id);
    if (!wire.ok()) return wire.status();
    const auto leave = trust::ReadLeave(*wire);
    if (leave.ok() && std::find(left.begin(), left.end(), leave->org) != left.end()) out.leaves.push_back(*wire);
  }
  if (std::find(left.begin(), left.end(), asker) != left.end()) return out;
  constexpr size_t kOnFile = trust::kMaxEpochsHeld * trust::kMaxIssuers + trust::kMaxTombstones;
  for (const trust::EpochFacts& facts : room_.groups.Epochs(group, from.epoch, kOnFile, room_.clock.Now())) {
    // One that has drained is kept for who was away: what follows stands on it. Its own node reads none it does not have.
    const bool kept = facts.state != trust::EpochState::kDestroyed || facts.held || asker == room_.self.org();
    if (kept) AddEpoch(*history, facts, asker, from.rewraps, out);
  }
  return out;
}

}  // namespace entente::exchange
