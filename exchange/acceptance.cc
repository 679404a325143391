#include <algorithm>

#include "crypto/encoding.h"
#include "exchange/exchange.h"
#include "model/stix_object.h"
#include "model/text.h"
#include "trust/card.h"

namespace entente::exchange {
namespace {

v1::PartyAccepted ToWire(const model::Party& party, const trust::Identity& identity) {
  v1::PartyAccepted wire;
  wire.set_org_id(party.org.str());
  *wire.mutable_identity() = identity.wire();
  wire.set_name(party.name);
  wire.set_nation(party.nation);
  wire.set_kind(std::string(model::Name(party.kind)));
  wire.set_ceiling(static_cast<v1::Label>(party.ceiling));
  for (const std::string& sector : party.sectors) wire.add_sectors(sector);
  wire.set_address(party.address);
  for (const std::string& id : party.identities) wire.add_identities(id);
  return wire;
}

absl::StatusOr<model::Party> FromWire(const v1::PartyAccepted& wire) {
  model::Party party;
  const auto org = OrgId::From(wire.org_id());
  if (!org) return Reject(RejectReason::kStoreCorrupt, "a stored party has no organisation id; run entente fsck");
  party.org = *org;
  party.name = wire.name();
  party.nation = wire.nation();
  absl::StatusOr<model::PartyKind> kind = model::ParsePartyKind(wire.kind());
  if (!kind.ok()) return kind.status();
  party.kind = *kind;
  party.ceiling = static_cast<model::Label>(wire.ceiling());
  party.sectors.assign(wire.sectors().begin(), wire.sectors().end());
  party.address = wire.address();
  party.identities.assign(wire.identities().begin(), wire.identities().end());
  return party;
}

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

// The directory as the journal has it, behind a change that did not become durable.
absl::Status BackToStored(const Room& room, const OrgId& org) {
  absl::StatusOr<std::vector<v1::PartyAccepted>> stored = room.journal.Parties();
  if (!stored.ok()) return stored.status();
  room.directory.Forget(org);
  for (const v1::PartyAccepted& wire : *stored) {
    if (wire.org_id() != org.view()) continue;
    absl::StatusOr<model::Party> party = FromWire(wire);
    if (!party.ok()) return party.status();
    absl::StatusOr<trust::Identity> identity = trust::Identity::Check(wire.identity(), room.clock.Now());
    if (!identity.ok()) return identity.status();
    return room.directory.Accept({*std::move(party), *std::move(identity)});
  }
  return absl::OkStatus();
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

absl::StatusOr<v1::PeerRecord> AcceptParty(const Room& room, const v1::AddPeerRequest& request) {
  absl::StatusOr<v1::Card> card = trust::ReadCard(request.card());
  if (!card.ok()) return card.status();
  absl::StatusOr<trust::Identity> identity = trust::Identity::Check(card->identity(), room.clock.Now());
  if (!identity.ok()) return identity.status();
  absl::StatusOr<OrgId> expected = crypto::FromFingerprint(request.fingerprint());
  if (!expected.ok()) {
    return Reject(RejectReason::kUsage, "--fingerprint is no fingerprint: 64 hex digits, as the other side's entente init "
                                        "or entente status printed them");
  }
  if (*expected != identity->org()) {
    return Reject(RejectReason::kIdentity, "the card is not the one you were told of: expected " +
                                               crypto::ToFingerprint(*expected) + ", the card has " +
                                               crypto::ToFingerprint(identity->org()) +
                                               "; ask the other side again, over a line you already trust");
  }
  absl::StatusOr<model::Party> party = LocalFacts(request, identity->name());
  if (!party.ok()) return party.status();
  party->org = identity->org();
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
  const v1::PartyAccepted wire = ToWire(*party, *identity);
  // Inside the commit, which runs one at a time: what the directory refuses is never durable, and two changes of one party
  // reach memory and disk in the same order.
  absl::Status stored = room.journal.CommitAndWait([&](storage::Transaction& transaction) {
    if (absl::Status accepted = room.directory.Accept({*party, *identity}); !accepted.ok()) return accepted;
    return transaction.AppendParty(wire).status();
  });
  if (!stored.ok()) {
    if (absl::Status back = BackToStored(room, party->org); !back.ok()) return back;
    room.counters.CountReject(Door::kOperator, ReasonOf(stored));
    return stored;
  }
  return DescribeParty(*party);
}

absl::Status LoadParties(const storage::Journal& journal, trust::Directory& directory, absl::Time now) {
  absl::StatusOr<std::vector<v1::PartyAccepted>> stored = journal.Parties();
  if (!stored.ok()) return stored.status();
  absl::Status first_problem = absl::OkStatus();
  for (const v1::PartyAccepted& wire : *stored) {
    absl::StatusOr<model::Party> party = FromWire(wire);
    absl::StatusOr<trust::Identity> identity = trust::Identity::Check(wire.identity(), now);
    absl::Status problem = party.ok() ? identity.status() : party.status();
    if (problem.ok()) problem = directory.Accept({*std::move(party), *std::move(identity)});
    if (first_problem.ok()) first_problem = problem;  // one party whose document ran out does not silence the others
  }
  return first_problem;
}

}  // namespace entente::exchange
