// Whom objects of one effective marking reach: policy is asked about every party on file, and of a group every member
// has to be permitted.
#include <algorithm>

#include "crypto/encoding.h"
#include "exchange/publication_batch.h"
#include "model/text.h"

namespace entente::exchange {

PublicationBatch::Class& PublicationBatch::ClassFor(const policy::Constraints& constraints) {
  const auto [it, fresh] = classes_.try_emplace({constraints.label, constraints.pap});
  Class& members = it->second;
  if (!fresh) return members;
  members.constraints = constraints;
  const policy::Decision local = policy::Evaluate(room_.rules, LocalQuestion(room_, constraints));
  if (local.permitted()) {
    members.local = *local.permit();
  } else {
    Deny(members, local.denial()->reason, Sentence(*local.denial()));
  }
  for (const auto& party : room_.directory.All()) Ask(*party, members);
  members.audience = members.now;
  members.audience.insert(members.audience.end(), members.later.begin(), members.later.end());
  std::sort(members.audience.begin(), members.audience.end());
  if (!constraints.sg_id.empty()) AskGroup(members);
  return members;
}

// What it is asked about now; and where an embargo alone denies it, about the time behind.
void PublicationBatch::Ask(const trust::Accepted& party, Class& members) const {
  const OrgId& org = party.party.org;
  policy::Question question = OutboundQuestion(room_, members.constraints, party);
  const policy::Decision decision = policy::Evaluate(room_.rules, question);
  if (decision.permitted()) {
    members.decisions.push_back({org, *decision.permit()});
    members.now.push_back(org);
    return;
  }
  std::optional<absl::Time> until;
  if (question.now < members.constraints.embargo_until) {
    question.now = members.constraints.embargo_until;
    if (policy::Evaluate(room_.rules, question).permitted()) until = members.constraints.embargo_until;
  }
  members.decisions.push_back({org, decision.denial()->reason, until});
  if (until) members.later.push_back(org);
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
