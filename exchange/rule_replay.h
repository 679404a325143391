#pragma once

#include <functional>

#include "exchange/rule_diff.h"

namespace entente::exchange {

// Objects asked about so far, of about so many. Answers false when nobody waits any more. Called on the caller's
// thread.
using ReplayProgress = std::function<bool(uint64_t done, uint64_t about)>;

inline constexpr size_t kReplayBlock = 1024;      // objects that one thread takes at a time
inline constexpr unsigned kMaxReplayThreads = 4;  // at most as many as there are processors

// Adds the objects stored behind `upto` to `diff`, and moves `upto` to the end of the journal as it was when this
// began. Refuses with kUnavailable when nobody waits any more, kStoreCorrupt, kStoreIo; `diff` then holds only some.
absl::Status ReplayStore(const storage::Journal& journal, RuleDiff& diff, uint64_t& upto,
                         const ReplayProgress& progress);

}  // namespace entente::exchange
