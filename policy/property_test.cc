#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "policy/sample_questions.h"

namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using enum RejectReason;

// As many cases as docs/policy.md promises, unless whoever runs the tests asks for others; fewer under a sanitizer,
// which looks for other faults than a wrong answer and remembers every allocation.
#ifdef ENTENTE_ADDRESS_SANITIZER
constexpr const char* kCases = "max_success=500";
#else
constexpr const char* kCases = "max_success=20000";
#endif
[[maybe_unused]] const int kParameters = setenv("RC_PARAMS", kCases, 0);

// --- The reference: docs/policy.md, sections 2 and 3, and nothing of the engine. ---
struct Answer {
  RejectReason reason = kNone;
  std::string relationship;
};

template <typename T>
bool In(const T& value, const std::vector<T>& list) { return std::count(list.begin(), list.end(), value) > 0; }
template <typename T>
bool Ascending(const std::vector<T>& list) {
  for (size_t i = 1; i < list.size(); ++i) if (!(list[i - 1] < list[i])) return false;
  return true;
}
bool Malformed(const Constraints& c) {
  for (const auto* nations : {&c.rel_to, &c.not_rel_to}) {
    if (!Ascending(*nations)) return true;
    for (const std::string& n : *nations) if (n.size() != 2 || !isupper(n[0]) || !isupper(n[1])) return true;
  }
  for (const std::string& n : c.rel_to) if (In(n, c.not_rel_to)) return true;
  for (const auto* words : {&c.sector_to, &c.purpose}) {
    if (!Ascending(*words)) return true;
    for (const std::string& w : *words) if (w.empty() || w.find(' ') != std::string::npos) return true;
  }
  const int pap = static_cast<int>(c.pap), personal = static_cast<int>(c.personal_data);
  const int post = static_cast<int>(c.post_embargo_label);
  if (!Ascending(c.addressees) || In(OrgId(), c.addressees)) return true;
  if (!c.sg_id.empty() && c.sg_id.size() != 32) return true;
  return pap > 4 || personal > 3 || post > 5 || (post != 0 && c.embargo_until == absl::InfinitePast());
}

Answer Reference(const Question& q) {
  const Constraints& c = q.constraints;
  const bool home = q.sender.org == q.recipient.org && !q.recipient.org.IsZero();
  const bool named = In(q.recipient.org, c.addressees), onward = q.hop != Hop::kDirect;
  const int own = static_cast<int>(c.label), kind = static_cast<int>(q.recipient.kind);
  const bool embargo = c.embargo_until != absl::InfinitePast(), running = embargo && q.now < c.embargo_until;
  const int post = static_cast<int>(c.post_embargo_label);
  const int label = !embargo ? own : !running && post != 0 ? post : std::max(own, 4);

  if (!q.integrity) return {kSignature, ""};
  if (q.quarantine == "NO_LABEL") return {kNoLabel, ""};
  if (q.quarantine == "CONFLICT") return {kConflict, ""};
  if (!q.quarantine.empty()) return {kMarking, ""};
  if (own == 0) return {kNoLabel, ""};
  if (own > 5 || Malformed(c)) return {kMarking, ""};
  if (!home && (!q.agreement || q.recipient.org.IsZero())) return {kPolicyAgreement, ""};
  if (!home && label > static_cast<int>(q.recipient.ceiling)) return {kPolicyScope, ""};
  const bool clear = c.label == Label::kClear || c.post_embargo_label == Label::kClear;
  if (clear && (c.rel_to.size() + c.not_rel_to.size() + c.sg_id.size() > 0 || c.orcon)) return {kPolicyRelOnClear, ""};
  if (c.orcon && onward) return {kPolicyOrcon, ""};
  if (!home && !c.rel_to.empty() && !In(q.recipient.nation, c.rel_to)) return {kPolicyRel, ""};
  const bool excluded = q.recipient.nation.empty() || In(q.recipient.nation, c.not_rel_to);
  if (!home && !c.not_rel_to.empty() && excluded) return {kPolicyRel, ""};
  if (!home && !c.exercise_id.empty()) return {kPolicyExercise, ""};
  if (!home && !c.sg_id.empty()) return {kPolicyGroup, ""};
  if (!home && running && !named) return {kPolicyEmbargo, ""};
  if (!home && onward) return {kPolicyHops, ""};
  static const char* const kRows[] = {"", "PPPPPP-", "PPPPPP-", "PAAAA--", "PAAAA--", "P------"};
  const char cell = home ? 'P' : kind > 5 ? '-' : kRows[label][kind + 1];
  if (cell == '-' || (cell == 'A' && !named)) return {kPolicyTlp, ""};
  if (!home && !c.addressees.empty() && !named) return {kPolicyAddressee, ""};
  bool meets = c.sector_to.empty();
  for (const std::string& sector : q.recipient.sectors) meets = meets || In(sector, c.sector_to);
  if (!home && !meets) return {kPolicySector, ""};
  const bool border = q.sender.nation != q.recipient.nation || q.recipient.nation.empty();
  const int personal = static_cast<int>(c.personal_data);
  const bool stays = personal == 3 || (personal == 2 && border) || !c.purpose.empty() || static_cast<int>(c.pap) >= 3;
  if (!home && stays) return {kPolicyUnsupported, ""};
  if (c.retain_until <= q.now) return {kPolicyUnsupported, ""};
  static const char* const kRelations[] = {"peer_nation", "peer_nation", "private_partner", "private_partner",
                                           "observer"};
  return {kNone, home ? "same_org" : kRelations[kind]};
}

