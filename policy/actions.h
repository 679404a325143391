#pragma once

#include <optional>

#include "model/iep.h"
#include "model/marking.h"
#include "policy/standing.h"

namespace entente::policy {

// What limits the actions of whoever holds an object.
struct ActionTerms {
  model::Label label = model::Label::kUnlabelled;  // that counts
  model::Pap pap = model::Pap::kUnset;
  const model::Iep* iep = nullptr;
  std::optional<Actions> agreed;  // where the object says nothing of PAP
  bool exercise = false;
};
// Never more than any of them allows; nothing for what is no label. docs/policy.md, section 5.
Actions ActionsAfterReceipt(const ActionTerms& terms);

}  // namespace entente::policy
