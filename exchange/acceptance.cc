#include <algorithm>

#include "crypto/encoding.h"
#include "exchange/stored_parties.h"
#include "model/stix_object.h"
#include "model/text.h"
#include "trust/card.h"

namespace entente::exchange {
namespace {

// The strictest label a party of this kind may be sent when the operator names no ceiling. The matrix still applies.
model::Label DefaultCeiling(model::PartyKind kind) {
  switch (kind) {
    case model::PartyKind::kNation:
    case model::PartyKind::kCert:
    case model::PartyKind::kPrivate:
    case model::PartyKind::kResearch: return model::Label::kAmberStrict;
    case model::PartyKind::kObserver:
    case model::PartyKind::kRelay: return model::Label::kGreen;
  }
  return model::Label::kClear;
}

absl::Status ReadIdentities(const v1::AddPeerRequest& request, std::vector<std::string>& out) {
  if (static_cast<size_t>(request.identities_size()) > model::kMaxIdentitiesOfParty) {
    return Reject(RejectReason::kUsage, "a party has at most 16 STIX identities on file; name those that it publishes under");
  }
  for (const std::string& id : request.identities()) {
    if (!model::IsStixId(id, "identity")) {
      return Reject(RejectReason::kUsage, "'" + model::Escaped(id, 80) + "' is no id of a STIX identity object; give identity--UUID");
    }
    out.push_back(id);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return absl::OkStatus();
}

absl::StatusOr<model::Party> LocalFacts(const v1::AddPeerRequest& request, const std::string& card_name) {
  model::Party party;
  absl::StatusOr<std::string> name = model::ParsePartyName(request.name().empty() ? card_name : request.name());
  if (!name.ok()) return name.status();
  party.name = *std::move(name);
  absl::StatusOr<std::string> nation = model::ParseNation(request.nation());
  if (!nation.ok()) return nation.status();
  party.nation = *std::move(nation);
  absl::StatusOr<model::PartyKind> kind = model::ParsePartyKind(request.kind());
  if (!kind.ok()) return kind.status();
  party.kind = *kind;
  party.ceiling = DefaultCeiling(party.kind);
  if (!request.ceiling().empty()) {
    absl::StatusOr<model::Label> ceiling = model::ParseLabel(request.ceiling());
    if (!ceiling.ok()) return ceiling.status();
    party.ceiling = *ceiling;
  }
  for (const std::string& sector : request.sectors()) {
    absl::StatusOr<std::string> checked = model::ParsePartyName(sector);
    if (!checked.ok()) {
      return Reject(RejectReason::kUsage, "sector '" + model::Escaped(sector, 80) + "' is no name of a-z 0-9 . - _");
    }
    party.sectors.push_back(*std::move(checked));
  }
  std::sort(party.sectors.begin(), party.sectors.end());
  if (absl::Status identities = ReadIdentities(request, party.identities); !identities.ok()) return identities;
  return party;
}

// A rule about a name that nobody has binds nobody.
absl::Status CheckName(const Room& room, const std::string& on_file, const std::string& given) {
  if (on_file == given || !room.rules.NamesParty(on_file)) return absl::OkStatus();
  return Reject(RejectReason::kConflict, "local rules name '" + on_file + "', and would not bind it under another name; "
                                             "change them first, or give --name " + on_file);
}

// One commit, which runs alone: what the directory refuses is never durable, and two changes of one party reach memory and
// disk in the same order. Of a party on file the documents come first: where they are refused, what came before the refusal
// stays, evidence too, and the local facts are as before.
absl::Status Store(const Room& room, const model::Party& party, const trust::IdentityHistory& history,
                   std::string_view by) {
  absl::Status taken;
  // Of a party that a start had to leave out, too.
  const auto agreements = StoredAgreements(room.journal, room.self.org(), party.org);
  if (!agreements.ok()) return agreements.status();
  const absl::Status stored = room.journal.CommitAndWait([&](storage::Transaction& transaction) {
    transaction.ActFor(by);
    const auto append = [&](const v1::SignedIdentity& wire) { return transaction.AppendIdentity(party.org, wire).status(); };
    const auto on_file = room.directory.Find(party.org);
    const bool known = on_file != nullptr;
    if (known) taken = CheckName(room, on_file->party.name, party.name);
    if (!taken.ok()) return absl::OkStatus();
    if (known) taken = room.directory.Extend(party.org, trust::ChainOf(history), room.clock.Now(), append);
    if (!taken.ok()) return absl::OkStatus();
    absl::Status status = room.directory.Accept({party, history.newest(), std::make_shared<const trust::IdentityHistory>(history),
                                                 absl::InfinitePast(), *agreements});
    if (status.ok()) status = transaction.AppendParty(ToRecord(party, history)).status();
    for (size_t i = 1; i < history.versions().size() && !known && status.ok(); ++i) {
      status = append(history.versions()[i]->wire());
    }
    return status;
  });
  if (!stored.ok()) {
    if (absl::Status back = BackToStored(room, party.org); !back.ok()) return back;
  }
  const absl::Status& outcome = stored.ok() ? taken : stored;
  if (!outcome.ok()) room.counters.CountReject(Door::kOperator, ReasonOf(outcome));
  return outcome;
}

}  // namespace

v1::PeerRecord DescribeParty(const model::Party& party) {
  v1::PeerRecord record;
  record.set_name(party.name);
  record.set_org_id(crypto::ToHex(party.org.view()));
  record.set_nation(party.nation);
  record.set_kind(std::string(model::Name(party.kind)));
  record.set_ceiling(std::string(model::Name(party.ceiling)));
  for (const std::string& sector : party.sectors) record.add_sectors(sector);
  for (const std::string& id : party.identities) record.add_identities(id);
  record.set_address(party.address);
  record.set_fingerprint(crypto::ToFingerprint(party.org));
  return record;
}

absl::StatusOr<v1::PeerRecord> AcceptParty(const Room& room, const v1::AddPeerRequest& request, std::string_view by) {
  absl::StatusOr<v1::Card> card = trust::ReadCard(request.card());
  if (!card.ok()) return card.status();
  const absl::StatusOr<trust::IdentityHistory> history = trust::HistoryOfCard(*card, room.clock.Now());
  if (!history.ok()) return history.status();
  const OrgId org = history->org();
  absl::StatusOr<OrgId> expected = crypto::FromFingerprint(request.fingerprint());
  if (!expected.ok()) {
    return Reject(RejectReason::kUsage, "--fingerprint is no fingerprint: 64 hex digits, as the other side's entente init "
                                        "or entente status printed them");
  }
  if (*expected != org) {
    return Reject(RejectReason::kIdentity, "the card is not the one you were told of: expected " +
                                               crypto::ToFingerprint(*expected) + ", the card has " +
                                               crypto::ToFingerprint(org) +
                                               "; ask the other side again, over a line you already trust");
  }
  absl::StatusOr<model::Party> party = LocalFacts(request, history->newest().name());
  if (!party.ok()) return party.status();
  party->org = org;
  party->address = card->address();
  if (party->org == room.self.org()) {
    return Reject(RejectReason::kUsage, "this is this node's own card; give the peer's");
  }
  const auto named = room.directory.FindByName(party->name);
  if (named && named->party.org != party->org) {
    return Reject(RejectReason::kConflict,
                  "another party is on file as '" + party->name + "'; choose another with --name");
  }
  for (const std::string& id : party->identities) {
    const std::optional<OrgId> owner = room.directory.SpeaksAs(id);
    if (owner && *owner != party->org) {
      return Reject(RejectReason::kConflict, id + " is on file for " + room.directory.NameOf(*owner) + "; an identity is one organisation's");
    }
  }
  if (!room.directory.Find(org)) {
    if (absl::Status fresh = history->CheckFresh(room.clock.Now()); !fresh.ok()) return fresh;
  }
  if (absl::Status stored = Store(room, *party, *history, by); !stored.ok()) return stored;
  return DescribeParty(*party);
}

}  // namespace entente::exchange
