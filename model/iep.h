#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "model/marking.h"

namespace entente::model {

// One Information Exchange Policy (FIRST, IEP 2.0), as far as policy reads it. docs/policy.md says what follows from
// it.
struct Iep {
  // What a receiver may do, each with all before it. kContact: nothing but reading until the provider was asked.
  enum class Actions { kNone, kContact, kInternal, kIndirect, kDirect };
  enum class Attribution { kMay, kMust, kMustNot };

  Label label = Label::kUnlabelled;  // its own tlp; joins the object's by strictness
  Actions actions = Actions::kDirect;
  Attribution attribution = Attribution::kMay;
  bool encrypt_in_transit = false;  // must; else may
  bool notify_affected = true;      // affected parties may be told
  bool unmodified_resale = true;    // may be resold as it is
  absl::Time start = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();  // the first moment at which it counts no longer
  bool operator==(const Iep&) const = default;
};

}  // namespace entente::model
