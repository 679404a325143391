#include "policy/constraints.h"
#include "policy/finding.h"

// What the origin, an exercise or a group says of who may have it, whatever the label.
namespace entente::policy {
namespace {

using model::Label;
using enum RejectReason;

// Clients of members follow the label, unless the group's document says otherwise.
bool BringsItsClients(const Facts& facts) {
  if (!facts.standing.client) return false;
  return facts.standing.group->clients.value_or(facts.label <= Label::kAmber);
}

}  // namespace

Finding CheckReleasability(const Facts& facts) {
  const Constraints& limits = facts.constraints;
  if (RestrictsClear(limits)) {
    return Fail(kPolicyRelOnClear, "a release restriction on CLEAR is a contradiction",
                "its origin must raise the label or drop the restriction");
  }
  if (limits.orcon && !facts.direct) {
    return Fail(kPolicyOrcon, "its originator controls onward release and gave no token",
                "ask its originator to share it directly");
  }
  if (limits.rel_to.empty() && limits.not_rel_to.empty()) return Skip("not restricted");
  if (facts.same_org) return Pass("own organisation");
  const std::string nation(NationOf(facts));
  const std::string whose = Who(facts) + (nation.empty() ? " (nation unknown)" : " (" + nation + ")");
  if (!limits.rel_to.empty() && !Holds(limits.rel_to, nation)) {
    return Fail(kPolicyRel, "releasable to " + Joined(limits.rel_to) + " only, not to " + whose,
                "its origin must publish it again releasable to " + (nation.empty() ? "that nation" : nation));
  }
  if (!limits.not_rel_to.empty() && (nation.empty() || Holds(limits.not_rel_to, nation))) {
    return Fail(kPolicyRel, "not releasable to " + Joined(limits.not_rel_to) + ", so not to " + whose,
                "its origin must publish it again without that exclusion");
  }
  return Pass("releasable to " + nation);
}

Finding CheckExercise(const Facts& facts) {
  const std::string& exercise = facts.constraints.exercise_id;
  const std::string& lane = facts.question.lane;
  if (exercise.empty() && lane.empty()) return Skip("no exercise");
  if (facts.same_org) return Pass("own organisation");
  if (exercise.empty()) {
    return Fail(kPolicyExercise, "it is of no exercise, and this is the lane of exercise " + model::Escaped(lane, 64),
                "send it outside the exercise");
  }
  if (lane.empty() || facts.to_public) {
    return Fail(kPolicyExercise, "it belongs to an exercise in which " + Who(facts) + " is not enrolled",
                "this lane is not of that exercise; publish it again outside the exercise");
  }
  if (lane != exercise) {
    return Fail(kPolicyExercise, "it belongs to another exercise than the lane's, " + model::Escaped(lane, 64),
                "send it in the lane of its own exercise");
  }
  if (!facts.standing.enrolled) {
    return Fail(kPolicyExercise, Who(facts) + " is not enrolled in the exercise", "enrol " + Who(facts));
  }
  return Pass("enrolled");
}

Finding CheckGroup(const Facts& facts) {
  if (facts.constraints.sg_id.empty()) return Skip("no sharing group");
  if (facts.same_org) return Pass("own organisation");
  const std::string who = Who(facts);
  const std::string address = "publish it again without the group, addressed to " + who;
  if (!facts.standing.group || facts.to_public) {
    return Fail(kPolicyGroup, who + " is not known as a member of its sharing group", address);
  }
  const GroupStanding& group = *facts.standing.group;
  if (facts.question.now >= group.until) {
    return Fail(kPolicyCoalition, "the coalition behind its sharing group has ended", address);
  }
  if (!group.member && !BringsItsClients(facts)) {
    return Fail(kPolicyGroup, who + " is no member of its sharing group", "ask the group's admins to add " + who);
  }
  if (!IsLabel(group.ceiling) || facts.label > group.ceiling) {
    return Fail(kPolicyGroup, LabelName(facts.label) + " is above the group's ceiling, " + LabelName(group.ceiling),
                address);
  }
  return Pass(group.member ? "member" : "client of a member");
}

}  // namespace entente::policy
