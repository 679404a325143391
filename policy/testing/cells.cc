#include "policy/testing/cells.h"

#include "policy/sample_questions.h"

namespace entente::policy::testing {
namespace {

using model::Label;
using model::PartyKind;

constexpr const char* kDirect[] = {"P P I P P P W Y P", "P Q G Q Q Q D X O", "T T G D A A D X M", "T A G D A A D X M",
                                   "N N N D N N D X M"};
constexpr const char* kOnward[] = {"P P I P P P W Y P", "P Q G Q Q Q D X O", "T C D D D D D X M", "T D D D D D D X M",
                                   "D D D D D D D X M"};

// Somebody of whom that relationship alone holds.
model::Party RecipientOf(Relationship relationship) {
  switch (relationship) {
    case Relationship::kSameOrg:
      return Norlandia();
    case Relationship::kPeerNation:
      return Estovia();
    case Relationship::kPrivatePartner:
      return SampleParty('p', "partner", "XE", PartyKind::kPrivate);
    case Relationship::kRelay:
      return SampleParty('y', "relay", "XE", PartyKind::kRelay);
    case Relationship::kObserver:
      return SampleParty('o', "observer", "XE", PartyKind::kObserver);
    default:
      return SampleParty('r', "recipient", "XE", static_cast<PartyKind>(6));
  }
}

void Stand(Question& question, Relationship relationship, bool met) {
  Standing& standing = question.standing;
  standing.public_channel = relationship == Relationship::kPublic;
  standing.client = relationship == Relationship::kClient;
  standing.seat = standing.need_to_know = met;
  standing.mandate = met;
  if (!met) standing.community = false;
  if (relationship == Relationship::kCommunity) standing.community = met || question.constraints.label == Label::kClear;
  if (relationship == Relationship::kGroup) {
    question.constraints.sg_id = Bytes(kSharingGroupIdSize, 'g');
    standing.group = GroupStanding();
    standing.group->member = met;
  }
  if (met && !standing.public_channel) question.constraints.addressees = {question.recipient.org};
  question.constraints.personal_data = PersonalData::kNone;
  question.names_victims = !met && standing.public_channel;
  question.honours_obligations = true;
}

}  // namespace

std::vector<CellQuestion> Cells(bool met) {
  std::vector<CellQuestion> cells;
  for (const bool direct : {true, false}) {
    for (int row = 0; row < 5; ++row) {
      for (int column = 0; column < kRelationshipCount; ++column) {
        const auto label = static_cast<Label>(row + 1);
        const auto relationship = static_cast<Relationship>(column);
        Question question = SampleQuestion(label, RecipientOf(relationship));
        Stand(question, relationship, met);
        if (!direct) question.hop = Hop::kOnward, question.hops_made = 0;
        const std::string name = std::string(model::Name(label)) + (direct ? " direct to " : " onward to ") +
                                 std::string(Name(relationship)) + (met ? ", met" : ", unmet");
        cells.push_back({label, relationship, direct, (direct ? kDirect : kOnward)[row][2 * column], question, name});
      }
    }
  }
  return cells;
}

bool Permits(char code, bool met) {
  if (code == 'P') return true;
  return met && std::string("NTAGQCWO").find(code) != std::string::npos;
}

}  // namespace entente::policy::testing
