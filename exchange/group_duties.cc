#include <algorithm>

#include "crypto/crypto.h"
#include "exchange/groups.h"
#include "trust/epoch_issuer.h"

// What a node does for its groups without being told.
namespace entente::exchange {
namespace {

using enum RejectReason;

// Half of kMembershipLifetime: the other half is left for whoever is down when its turn comes.
constexpr absl::Duration kRenewAfter = absl::Hours(84);

// Whose entry a document needs: of the keeper whom the version before names, of version 1 its own. Where that one
// stalls, of who takes the log over.
bool KeepsLogFor(const trust::Membership& document, const trust::Membership* before, const OrgId& self,
                 absl::Time now) {
  const OrgId& keeper = before == nullptr ? document.log_org() : before->log_org();
  return keeper == self || (before != nullptr && document.log_org() == self && now >= before->expires());
}

// Whether this organisation left by its own word, and the admins' next version has not said so yet.
bool HasLeft(const Room& room, const GroupId& group) {
  const std::vector<OrgId> left = room.groups.Left(group);
  return std::find(left.begin(), left.end(), room.self.org()) != left.end();
}

}  // namespace

absl::Status Groups::DoDuties() {
  const std::lock_guard acting(acting_);
  absl::Status problem;
  duties_wait_ = false;
  const auto note = [&](const absl::Status& status) {
    if (problem.ok()) problem = status;
  };
  DropOldProposals();
  for (const GroupId& group : room_.groups.All()) {
    note(RenewIfDue(group));
    note(LogWhatWaits(group));
    note(IssueIfDue(group));
    note(LogWhatWaits(group));
  }
  note(room_.groups.Sweep(room_.clock.Now()));
  return problem;
}

// One entry at a time: each is behind the one before.
absl::Status Groups::LogWhatWaits(const GroupId& group) {
  for (size_t i = 0; i <= trust::kMaxEpochsHeld; ++i) {
    const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
    if (!history.has_value()) return absl::OkStatus();
    const absl::Time now = room_.clock.Now();
    const trust::Membership* newest = history->newest();
    const auto log = [&](v1::GroupLogKind kind, uint64_t number, const Digest& subject) {
      const auto entry =
          trust::MakeLogEntry(room_.self, group, history->LogWithoutAwaited(), kind, number, subject, now);
      if (!entry.ok()) return entry.status();
      const trust::GroupDocument document = &*entry;
      return TakeDocuments(group, std::span(&document, 1), /*asked=*/false);
    };
    // The first that came of those that this organisation logs: where the keeper stalls, of those that name it the next
    // one.
    const auto& announced = history->announced();
    const auto next = std::find_if(announced.begin(), announced.end(),
                                   [&](const auto& one) { return KeepsLogFor(*one, newest, room_.self.org(), now); });
    if (next != announced.end()) {
      if (absl::Status status = log(v1::GROUP_LOG_KIND_MEMBERSHIP, (*next)->version(), (*next)->hash()); !status.ok()) {
        return status;
      }
      continue;
    }
    if (newest == nullptr || newest->log_org() != room_.self.org()) return absl::OkStatus();
    const uint64_t number = history->log().Last(v1::GROUP_LOG_KIND_EPOCH) + 1;
    const std::vector<trust::EpochFacts> epochs = room_.groups.Epochs(group, number, 1, now);
    if (epochs.empty() || epochs.front().epoch.number != number) return absl::OkStatus();
    const Digest id = *Digest::From(epochs.front().epoch.id.view());
    if (absl::Status status = log(v1::GROUP_LOG_KIND_EPOCH, number, id); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// An epoch costs an encapsulation and a slot in the journal for each member: one that fails is not tried again at once.
absl::Status Groups::IssueIfDue(const GroupId& group) {
  const absl::Time now = room_.clock.Now();
  const std::optional<v1::EpochReason> reason = room_.groups.RekeyDue(group, now);
  if (!reason.has_value() || HasLeft(room_, group)) return absl::OkStatus();
  {
    const std::lock_guard lock(mutex_);
    const auto failed = issue_failed_.find(group);
    if (failed != issue_failed_.end() && now < failed->second + kIssueAgain) return absl::OkStatus();
  }
  const absl::Status issued = IssueNext(group, *reason);
  const std::lock_guard lock(mutex_);
  if (issued.ok()) {
    issue_failed_.erase(group);
  } else {
    issue_failed_[group] = now;
  }
  return issued;
}

absl::Status Groups::Rotate(const GroupId& group, v1::EpochReason reason) {
  const std::lock_guard acting(acting_);
  return IssueNext(group, reason);
}

// The slots are on disk before the first member, this one, has its own: a kill in between leaves an epoch that nobody
// knows.
absl::Status Groups::IssueNext(const GroupId& group, v1::EpochReason reason) {
  const absl::Time now = room_.clock.Now();
  const std::shared_ptr<const trust::Membership> newest = room_.groups.Newest(group);
  if (newest == nullptr)
    return Reject(kUnknownParty, "this node does not follow that group, or nothing of it counts yet");
  const std::optional<size_t> place = newest->PlaceOf(room_.self.org());
  if (!place.has_value() || !newest->TurnOf(room_.self.org()).has_value()) {
    return Reject(kIssuer, "this organisation issues no epochs of the group; ask one of its issuers");
  }
  if (HasLeft(room_, group)) {
    return Reject(kNotMember, "this organisation has left the group; another issuer issues the next epoch");
  }
  std::vector<trust::Prekey> prekeys;
  for (const OrgId& member : newest->members()) {
    const auto party = room_.directory.Find(member);
    if (party == nullptr) continue;
    const auto prekey = member == room_.self.org()
                            ? trust::CheckPrekey(trust::HistoryOf(room_.self), room_.prekeys.Offer(), now)
                            : room_.directory.heard_prekeys().ForFile(*party->history, now);
    if (prekey.ok()) prekeys.push_back(*prekey);
  }
  const absl::StatusOr<v1::EpochSlots> issued = room_.groups.Issue(room_.self, group, prekeys, reason, now);
  if (!issued.ok()) return issued.status();
  v1::GroupTaken record;
  record.set_group_id(group.str());
  *record.mutable_slots() = *issued;
  if (absl::Status status = Keep(std::move(record)); !status.ok()) return status;
  const absl::StatusOr<v1::EpochDelivery> own = trust::DeliveryFor(*issued, *place);
  if (!own.ok()) return own.status();
  return TakeEpoch(*own, /*asked=*/false);
}

// A heartbeat: the same terms for another week. Each further admin waits for those before it.
absl::Status Groups::RenewIfDue(const GroupId& group) {
  const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
  if (admin_key_ == nullptr || !history.has_value() || history->newest() == nullptr || !history->announced().empty())
    return absl::OkStatus();
  const trust::Membership& newest = *history->newest();
  const auto& admins = newest.admins();
  const auto turn = std::find(admins.begin(), admins.end(), room_.self.org());
  const std::vector<v1::SignedMembership> waiting = Proposals(group);
  const bool offered = std::any_of(waiting.begin(), waiting.end(), [&](const v1::SignedMembership& one) {
    const auto read = trust::Membership::Read(one);
    return read.ok() && IsHeartbeat(*read);
  });
  if (turn == admins.end() || offered) return absl::OkStatus();
  if (room_.clock.Now() < newest.issued() + kRenewAfter + trust::kIssuerTurn * (turn - admins.begin()))
    return absl::OkStatus();
  return Make(group, trust::TermsOf(newest)).status();
}

}  // namespace entente::exchange
