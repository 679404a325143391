#include <algorithm>
#include <set>

#include "policy/actions.h"
#include "policy/checks.h"
#include "policy/object_facts.h"
#include "policy/rule_index.h"

namespace entente::policy {
namespace {

constexpr size_t kMaxDetail = 512;  // further redactions stand in the permit alone

// Collects what checks find. The first failure decides.
class Trace {
 public:
  Trace() { decision_.trace.reserve(kChecks.size() + 2); }

  void Add(std::string_view check, Finding finding, bool quarantine) {
    if (finding.result == Result::kFail && permitted_) {
      permitted_ = false;
      decision_.outcome = Denial{finding.reason, quarantine, std::move(finding.remedy), WithoutContent::kNothing};
    }
    decision_.trace.push_back({std::string(check), finding.result, std::move(finding.detail)});
  }
  bool permitted() const { return permitted_; }
  Decision& decision() { return decision_; }

 private:
  Decision decision_{Denial{RejectReason::kInternal, false, {}, WithoutContent::kNothing}, {}, {}};
  bool permitted_ = true;
};

// What the rules that match say together; the last one decides where it is no redaction.
Finding FindingOf(const std::vector<const Rule*>& rules, const std::string& file) {
  static constexpr std::string_view kVerbs[] = {"withheld", "redacted", "held", "permitted"};
  if (rules.empty()) return {Result::kPass, "none matches", RejectReason::kNone, {}};
  std::string detail, place;
  for (const Rule* rule : rules) {
    place = "'" + rule->id + "' (" + file + ":" + std::to_string(rule->place.line) + ")";
    if (detail.size() > kMaxDetail) continue;
    detail += (detail.empty() ? "" : ", ") + std::string(kVerbs[static_cast<size_t>(rule->effect)]) + " by " + place;
  }
  const Effect effect = rules.back()->effect;
  if (effect == Effect::kRedact || effect == Effect::kPermit) return {Result::kPass, detail, RejectReason::kNone, {}};
  return {Result::kFail, detail, RejectReason::kPolicyRule, "change local rule " + place + ", if its reason is gone"};
}

// Whether a redaction has anything to take away. Of an object that is known to have none of it, nothing is asked.
bool HasToRemove(const Rule& rule, const ObjectFacts* object) {
  if (rule.effect != Effect::kRedact) return false;
  if (object == nullptr || !object->properties_whole) return true;
  return std::any_of(rule.remove.begin(), rule.remove.end(), [object](const std::string& name) {
    return std::find(object->properties.begin(), object->properties.end(), name) != object->properties.end();
  });
}

}  // namespace

// The only maker of Permits.
struct Engine {
  static Permit MakePermit(const Facts& facts, Obligations obligations, const std::vector<const Rule*>& rules) {
    Permit permit;
    permit.recipient_ = facts.recipient.org;
    permit.label_ = facts.label;
    permit.relationship_ = Name(facts.carrier->relationship);
    permit.obligations_ = obligations;
    std::set<std::string> removes;
    for (const Rule* rule : rules) removes.insert(rule->remove.begin(), rule->remove.end());
    permit.removes_.assign(removes.begin(), removes.end());
    permit.hops_left_ = HopsLeft(facts);
    permit.actions_ =
        ActionsAfterReceipt({facts.label, facts.constraints.pap, facts.question.iep ? &*facts.question.iep : nullptr,
                             facts.standing.terms.actions, !facts.constraints.exercise_id.empty()});
    return permit;
  }
  static const RuleIndex* IndexOf(const Rules& rules) { return rules.index_.get(); }
};

Decision Evaluate(const Rules& rules, const Question& question) {
  const Facts facts(question);
  Trace trace;
  for (const Check& check : kChecks) trace.Add(check.name, check.run(facts), check.name == kMarkingCheck);
  Obligations obligations = ObligationsOf(facts);
  std::vector<const Rule*> matching;
  if (const RuleIndex* index = Engine::IndexOf(rules); index != nullptr) {
    matching = index->Find(facts);
    if (!matching.empty() && matching.back()->effect != Effect::kRedact) trace.decision().rule = matching.back()->id;
    const bool held = !matching.empty() && matching.back()->effect == Effect::kQuarantine;
    trace.Add("local_rules", FindingOf(matching, index->file()), held);
    const auto redacts = [&](const Rule* rule) { return HasToRemove(*rule, question.object); };
    if (std::any_of(matching.begin(), matching.end(), redacts))
      obligations |= static_cast<Obligations>(Obligation::kRedact);
  }
  if (obligations != 0 && !question.honours_obligations) {
    trace.Add("obligations",
              {Result::kFail, "nobody says that what a permit obliges to is done", RejectReason::kPolicyUnsupported,
               "ask where what a permit obliges to is done"},
              false);
  }
  Decision& decision = trace.decision();
  if (trace.permitted()) {
    decision.outcome = Engine::MakePermit(facts, obligations, matching);
  } else {
    std::get<Denial>(decision.outcome).instead = InsteadOf(facts);
  }
  return std::move(decision);
}

}  // namespace entente::policy
