#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <set>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"

namespace entente::exchange {

// Envelopes that were sealed to a group and wait for its other members: each member gets the same bytes, sealed once.
// The same member never gets one twice: it would refuse the copy as a replay. Safe from any thread.
class GroupEnvelopes {
 public:
  static constexpr size_t kMaxKeptBytes = 64u << 20;  // the oldest give way
  static constexpr absl::Duration kKept = absl::Minutes(2);

  // What an envelope carries (entries of the outbox, which are records of the journal) and for which epoch.
  struct Cargo {
    RouteTag epoch;
    std::vector<uint64_t> entries;
    bool operator==(const Cargo&) const = default;
  };
  using Seal = absl::FunctionRef<absl::StatusOr<Bytes>()>;
  // The envelope of `cargo` for `member`: one that is kept and that it was not given, else what `seal` gives. One is
  // sealed at a time, so that members who ask at once wait for the first. Refuses as `seal`.
  absl::StatusOr<Bytes> For(const Cargo& cargo, const OrgId& member, absl::Time now, Seal seal);

 private:
  struct Kept {
    Cargo cargo;
    Bytes envelope;
    absl::Time sealed;
    std::set<OrgId> given;
  };
  void Drop(absl::Time now);

  std::mutex mutex_;
  std::list<Kept> kept_;  // oldest first
  size_t bytes_ = 0;
};

}  // namespace entente::exchange
