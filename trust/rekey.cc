#include <algorithm>

#include "trust/epoch_issuer.h"
#include "trust/epoch_ring.h"

// When the next epoch is due: docs/formats/epoch.md, "Rekey".
namespace entente::trust {
namespace {

constexpr int64_t kRekeyPercent = 80;  // of an epoch's life

struct Cause {
  v1::EpochReason reason;
  absl::Time since;
};

absl::Time CountedAt(const MembershipHistory& history, uint64_t version) {
  return history.log().Of(v1::GROUP_LOG_KIND_MEMBERSHIP, version)->time;
}

bool Lacks(const Membership& a, const Membership& b) {
  return !std::includes(a.members().begin(), a.members().end(), b.members().begin(), b.members().end());
}

// Who was taken out or came in by the versions behind the epoch's own. The first such version counts: a heartbeat behind it is no
// new cause.
void AddChanges(const MembershipHistory& history, const Membership& of_epoch, std::vector<Cause>& causes) {
  const auto at = [&](uint64_t version) {
    return history.Version(version, history.log().Of(v1::GROUP_LOG_KIND_MEMBERSHIP, version)->subject);
  };
  for (uint64_t version = of_epoch.version() + 1; version <= history.newest()->version(); ++version) {
    const std::shared_ptr<const Membership> later = at(version);
    if (Lacks(*later, of_epoch)) causes.push_back({v1::EPOCH_REASON_REMOVAL, CountedAt(history, version)});
    if (Lacks(of_epoch, *later)) causes.push_back({v1::EPOCH_REASON_JOIN, CountedAt(history, version)});
  }
}

// Whether `held` was issued with the knowledge of what a member said at `said` and came here at `taken`. What came late, behind an
// epoch that begins later than it says, was not known to this issuer.
bool IsBehind(const HeldEpoch& held, v1::EpochReason reason, absl::Time said, absl::Time taken, const OrgId& self) {
  if (said > held.epoch.not_before) return false;
  if (held.epoch.issuer != self && held.epoch.reason == reason) return true;
  return taken <= std::min(held.epoch.not_before, held.taken);
}

// A member said that one of its keys was stolen, and the epoch knows nothing of it. Replacing a key in due course is no cause.
void AddThefts(const Membership& newest, const HeldEpoch& latest, const Parties& parties, const OrgId& self, std::vector<Cause>& causes) {
  for (const OrgId& member : newest.members()) {
    const std::shared_ptr<const Accepted> party = parties.Find(member);
    if (party == nullptr) continue;
    const v1::IdentityDocument& document = party->identity.document();
    const bool stolen = std::any_of(document.revocations().begin(), document.revocations().end(),
                                    [](const auto& one) { return one.reason() == v1::REVOCATION_REASON_COMPROMISED; });
    if (!stolen || IsBehind(latest, v1::EPOCH_REASON_COMPROMISE, IssuedAt(document), party->taken, self)) continue;
    // An epoch before the time of the document would not be behind it.
    causes.push_back({v1::EPOCH_REASON_COMPROMISE, std::max(IssuedAt(document), party->taken)});
  }
}

std::vector<Cause> CausesOf(const MembershipHistory& history, const HeldEpoch* latest, std::span<const HeldLeave> leaves,
                            const Parties& parties, const OrgId& self) {
  const Membership& newest = *history.newest();
  if (latest == nullptr) return {{v1::EPOCH_REASON_FOUNDED, CountedAt(history, newest.version())}};
  const Epoch& epoch = latest->epoch;
  std::vector<Cause> causes = {{v1::EPOCH_REASON_AGE, epoch.not_before + (epoch.not_after - epoch.not_before) * kRekeyPercent / 100}};
  // Whose slot in it does not open asks for a re-wrap first; where none comes, nobody may be able to open it. Another of its own would
  // not mend why an issuer lacks the secret of its own.
  if (latest->secret == nullptr && epoch.issuer != self) causes.push_back({v1::EPOCH_REASON_AGE, latest->taken + kIssuerTurn});
  const std::shared_ptr<const Membership> of_epoch = history.Version(epoch.membership.version, epoch.membership.hash);
  if (of_epoch != nullptr) AddChanges(history, *of_epoch, causes);
  AddThefts(newest, *latest, parties, self, causes);
  for (const HeldLeave& left : leaves) {
    if (!LeavesOut(*latest, left, self)) causes.push_back({v1::EPOCH_REASON_LEAVE, left.taken});
  }
  return causes;
}

// Whether the log knows of later epochs than this issuer: they are asked for first. Without any it would begin the group's epochs
// anew, beside everybody else's; one behind waits as long as a log that names what nobody has may hold it up.
bool IsBehindTheLog(const MembershipHistory& history, const HeldEpoch* latest, absl::Time now) {
  const uint64_t logged = history.log().Last(v1::GROUP_LOG_KIND_EPOCH);
  if (latest == nullptr) return logged > 0;
  return logged > latest->epoch.number && now < history.log().Of(v1::GROUP_LOG_KIND_EPOCH, logged)->time + kEpochUnlogged;
}

// Those that end the epoch before at once under RED come first, then who waits to get in.
int Gravity(v1::EpochReason reason) {
  switch (reason) {
    case v1::EPOCH_REASON_COMPROMISE: return 4;
    case v1::EPOCH_REASON_REMOVAL: return 3;
    case v1::EPOCH_REASON_LEAVE: return 2;
    case v1::EPOCH_REASON_JOIN: return 1;
    default: return 0;
  }
}

}  // namespace

bool LeavesOut(const HeldEpoch& held, const HeldLeave& left, const OrgId& self) {
  // Who left has a word of its own about the epoch that it makes: the others make another.
  return held.epoch.issuer != left.leave.org && IsBehind(held, v1::EPOCH_REASON_LEAVE, left.leave.time, left.taken, self);
}

std::optional<v1::EpochReason> RekeyDue(const MembershipHistory& history, const HeldEpoch* latest, std::span<const HeldLeave> leaves,
                                        const Parties& parties, const OrgId& self, absl::Time now) {
  const Membership* newest = history.newest();
  const std::optional<size_t> turn = newest == nullptr ? std::nullopt : newest->TurnOf(self);
  if (!turn.has_value() || IsBehindTheLog(history, latest, now)) return std::nullopt;
  std::optional<v1::EpochReason> gravest;
  for (const Cause& cause : CausesOf(history, latest, leaves, parties, self)) {
    if (now < cause.since + static_cast<int64_t>(*turn) * kIssuerTurn) continue;
    if (!gravest.has_value() || Gravity(cause.reason) > Gravity(*gravest)) gravest = cause.reason;
  }
  return gravest;
}

}  // namespace entente::trust
