#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "policy/sample_questions.h"
#include "policy/testing/any_question.h"
#include "policy/testing/reference.h"

namespace entente::policy {
namespace {

using model::Label;
using testing::AddLimits;
using testing::AnyQuestion;
using testing::Pick;
using testing::Shown;
using enum RejectReason;

// As many cases as docs/policy.md promises, unless whoever runs the tests asks for others; fewer under a sanitizer,
// which looks for other faults than a wrong answer and remembers every allocation.
#ifdef ENTENTE_ADDRESS_SANITIZER
constexpr const char* kCases = "max_success=500";
#else
constexpr const char* kCases = "max_success=20000";
#endif
[[maybe_unused]] const int kParameters = setenv("RC_PARAMS", kCases, 0);

bool Permitted(const Question& question) {
  return Evaluate({}, question).permitted();
}

RC_GTEST_PROP(PolicyProperty, EveryAnswerIsTheReferences, ()) {
  const Question question = AnyQuestion();
  const testing::Answer expected = testing::Reference(question);
  const Decision decision = Evaluate({}, question);
  const testing::Answer answer = testing::Reported(decision);
  RC_CLASSIFY(decision.permitted());
  if (answer != expected) {
    RC_LOG() << Shown(question) << "the page says " << expected.reason << " " << expected.relationship << " obliged to "
             << expected.obligations << ", actions " << int{expected.actions} << ", hops "
             << expected.hops_left.value_or(99) << ", instead " << static_cast<int>(expected.instead) << "\n";
  }
  RC_ASSERT(answer.reason == expected.reason);
  RC_ASSERT(answer.relationship == expected.relationship);
  RC_ASSERT(answer.obligations == expected.obligations);
  RC_ASSERT(answer.actions == expected.actions);
  RC_ASSERT(answer.hops_left == expected.hops_left);
  RC_ASSERT(answer.instead == expected.instead);
  if (decision.permitted()) RC_ASSERT(decision.permit()->recipient() == question.recipient.org);
  if (!decision.permitted()) RC_ASSERT(!decision.denial()->remedy.empty());
}

// Which trace step a reason belongs to, as the table in docs/policy.md says.
std::string StepOf(const Denial& denial) {
  if (denial.quarantine) return "marking";
  switch (denial.reason) {
    case kSignature:
      return "integrity";
    case kPolicyRecalled:
      return "recall";
    case kPolicyEmbargo:
      return "embargo";
    case kPolicyAgreement:
    case kPolicySuspended:
    case kPolicyLegalBasis:
    case kPolicyScope:
      return "agreement";
    case kPolicyRelOnClear:
    case kPolicyOrcon:
    case kPolicyRel:
      return "releasability";
    case kPolicyExercise:
      return "exercise";
    case kPolicyGroup:
    case kPolicyCoalition:
      return "group";
    case kPolicyTlp:
      return "tlp";
    case kPolicyAddressee:
      return "addressees";
    case kPolicyNoBasis:
    case kPolicySpecial:
      return "personal_data";
    case kPolicySector:
      return "sector";
    case kPolicyIepDate:
    case kPolicyIepPlain:
    case kPolicyIepResale:
      return "iep";
    case kPolicyPap:
      return "pap";
    case kPolicyHops:
      return "hops";
    case kPolicyPurpose:
      return "purpose";
    case kPolicyUnsupported:
      return "personal_data pap purpose retention obligations";
    default:
      return "no step has this reason";  // the list of all doors' reasons is longer than policy's
  }
}
RC_GTEST_PROP(PolicyProperty, ADenialNamesTheFirstFailingCheckAndAPermitHasNone, ()) {
  const Decision decision = Evaluate({}, AnyQuestion());
  const auto failing = std::find_if(decision.trace.begin(), decision.trace.end(),
                                    [](const Step& s) { return s.result == Result::kFail; });
  RC_ASSERT(decision.permitted() == (failing == decision.trace.end()));
  for (const Step& step : decision.trace) RC_ASSERT(!step.detail.empty());
  if (decision.permitted())
    RC_ASSERT(!decision.permit()->relationship().empty());
  else
    RC_ASSERT(StepOf(*decision.denial()).find(failing->check) != std::string::npos);
}

RC_GTEST_PROP(PolicyProperty, NothingUnlabelledUnknownOrMalformedIsPermitted, ()) {
  Question question = AnyQuestion();
  if (Pick(2) == 0)
    question.constraints.label = static_cast<Label>(Pick(2) == 0 ? 0 : *rc::gen::inRange(6, 1000));
  else
    question.quarantine = *rc::gen::nonEmpty(rc::gen::string<std::string>());
  const Decision decision = Evaluate({}, question);
  RC_ASSERT(!decision.permitted());
  RC_ASSERT(decision.denial()->instead == WithoutContent::kNothing);
}

RC_GTEST_PROP(PolicyProperty, RaisingALabelNeverPermitsMore, ()) {
  Question question = AnyQuestion();
  RC_PRE(CheckInput(question.constraints).ok());
  bool before = Permitted(question);
  for (int label = static_cast<int>(question.constraints.label) + 1; label <= 5; ++label) {
    question.constraints.label = static_cast<Label>(label);
    const bool now = Permitted(question);
    RC_ASSERT(before || !now);
    before = now;
  }
}

RC_GTEST_PROP(PolicyProperty, SettingARestrictionNeverPermitsMore, ()) {
  Question question = AnyQuestion();
  const bool before = Permitted(question);
  Constraints more;
  AddLimits(more);
  Constraints& c = question.constraints;
  if (c.rel_to.empty()) c.rel_to = more.rel_to;
  if (c.not_rel_to.empty()) c.not_rel_to = more.not_rel_to;
  if (c.sector_to.empty()) c.sector_to = more.sector_to;
  c.orcon = c.orcon || more.orcon;
  c.pap = std::max(c.pap, more.pap);
  if (!c.hop_limit) c.hop_limit = more.hop_limit;
  RC_ASSERT(before || !Permitted(question));
}

// What says of a group, an exercise, a purpose or personal data only narrows where nobody has a standing in it.
RC_GTEST_PROP(PolicyProperty, SettingWhatNeedsAFactNeverPermitsMoreWithoutIt, ()) {
  Question question = AnyQuestion();
  Question without = SampleQuestion(question.constraints.label, question.recipient);
  without.constraints = question.constraints;
  const bool before = Permitted(without);
  Constraints more;
  AddLimits(more);
  Constraints& c = without.constraints;
  if (c.purpose.empty()) c.purpose = more.purpose;
  if (c.sg_id.empty()) c.sg_id = more.sg_id;
  if (c.exercise_id.empty()) c.exercise_id = more.exercise_id;
  c.personal_data = std::max(c.personal_data, more.personal_data);
  c.retain_until = std::min(c.retain_until, more.retain_until);
  RC_ASSERT(before || !Permitted(without));
}

RC_GTEST_PROP(PolicyProperty, WhoHonoursNothingIsObligedToNothing, ()) {
  Question question = AnyQuestion();
  question.honours_obligations = false;
  const Decision decision = Evaluate({}, question);
  if (decision.permitted()) RC_ASSERT(testing::Reported(decision).obligations == 0u);
}

RC_GTEST_PROP(PolicyProperty, NoRelayIsEverPermitted, ()) {
  Question question = AnyQuestion();
  question.recipient.kind = model::PartyKind::kRelay;
  question.standing.public_channel = question.standing.unverified = false;
  RC_PRE(question.sender.org != question.recipient.org);
  RC_ASSERT(!Permitted(question));
}

RC_GTEST_PROP(PolicyProperty, TheSameQuestionHasTheSameAnswer, ()) {
  const Question question = AnyQuestion();
  const Decision first = Evaluate({}, question), second = Evaluate({}, Question(question));
  RC_ASSERT(testing::Reported(first) == testing::Reported(second));
  for (size_t i = 0; i < first.trace.size(); ++i) RC_ASSERT(first.trace[i].detail == second.trace[i].detail);
}

}  // namespace
}  // namespace entente::policy
