#include "policy/checks.h"
#include "policy/constraints.h"
#include "policy/finding.h"

// What goes with a permit, and what goes without one.
namespace entente::policy {
namespace {

constexpr Obligations Bit(Obligation what) {
  return static_cast<Obligations>(what);
}

// Whatever crosses a border without consent; where personal data is stated and nobody looked, as if it named victims.
bool NamesVictimsAbroad(const Facts& facts) {
  const bool personal = facts.constraints.personal_data == PersonalData::kPresent ||
                        facts.constraints.personal_data == PersonalData::kSpecial;
  return facts.crosses_border && facts.question.names_victims.value_or(personal);
}

Obligations OfIep(const model::Iep& iep) {
  Obligations all = 0;
  if (iep.attribution == model::Iep::Attribution::kMustNot) all |= Bit(Obligation::kStripSource);
  if (iep.attribution == model::Iep::Attribution::kMust) all |= Bit(Obligation::kKeepSource);
  if (iep.encrypt_in_transit) all |= Bit(Obligation::kEncrypt);
  return all;
}

bool Passes(const Facts& facts, Finding (*check)(const Facts&)) {
  return check(facts).result != Result::kFail;
}

}  // namespace

Obligations ObligationsOf(const Facts& facts) {
  if (facts.same_org) return 0;
  Obligations all = facts.question.iep ? OfIep(*facts.question.iep) : 0;
  if (facts.carrier && facts.carrier->cell == Cell::kSeat) all |= Bit(Obligation::kSeatsOnly);
  if (NamesVictimsAbroad(facts)) all |= Bit(Obligation::kRedactVictims);
  if (facts.question.unattributed && !facts.direct) all |= Bit(Obligation::kStripSource);
  if ((all & Bit(Obligation::kStripSource)) != 0) all &= ~Bit(Obligation::kKeepSource);
  return all;
}

WithoutContent InsteadOf(const Facts& facts) {
  const bool relay = (facts.relationships >> static_cast<int>(Relationship::kRelay)) & 1;
  const bool observer = (facts.relationships >> static_cast<int>(Relationship::kObserver)) & 1;
  if (!relay && !observer) return WithoutContent::kNothing;
  const bool sound = Passes(facts, CheckIntegrity) && Passes(facts, CheckMarking) && Passes(facts, CheckExercise);
  if (!sound || !facts.standing.mandate) return WithoutContent::kNothing;
  if (observer) return WithoutContent::kMetadata;
  if (facts.question.recalled) return WithoutContent::kNothing;
  const Cell cell = CellOf(facts.direct, facts.label, Relationship::kRelay);
  return cell == Cell::kSigned && !facts.embargoed ? WithoutContent::kSignedPlaintext : WithoutContent::kEnvelope;
}

}  // namespace entente::policy
