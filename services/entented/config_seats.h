#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "exchange/seats.h"

namespace entente::node {

inline constexpr size_t kMaxSeatsBytes = 64 * 1024;  // of the file
inline constexpr size_t kMaxSeats = 64;              // of an organisation
inline constexpr size_t kMaxSeatUsers = 256;         // in one list of users
inline constexpr size_t kMaxSeatName = 64;           // bytes

struct SeatsFile {
  exchange::Seats seats;
  std::optional<gid_t> socket_group;  // whose members may use the admin socket beside its owner
};
// docs/formats/seats.md. Nothing where there is no file. Refuses with kConfig: "FILE:line:column: what, why, what to
// do"; users and groups are those that this machine knows now.
absl::StatusOr<std::optional<SeatsFile>> LoadSeats(const std::string& path);

}  // namespace entente::node