// --- Questions: mostly sensible, so that deep checks are reached, with every kind of nonsense among them. ---
int Pick(int count) { return *rc::gen::inRange(0, count); }
bool Rarely() { return Pick(8) == 1; }
std::vector<std::string> Some(const std::vector<std::vector<std::string>>& choices) {
  if (!Rarely() && !Rarely()) return {};
  return choices[static_cast<size_t>(Pick(static_cast<int>(choices.size())))];
}

void AddLimits(Constraints& c) {
  c.rel_to = Some({{"XE"}, {"XE", "XN"}, {"AU", "CA"}, {"xe"}, {"XN", "XE"}});
  c.not_rel_to = Some({{"XE"}, {"AU"}, {"AU", "XN"}, {"AU", "AU"}});
  c.sector_to = Some({{"energy"}, {"energy", "water"}, {"water"}, {"two words"}, {""}});
  if (Rarely()) c.purpose = {"blocking"};
  c.orcon = Rarely();
  if (Rarely()) c.embargo_until = SampleNow() + absl::Hours(Pick(3) - 1);
  if (Rarely()) c.post_embargo_label = static_cast<Label>(Pick(7));
  if (Rarely()) c.pap = static_cast<model::Pap>(Pick(6));
  if (Rarely()) c.personal_data = static_cast<PersonalData>(Pick(5));
  if (Rarely()) c.retain_until = SampleNow() + absl::Hours(Pick(3) - 1);
  if (Rarely()) c.sg_id = Bytes(static_cast<size_t>(31 + Pick(2)), 'g');
  if (Rarely()) c.exercise_id = "exercise";
  if (Rarely()) c.hop_limit = static_cast<uint32_t>(Pick(3));
}

Question AnyQuestion() {
  Question q = SampleQuestion(static_cast<Label>(Rarely() ? Pick(8) : 1 + Pick(5)), Estovia());
  q.recipient.kind = static_cast<PartyKind>(Pick(7));
  q.recipient.ceiling = static_cast<Label>(Rarely() ? Pick(6) : 5);
  if (Rarely()) q.recipient.sectors = {"energy"};
  if (Rarely()) q.recipient.nation = Pick(2) == 0 ? "" : "XN";
  if (Rarely()) q.sender.nation.clear();
  if (Rarely()) q.recipient = q.sender;
  if (Rarely() && Rarely()) q.sender.org = q.recipient.org = OrgId();
  AddLimits(q.constraints);
  switch (Pick(5)) {
    case 0: q.constraints.addressees = {q.recipient.org}; break;
    case 1: q.constraints.addressees = {SampleOrg('a'), q.recipient.org}; break;
    case 2: q.constraints.addressees = {SampleOrg('a')}; break;
    case 3: if (Rarely()) q.constraints.addressees = {SampleOrg('z'), SampleOrg('a')}; break;
  }
  q.integrity = !Rarely();
  q.agreement = !Rarely();
  if (Rarely()) q.hop = Hop::kOnward;
  static const char* const kHeld[] = {"MARKING", "NO_LABEL", "CONFLICT", "rubbish"};
  if (Rarely()) q.quarantine = kHeld[Pick(4)];
  return q;
}

