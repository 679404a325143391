#include "exchange/stored_parties.h"

#include "base/reject.h"
#include "trust/agreement_history.h"

namespace entente::exchange {
namespace {

constexpr size_t kAgreementsAtOnce = 256;

absl::StatusOr<model::Party> FromRecord(const v1::PartyAccepted& record) {
  model::Party party;
  const auto org = OrgId::From(record.org_id());
  if (!org) return Reject(RejectReason::kStoreCorrupt, "a stored party has no organisation id; run entente fsck");
  party.org = *org;
  party.name = record.name();
  party.nation = record.nation();
  absl::StatusOr<model::PartyKind> kind = model::ParsePartyKind(record.kind());
  if (!kind.ok()) return kind.status();
  party.kind = *kind;
  party.ceiling = static_cast<model::Label>(record.ceiling());
  party.sectors.assign(record.sectors().begin(), record.sectors().end());
  party.address = record.address();
  party.identities.assign(record.identities().begin(), record.identities().end());
  return party;
}

// Whether a document came from the future was asked when it came: a clock that was set back since loses no party.
absl::StatusOr<trust::IdentityHistory> StoredHistory(const storage::Journal& journal, const OrgId& org,
                                                     const v1::SignedIdentity& first) {
  absl::StatusOr<trust::IdentityHistory> history = trust::IdentityHistory::Begin(first);
  if (!history.ok()) return history;
  const absl::StatusOr<std::vector<v1::SignedIdentity>> later = journal.LaterIdentities(org);
  if (!later.ok()) return later.status();
  for (const v1::SignedIdentity& wire : *later) {
    const absl::Status status = history->Extend(wire, absl::InfiniteFuture());
    // A second document for one version is on file as evidence; the history remembers it.
    if (!status.ok() && ReasonOf(status) != RejectReason::kEquivocation) return status;
  }
  return history;
}

// Puts the party of `record` into `directory`. Refuses also, with kFreeze, where its newest document has expired: then it
// stands there, and nothing of it counts until a newer one comes.
absl::Status Load(const storage::Journal& journal, const v1::PartyAccepted& record, trust::Directory& directory, absl::Time now) {
  absl::StatusOr<model::Party> party = FromRecord(record);
  if (!party.ok()) return party.status();
  absl::StatusOr<trust::IdentityHistory> history = StoredHistory(journal, party->org, record.identity());
  if (!history.ok()) return history.status();
  const absl::Status fresh = history->CheckFresh(now);
  trust::Accepted accepted{*std::move(party), history->newest(),
                           std::make_shared<const trust::IdentityHistory>(*std::move(history))};
  auto agreements = StoredAgreements(journal, directory.self().party.org, accepted.party.org);
  if (!agreements.ok()) return agreements.status();
  accepted.agreements = *std::move(agreements);
  absl::Status status = directory.Accept(std::move(accepted));
  return status.ok() ? fresh : status;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const trust::AgreementHistory>> StoredAgreements(const storage::Journal& journal, const OrgId& self,
                                                                               const OrgId& org) {
  trust::AgreementHistory history(self, org);
  uint64_t after = 0;
  for (size_t seen = kAgreementsAtOnce; seen == kAgreementsAtOnce;) {
    const auto page = journal.Agreements(org, after, kAgreementsAtOnce);
    if (!page.ok()) return page.status();
    seen = page->size();
    for (const v1::AgreementTaken& taken : *page) {
      const absl::StatusOr<trust::Agreement> agreement = trust::Agreement::Read(taken.agreement());
      if (!agreement.ok()) return agreement.status();
      const absl::StatusOr<bool> news = history.IsNews(*agreement);
      if (!news.ok()) return news.status();
      if (*news) history.Take(*agreement);
    }
  }
  if (after == 0) return nullptr;
  return std::make_shared<const trust::AgreementHistory>(std::move(history));
}

v1::PartyAccepted ToRecord(const model::Party& party, const trust::IdentityHistory& history) {
  v1::PartyAccepted record;
  record.set_org_id(party.org.str());
  *record.mutable_identity() = history.versions().front()->wire();
  record.set_name(party.name);
  record.set_nation(party.nation);
  record.set_kind(std::string(model::Name(party.kind)));
  record.set_ceiling(static_cast<v1::Label>(party.ceiling));
  for (const std::string& sector : party.sectors) record.add_sectors(sector);
  record.set_address(party.address);
  for (const std::string& id : party.identities) record.add_identities(id);
  return record;
}

absl::Status BackToStored(const Room& room, const OrgId& org) {
  absl::StatusOr<std::vector<v1::PartyAccepted>> stored = room.journal.Parties();
  if (!stored.ok()) return stored.status();
  room.directory.Forget(org);
  for (const v1::PartyAccepted& record : *stored) {
    if (record.org_id() != org.view()) continue;
    const absl::Status loaded = Load(room.journal, record, room.directory, room.clock.Now());
    return ReasonOf(loaded) == RejectReason::kFreeze ? absl::OkStatus() : loaded;
  }
  return absl::OkStatus();
}

absl::Status LoadParties(const storage::Journal& journal, trust::Directory& directory, absl::Time now) {
  absl::StatusOr<std::vector<v1::PartyAccepted>> stored = journal.Parties();
  if (!stored.ok()) return stored.status();
  absl::Status first_problem = absl::OkStatus();
  for (const v1::PartyAccepted& record : *stored) {
    const absl::Status problem = Load(journal, record, directory, now);
    // One party does not silence the others.
    if (first_problem.ok() && !problem.ok()) {
      first_problem = Reject(ReasonOf(problem), record.name() + ": " + std::string(problem.message()));
    }
  }
  return first_problem;
}

}  // namespace entente::exchange
