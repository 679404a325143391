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

// Whose entry a document needs: of the keeper whom the version before names, of version 1 its own. Where that one stalls, of who
// takes the log over.
bool KeepsLogFor(const trust::Membership& document, const trust::Membership* before, const OrgId& self, absl::Time now) {
  const OrgId& keeper = before == nullptr ? document.log_org() : before->log_org();
  return keeper == self || (before != nullptr && document.log_org() == self && now >= before->expires());
}

}  // namespace

absl::Status Groups::DoDuties() {
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
      const v1::SignedBody entry = trust::MakeLogEntry(room_.self, group, history->LogWithoutAwaited(), kind, number, subject, now);
      const trust::GroupDocument document = &entry;
      return TakeDocuments(group, std::span(&document, 1), /*asked=*/false);
    };
    if (!history->announced().empty()) {
      // The first that came, so that whoever races another admin knows who lost.
      const trust::Membership& next = *history->announced().front();
      if (!KeepsLogFor(next, newest, room_.self.org(), now)) return absl::OkStatus();
      if (absl::Status status = log(v1::GROUP_LOG_KIND_MEMBERSHIP, next.version(), next.hash()); !status.ok()) return status;
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

absl::Status Groups::IssueIfDue(const GroupId& group) {
  const std::optional<v1::EpochReason> reason = room_.groups.RekeyDue(group, room_.clock.Now());
  return reason.has_value() ? Rotate(group, *reason) : absl::OkStatus();
}

// The slots are on disk before the first member, this one, has its own: a kill in between leaves an epoch that nobody knows.
absl::Status Groups::Rotate(const GroupId& group, v1::EpochReason reason) {
  const absl::Time now = room_.clock.Now();
  const std::shared_ptr<const trust::Membership> newest = room_.groups.Newest(group);
  if (newest == nullptr) return Reject(kUnknownParty, "this node does not follow that group, or nothing of it counts yet");
  const std::optional<size_t> place = newest->PlaceOf(room_.self.org());
  if (!place.has_value() || !newest->TurnOf(room_.self.org()).has_value()) {
    return Reject(kIssuer, "this organisation issues no epochs of the group; ask one of its issuers");
  }
  std::vector<trust::Prekey> prekeys;
  for (const OrgId& member : newest->members()) {
    const auto party = room_.directory.Find(member);
    if (party == nullptr) continue;
    const auto prekey = member == room_.self.org() ? trust::CheckPrekey(trust::HistoryOf(room_.self), room_.prekeys.Offer(), now)
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
  if (admin_key_ == nullptr || !history.has_value() || history->newest() == nullptr || !history->announced().empty()) return absl::OkStatus();
  const trust::Membership& newest = *history->newest();
  const auto& admins = newest.admins();
  const auto turn = std::find(admins.begin(), admins.end(), room_.self.org());
  if (turn == admins.end() || !Proposals(group).empty()) return absl::OkStatus();
  if (room_.clock.Now() < newest.issued() + kRenewAfter + trust::kIssuerTurn * (turn - admins.begin())) return absl::OkStatus();
  return Propose(group, trust::TermsOf(newest)).status();
}

}  // namespace entente::exchange
