#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/marking.h"
#include "policy/standing.h"

namespace entente::exchange {

// Whoever called at the admin socket, as the kernel says.
struct Caller {
  uint32_t uid = 0;
  std::string name;  // as this machine's user database has it, printable ASCII; may be empty
};
// "anna (uid 1001)", or "uid 1001". At most storage::kMaxByBytes.
std::string Written(const Caller& caller);

// Which of this machine's users hold the organisation's seats and roles: docs/formats/seats.md. Immutable.
struct Seats {
  struct Seat {
    std::string name;  // "duty officer"
    std::set<uint32_t> users;
  };
  std::vector<Seat> seats;
  std::set<uint32_t> need_to_know, records, officers;
  // What has a stricter label than that is published by a second officer; unset: no label asks for one.
  std::optional<model::Label> second_officer_above;

  bool HoldsSeat(uint32_t uid) const;
  // What policy is told of a reader at home. Nobody known holds no seat and no role.
  policy::Standing StandingOf(const std::optional<Caller>& caller) const;
  bool NeedsSecondOfficer(model::Label label) const { return second_officer_above && label > *second_officer_above; }
};

}  // namespace entente::exchange