RC_GTEST_PROP(PolicyProperty, EveryAnswerIsTheReferences, ()) {
  const Question question = AnyQuestion();
  const Answer expected = Reference(question);
  const Decision decision = Evaluate({}, question);
  RC_ASSERT(decision.permitted() == (expected.reason == kNone));
  if (decision.permitted()) {
    RC_ASSERT(decision.permit()->relationship() == expected.relationship);
    RC_ASSERT(decision.permit()->recipient() == question.recipient.org);
  } else {
    RC_ASSERT(Describe(decision.denial()->reason).name == Describe(expected.reason).name);
    RC_ASSERT(!decision.denial()->remedy.empty());
  }
}

// Which trace step a reason belongs to, as the table in docs/policy.md says.
std::string StepOf(const Denial& denial) {
  if (denial.quarantine) return "marking";
  switch (denial.reason) {
    case kSignature: return "integrity";
    case kPolicyAgreement: case kPolicyScope: return "agreement";
    case kPolicyRelOnClear: case kPolicyOrcon: case kPolicyRel: return "releasability";
    case kPolicyExercise: return "exercise";
    case kPolicyGroup: return "group";
    case kPolicyEmbargo: return "embargo";
    case kPolicyHops: return "hops";
    case kPolicyTlp: return "tlp";
    case kPolicyAddressee: return "addressees";
    case kPolicySector: return "sector";
    case kPolicyUnsupported: return "personal_data purpose pap retention";
    default: return "no step has this reason";  // the list of all doors' reasons is longer than policy's
  }
}
RC_GTEST_PROP(PolicyProperty, ADenialNamesTheFirstFailingCheckAndAPermitHasNone, ()) {
  const Decision decision = Evaluate({}, AnyQuestion());
  const auto failing = std::find_if(decision.trace.begin(), decision.trace.end(),
                                    [](const Step& s) { return s.result == Result::kFail; });
  RC_ASSERT(decision.permitted() == (failing == decision.trace.end()));
  for (const Step& step : decision.trace) RC_ASSERT(!step.detail.empty());
  if (decision.permitted()) RC_ASSERT(!decision.permit()->relationship().empty());
  else RC_ASSERT(StepOf(*decision.denial()).find(failing->check) != std::string::npos);
}

RC_GTEST_PROP(PolicyProperty, NothingUnlabelledUnknownOrMalformedIsPermitted, ()) {
  Question question = AnyQuestion();
  if (Pick(2) == 0) question.constraints.label = static_cast<Label>(Pick(2) == 0 ? 0 : *rc::gen::inRange(6, 1000));
  else question.quarantine = *rc::gen::nonEmpty(rc::gen::string<std::string>());
  RC_ASSERT(!Evaluate({}, question).permitted());
}

RC_GTEST_PROP(PolicyProperty, RaisingALabelNeverPermitsMore, ()) {
  Question question = AnyQuestion();
  RC_PRE(CheckInput(question.constraints).ok());
  const bool before = Evaluate({}, question).permitted();
  for (int label = static_cast<int>(question.constraints.label) + 1; label <= 5; ++label) {
    question.constraints.label = static_cast<Label>(label);
    RC_ASSERT(before || !Evaluate({}, question).permitted());
  }
}

RC_GTEST_PROP(PolicyProperty, SettingARestrictionNeverPermitsMore, ()) {
  Question question = AnyQuestion();
  const bool before = Evaluate({}, question).permitted();
  Constraints more;
  AddLimits(more);
  Constraints& c = question.constraints;
  if (c.rel_to.empty()) c.rel_to = more.rel_to;
  if (c.not_rel_to.empty()) c.not_rel_to = more.not_rel_to;
  if (c.sector_to.empty()) c.sector_to = more.sector_to;
  if (c.purpose.empty()) c.purpose = more.purpose;
  if (c.sg_id.empty()) c.sg_id = more.sg_id;
  if (c.exercise_id.empty()) c.exercise_id = more.exercise_id;
  c.orcon = c.orcon || more.orcon;
  c.pap = std::max(c.pap, more.pap);
  c.personal_data = std::max(c.personal_data, more.personal_data);
  c.retain_until = std::min(c.retain_until, more.retain_until);
  RC_ASSERT(before || !Evaluate({}, question).permitted());
}

RC_GTEST_PROP(PolicyProperty, TheSameQuestionHasTheSameAnswer, ()) {
  const Question question = AnyQuestion();
  const Decision first = Evaluate({}, question), second = Evaluate({}, Question(question));
  RC_ASSERT(first.permitted() == second.permitted());
  for (size_t i = 0; i < first.trace.size(); ++i) RC_ASSERT(first.trace[i].detail == second.trace[i].detail);
}

}  // namespace
}  // namespace entente::policy
