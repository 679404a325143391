// What one question costs policy, without local rules and with a thousand, beside what no answer that explains itself
// can do without: the trace, built of the same words. CPU time of this program.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "policy/object_facts.h"
#include "policy/sample_questions.h"

namespace entente::policy {
namespace {

constexpr int kQuestions = 20'000;

// The least of several runs, in nanoseconds of one.
template <typename Work>
double Nanoseconds(const Work& work) {
  double least = 1e18;
  for (int run = 0; run < 9; ++run) {
    timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (int i = 0; i < kQuestions; ++i) work();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    least = std::min(
        least, static_cast<double>(end.tv_sec - begin.tv_sec) * 1e9 + static_cast<double>(end.tv_nsec - begin.tv_nsec));
  }
  return least / kQuestions;
}

// Rules that ask for type, party, confidence, label and property, of which none matches.
std::string ThousandRules() {
  std::string text = "version = 1\n";
  for (int i = 0; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    text += "[[rule]]\nid = \"r" + n + "\"\nwhen = { type = [\"indicator\", \"t" + n + "\"], peer = \"p" + n +
            "\", confidence_below = " + std::to_string(i % 100 + 1) + ", label_in = \"l" + n +
            "\", has_property = \"x" + n + "\" }\neffect = \"withhold\"\n";
  }
  return text;
}

ObjectFacts Indicator() {
  ObjectFacts object;
  object.type = "indicator";
  object.properties = {"type", "id", "created", "modified", "name", "pattern", "pattern_type", "valid_from", "labels"};
  object.labels = {"malicious-activity"};
  object.confidence = 50;
  return object;
}

void Demand(bool holds) {
  if (!holds) std::abort();
}
void Print(const char* what, double value) {
  std::printf("  %-48s %12.1f\n", what, value);
}

void Run() {
  const ObjectFacts object = Indicator();
  Question question = SampleQuestion(model::Label::kAmber, Estovia());
  question.constraints.addressees = {question.recipient.org};
  question.object = &object;
  const Rules none, thousand = *Rules::Parse(ThousandRules(), "rules.toml");
  const Decision decision = Evaluate(thousand, question);
  Demand(decision.permitted());
  const double trace = Nanoseconds([&] { Demand(std::vector<Step>(decision.trace).size() > 1); });
  const double bare = Nanoseconds([&] { Demand(Evaluate(none, question).permitted()); });
  const double ruled = Nanoseconds([&] { Demand(Evaluate(thousand, question).permitted()); });
  std::printf("one question\n");
  Print("trace_alone_ns", trace);
  Print("no_rules_ns", bare);
  Print("rules_1000_ns", ruled);
}

}  // namespace
}  // namespace entente::policy

int main() {
  entente::policy::Run();
}
