#include "exchange/release_seal.h"

#include <utility>

#include "crypto/crypto.h"
#include "exchange/questions.h"
#include "exchange/release.h"

namespace entente::exchange {
namespace {

// Statements of one batch with their places in it, as the seal wants them.
absl::StatusOr<std::vector<envelope::Sealable>> Sealables(const StoredBatch& batch,
                                                          const std::vector<StoredStatement>& statements) {
  std::vector<envelope::Sealable> sealables;
  sealables.reserve(statements.size());
  std::vector<size_t> indexes;
  for (const StoredStatement& statement : statements) {
    sealables.push_back({statement.body, statement.salt, statement.content, statement.index, {}});
    if (statement.index >= batch.size) {
      return Reject(RejectReason::kStoreCorrupt, "a stored statement lies outside its batch; run entente fsck");
    }
    indexes.push_back(statement.index);
  }
  if (statements.size() != batch.size) {
    std::vector<std::vector<Digest>> paths = crypto::AuditPaths(LeavesOf(batch.record), indexes);
    for (size_t i = 0; i < sealables.size(); ++i) sealables[i].path = std::move(paths[i]);
  }
  return sealables;
}

// Policy's permits for every member of a group but this organisation, under each label that counts. What one member may
// not have has none, and is not sealed to the group.
class MembersPermits {
 public:
  MembersPermits(const Room& room, const StoredBatch& batch, const std::vector<StoredStatement>& statements)
      : room_(room), batch_(batch), statements_(statements) {}
  const policy::Permit* Of(const OrgId& member, size_t statement) {
    const StoredStatement& one = statements_[statement];
    const auto [asked, fresh] = asked_.try_emplace({member, {one.label, one.subject.alike}});
    if (fresh) {
      Outcome outcome = Ask(room_, member, batch_, one);
      if (auto* permit = std::get_if<policy::Permit>(&outcome)) asked->second = std::move(*permit);
    }
    return asked->second ? &*asked->second : nullptr;
  }

 private:
  const Room& room_;
  const StoredBatch& batch_;
  const std::vector<StoredStatement>& statements_;
  std::map<std::pair<OrgId, Kind>, std::optional<policy::Permit>> asked_;
};

}  // namespace

bool IsOfGroup(RejectReason reason) {
  using enum RejectReason;
  return reason == kAudience || reason == kEpochStale || reason == kNotMember || reason == kFreeze ||
         reason == kMemberHash;
}

Outcome Ask(const Room& room, const OrgId& org, const StoredBatch& batch, const StoredStatement& statement) {
  const auto party = room.directory.Find(org);
  if (!party) return RejectReason::kUnknownParty;
  policy::Constraints constraints = batch.constraints;
  constraints.label = statement.label;
  const policy::Question question = OutboundQuestion(room, constraints, *party, statement.subject);
  const policy::Decision decision = Judge(room, *batch.rules, question).decision;
  if (decision.permitted()) return *decision.permit();
  return decision.denial()->reason;
}

absl::StatusOr<Bytes> SealTo(const Room& room, const StoredBatch& batch, const std::vector<StoredStatement>& statements,
                             envelope::Recipient recipient) {
  // Its document may be newer than the prekey.
  const auto party = room.directory.Find(recipient.prekey.org);
  if (party != nullptr) {
    if (absl::Status status = trust::CheckSuiteFloor(party->identity); !status.ok()) return status;
  }
  const absl::StatusOr<std::vector<envelope::Sealable>> sealables = Sealables(batch, statements);
  if (!sealables.ok()) return sealables.status();
  return envelope::SealDirect(room.self, {batch.record.batch(), *sealables}, {std::move(recipient)}, room.clock.Now(),
                              &room.groups);
}

absl::StatusOr<std::optional<Bytes>> SealToGroup(const Room& room, const StoredBatch& batch, const OrgId& peer,
                                                 const std::vector<uint64_t>& entries,
                                                 const std::vector<StoredStatement>& statements) {
  const absl::Time now = room.clock.Now();
  const absl::StatusOr<trust::EpochUse> epoch = room.groups.ToSealUnder(batch.group->group, now);
  if (!epoch.ok() || !epoch->membership->IsMember(peer)) return std::nullopt;
  const absl::StatusOr<std::vector<envelope::Sealable>> sealables = Sealables(batch, statements);
  if (!sealables.ok()) return sealables.status();
  // Asked anew for each member that gets the envelope, whoever had it first. Whether who left has a slot in this epoch,
  // its issuer alone knows.
  MembersPermits permits(room, batch, statements);
  if (!room.groups.Left(batch.group->group).empty()) return std::nullopt;
  for (const OrgId& member : epoch->membership->members()) {
    for (size_t i = 0; member != room.self.org() && i < statements.size(); ++i) {
      if (permits.Of(member, i) == nullptr) return std::nullopt;
    }
  }
  const auto seal = [&] {
    return envelope::SealGroup(
        room.self, {batch.record.batch(), *sealables}, batch.group->group,
        [&](const OrgId& member, size_t statement) { return permits.Of(member, statement); }, room.groups, now);
  };
  absl::StatusOr<Bytes> sealed = room.group_envelopes.For({epoch->tag, entries}, peer, now, seal);
  if (sealed.ok()) return std::optional(*std::move(sealed));
  if (IsOfGroup(ReasonOf(sealed.status()))) return std::nullopt;
  return sealed.status();
}

}  // namespace entente::exchange
