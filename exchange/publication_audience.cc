// Whom objects of one effective marking reach: policy is asked about every party on file, and of a group every member
// has to be permitted.
#include <algorithm>

#include "crypto/encoding.h"
#include "exchange/publication_batch.h"
#include "model/text.h"

namespace entente::exchange {

PublicationBatch::Class& PublicationBatch::ClassFor(const policy::Constraints& constraints,
                                                    Candidate& candidate) {
  Subject subject = SubjectOf(room_, *rules_, *candidate.object, candidate.content.size(), room_.self.org(),
                              Source::kAnalyst, room_.clock.Now(), candidate.released_from != 0);
  const auto [it, fresh] = classes_.try_emplace({constraints.label, constraints.pap, subject.alike});
  Class& members = it->second;
  candidate.of = &members;
  candidate.label = constraints.label;
  if (!fresh) return members;
  members.constraints = constraints;
  members.subject = std::move(subject);
  const policy::Decision local =
      Judge(room_, *rules_, LocalQuestion(room_, constraints, members.subject)).decision;
  if (local.permitted()) {
    members.local = *local.permit();
  } else {
    Deny(members, local.denial()->reason, Sentence(*local.denial()));
    Hold(local, members);
  }
  // Local rules narrow: what they deny may still become stricter.
  const policy::Decision bare = policy::Evaluate({}, LocalQuestion(room_, constraints, members.subject));
  if (bare.permitted()) members.raises = *bare.permit();
  for (const auto& party : room_.directory.All()) Ask(*party, members);
  if (members.held) HoldFromAll(members);
  members.audience = members.now;
  members.audience.insert(members.audience.end(), members.later.begin(), members.later.end());
  std::sort(members.audience.begin(), members.audience.end());
  if (constraints.sg_id.empty()) return members;
  members.redactions.clear();  // what goes to a group goes whole, and to all of it
  AskGroup(members);
  return members;
}

// A local rule that holds an object from one holds it from all.
void PublicationBatch::Hold(const policy::Decision& decision, Class& members) {
  if (!decision.denial()->quarantine || decision.denial()->reason != RejectReason::kPolicyRule) return;
  Deny(members, RejectReason::kPolicyRule, Sentence(*decision.denial()));
  members.held = true;
}

void PublicationBatch::HoldFromAll(Class& members) {
  members.now.clear();
  members.later.clear();
  members.redactions.clear();
  for (storage::PartyDecision& decision : members.decisions) {
    if (std::holds_alternative<policy::Permit>(decision.outcome)) decision.outcome = members.denied;
    decision.withheld_until.reset();
  }
}

// What it is asked about now; and where an embargo alone denies it, about the time behind.
void PublicationBatch::Ask(const trust::Accepted& party, Class& members) const {
  const OrgId& org = party.party.org;
  policy::Question question = OutboundQuestion(room_, members.constraints, party, members.subject);
  const auto [decision, shadow] = Judge(room_, *rules_, question);
  storage::PartyDecision recorded{org, RejectReason::kNone};
  recorded.shadow = shadow;
  if (decision.permitted()) {
    recorded.outcome = *decision.permit();
    recorded.rule = decision.rule;
    members.now.push_back(org);
  } else {
    recorded.outcome = decision.denial()->reason;
    if (decision.denial()->reason == RejectReason::kPolicyRule) recorded.rule = decision.rule;
    Hold(decision, members);
    const bool redacted = NoteRedaction(question, recorded, members);
    if (question.now < members.constraints.embargo_until) {
      question.now = members.constraints.embargo_until;
      if (policy::Evaluate(rules_->in_force, question).permitted()) {
        recorded.withheld_until = members.constraints.embargo_until;
      } else if (!redacted) {
        NoteRedaction(question, recorded, members);
      }
    }
    if (recorded.withheld_until) members.later.push_back(org);
  }
  members.decisions.push_back(std::move(recorded));
}

void PublicationBatch::Deny(Class& members, RejectReason reason, std::string why) {
  members.local.reset();
  members.denied = reason;
  members.why_denied = std::move(why);
}

// Each member may read what is signed to the group, and may hand it to every other: where policy keeps it from one of
// them, it is signed to none.
void PublicationBatch::AskGroup(Class& members) const {
  if (!members.local) return;
  const auto group = GroupId::From(members.constraints.sg_id);
  members.group = group ? room_.groups.Newest(*group) : nullptr;
  if (members.group == nullptr) {
    return Deny(members, RejectReason::kMemberHash,
                "the group is not followed here any more; see `entente group list`");
  }
  if (absl::Status fits = envelope::CheckForGroup(room_.self.org(), *members.group, members.constraints); !fits.ok()) {
    return Deny(members, ReasonOf(fits), std::string(fits.message()));
  }
  // Policy read the group party by party: a version that came in between is taken by the next publish.
  if (std::any_of(members.audience.begin(), members.audience.end(),
                  [&](const OrgId& org) { return !members.group->IsMember(org); })) {
    return Deny(members, RejectReason::kUnavailable, "the group changed while this was published; publish it again");
  }
  const std::vector<OrgId> left = room_.groups.Left(*group);
  for (const OrgId& member : members.group->members()) {
    const bool reached = std::binary_search(members.audience.begin(), members.audience.end(), member);
    if (reached || member == room_.self.org() || std::find(left.begin(), left.end(), member) != left.end()) continue;
    const auto decision = std::find_if(members.decisions.begin(), members.decisions.end(),
                                       [&](const storage::PartyDecision& one) { return one.org == member; });
    const std::string all = "; what goes to a group goes to all of its members, so nobody was sent it";
    if (decision == members.decisions.end()) {
      return Deny(members, RejectReason::kUnknownParty,
                  "a member of the group, " + crypto::ToHex(member.view()).substr(0, 16) +
                      ", is not on file here; accept it with `entente peer add`" + all);
    }
    const RejectReason reason = std::get<RejectReason>(decision->outcome);
    return Deny(members, reason,
                model::Escaped(room_.directory.NameOf(member), 64) +
                    ", a member of the group, may not have it: " + std::string(Describe(reason).meaning) + all);
  }
  members.audience = members.group->members();
}

}  // namespace entente::exchange
