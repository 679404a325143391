#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "policy/policy.h"

// Questions that rapidcheck draws: mostly sensible, so that deep checks are reached, with every kind of nonsense among
// them, and each fact sometimes given, sometimes not.
namespace entente::policy::testing {

inline int Pick(int count) {
  return *rc::gen::inRange(0, count);
}
inline bool Rarely() {
  return Pick(8) == 1;
}
// One of `choices`, rarely; else empty.
std::vector<std::string> Some(const std::vector<std::vector<std::string>>& choices);

// Limits that a publisher may state. Only narrow what was not stated.
void AddLimits(Constraints& constraints);
// Facts beside the records.
void AddFacts(Question& question);
Question AnyQuestion();

// What rapidcheck prints of a counter-example.
std::string Shown(const Question& question);

}  // namespace entente::policy::testing
