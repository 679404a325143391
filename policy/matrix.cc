#include "policy/matrix.h"

#include <string_view>

#include "policy/checks.h"
#include "policy/constraints.h"

namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;

// Rows: CLEAR to RED. Columns: same_org, client, same_sg, community, peer_nation, private_partner, public, relay,
// observer.
constexpr std::string_view kDirect[] = {"PPIPPPWYP", "PQGQQQDXO", "TTGDAADXM", "TAGDAADXM", "NNNDNNDXM"};
constexpr std::string_view kOnward[] = {"PPIPPPWYP", "PQGQQQDXO", "TCDDDDDXM", "TDDDDDDXM", "DDDDDDDXM"};

// The gate to everybody: what cannot be taken back. Who made it is checked with the signature.
bool PassesGate(const Facts& facts) {
  const Question& asked = facts.question;
  const bool nobody_harmed = asked.names_victims.has_value() && !*asked.names_victims;
  return facts.constraints.personal_data == PersonalData::kNone && nobody_harmed && !facts.embargoed;
}

bool Met(const Facts& facts, Cell cell) {
  const Standing& standing = facts.standing;
  switch (cell) {
    case Cell::kPermit:
      return true;
    case Cell::kSeat:
      return standing.seat.value_or(facts.same_org);
    case Cell::kNeedToKnow:
      return standing.need_to_know.value_or(facts.same_org);
    case Cell::kClient:
      return standing.need_to_know.value_or(false);
    case Cell::kAddressee:
      return facts.addressed;
    case Cell::kMember:
      return standing.group.has_value() && standing.group->member;
    case Cell::kWatched:
    case Cell::kCommunity:
      return standing.community.value_or(true);
    case Cell::kGate:
      return PassesGate(facts);
    default:
      return false;
  }
}

constexpr uint16_t Bit(Relationship relationship) {
  return static_cast<uint16_t>(1u << static_cast<unsigned>(relationship));
}

}  // namespace

std::string_view Name(Relationship relationship) {
  static constexpr std::string_view kNames[] = {"same_org",        "client", "same_sg", "community", "peer_nation",
                                                "private_partner", "public", "relay",   "observer"};
  return kNames[static_cast<size_t>(relationship)];
}

Cell CellOf(bool direct, Label label, Relationship relationship) {
  const auto row = static_cast<size_t>(label) - static_cast<size_t>(Label::kClear);
  return static_cast<Cell>((direct ? kDirect : kOnward)[row][static_cast<size_t>(relationship)]);
}

uint16_t RelationshipsOf(const Facts& facts) {
  const Standing& standing = facts.standing;
  if (facts.same_org) return Bit(Relationship::kSameOrg);
  if (standing.public_channel || standing.unverified) return Bit(Relationship::kPublic);
  if (facts.recipient.kind == PartyKind::kRelay) return Bit(Relationship::kRelay);
  if (facts.recipient.kind == PartyKind::kObserver) return Bit(Relationship::kObserver);
  uint16_t all = 0;
  if (standing.client) all |= Bit(Relationship::kClient);
  if (!facts.constraints.sg_id.empty() && standing.group && standing.group->member) all |= Bit(Relationship::kGroup);
  if (standing.community.value_or(false)) all |= Bit(Relationship::kCommunity);
  switch (facts.recipient.kind) {
    case PartyKind::kNation:
    case PartyKind::kCert:
      all |= Bit(Relationship::kPeerNation);
      break;
    case PartyKind::kPrivate:
    case PartyKind::kResearch:
      all |= Bit(Relationship::kPrivatePartner);
      break;
    default:
      break;
  }
  return all != 0 ? all : Bit(Relationship::kPublic);
}

std::optional<Carrier> FindCarrier(const Facts& facts) {
  if (!IsLabel(facts.label)) return std::nullopt;
  for (int column = 0; column < kRelationshipCount; ++column) {
    const auto relationship = static_cast<Relationship>(column);
    if ((facts.relationships & Bit(relationship)) == 0) continue;
    for (int row = static_cast<int>(facts.label); row <= static_cast<int>(Label::kRed); ++row) {
      const auto label = static_cast<Label>(row);
      // Who runs several organisations' systems is outside the one that AMBER+STRICT stays in.
      if (label >= Label::kAmberStrict && facts.standing.shared_operator && !facts.same_org) break;
      const Cell cell = CellOf(facts.direct, label, relationship);
      if (Met(facts, cell)) return Carrier{relationship, cell};
    }
  }
  return std::nullopt;
}

}  // namespace entente::policy
