#pragma once

#include <cstddef>
#include <deque>

#include "absl/container/flat_hash_set.h"
#include "base/bytes.h"
#include "entente/v1/identity.pb.h"

namespace entente::envelope {

// Which batches were found signed by which public key, so that 1,024 statements of one batch, each alone, cost one
// verification. By the hash of key, body and signature: what differs in a bit is unknown. At most kMaxVerifiedBatches; the oldest goes.
// One thread.
inline constexpr size_t kMaxVerifiedBatches = 1024;
class VerifiedBatches {
 public:
  bool Knows(ByteView public_key, const v1::SignedBody& batch) const;
  void Remember(ByteView public_key, const v1::SignedBody& batch);
  size_t size() const { return order_.size(); }

 private:
  absl::flat_hash_set<Digest> known_;
  std::deque<Digest> order_;  // oldest first
};

}  // namespace entente::envelope
