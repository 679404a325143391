#include "exchange/seats.h"

#include <algorithm>

#include "model/text.h"

namespace entente::exchange {

std::string Written(const Caller& caller) {
  const std::string uid = "uid " + std::to_string(caller.uid);
  return caller.name.empty() ? uid : model::Escaped(caller.name, 64) + " (" + uid + ")";
}

bool Seats::HoldsSeat(uint32_t uid) const {
  return std::any_of(seats.begin(), seats.end(), [uid](const Seat& seat) { return seat.users.contains(uid); });
}

policy::Standing Seats::StandingOf(const std::optional<Caller>& caller) const {
  policy::Standing standing;
  standing.seat = caller && HoldsSeat(caller->uid);
  standing.need_to_know = caller && need_to_know.contains(caller->uid);
  return standing;
}

}  // namespace entente::exchange
