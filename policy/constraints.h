#pragma once

#include <string_view>

#include "absl/time/time.h"
#include "policy/policy.h"

namespace entente::policy {

// What is malformed or contradictory about the constraints themselves, as a phrase; empty when nothing is. Does not
// look at the label. No allocation: it runs in every decision.
std::string_view WhatIsMalformed(const Constraints& constraints);
bool IsLabel(model::Label label);  // one of the five; neither unlabelled nor a value from nowhere
// True when something restricts the release of what is, or will be, CLEAR.
bool RestrictsClear(const Constraints& constraints);
bool HasEmbargo(const Constraints& constraints);
// The label that counts at `now`: during an embargo at least AMBER+STRICT; behind it what was signed for then, else
// what counted before; without one the own label.
model::Label EffectiveLabel(const Constraints& constraints, absl::Time now);

}  // namespace entente::policy
