#pragma once

#include <chrono>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "exchange/groups.h"

namespace entente::peer {

inline constexpr absl::Duration kHelloTimeout = absl::Seconds(5);
// For the newer identity documents that a Hello names, which stand before everything else.
inline constexpr std::chrono::seconds kNewerTimeout{15};
inline constexpr absl::Duration kByeGrace = absl::Milliseconds(500);
inline constexpr std::string_view kStopping = "stopping", kReplaced = "replaced";

// Where what a session receives goes. Both outlive it.
struct Journeys {
  exchange::Admission& admission;
  exchange::Groups& groups;
};

// How a session ended.
struct SessionEnd {
  absl::Status why;      // says what to show the operator
  bool served = false;   // both Hellos held and it had its turn
  bool refused = false;  // one side refused the other; dialling again soon will hardly help
};

}  // namespace entente::peer
