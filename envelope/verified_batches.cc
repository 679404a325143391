#include "envelope/verified_batches.h"

#include "crypto/crypto.h"

namespace entente::envelope {
namespace {

// Key and signature must have their one length each, so that no two triples join to the same bytes.
Digest NameOf(ByteView public_key, const v1::SignedBody& batch) {
  Bytes joined(public_key);
  joined.append(batch.signature()).append(batch.body());
  return crypto::Sha256(joined);
}

}  // namespace

bool VerifiedBatches::Knows(ByteView public_key, const v1::SignedBody& batch) const {
  return batch.signature().size() == crypto::kSignatureSize && known_.contains(NameOf(public_key, batch));
}

void VerifiedBatches::Remember(ByteView public_key, const v1::SignedBody& batch) {
  if (batch.signature().size() != crypto::kSignatureSize) return;
  const Digest name = NameOf(public_key, batch);
  if (!known_.insert(name).second) return;
  order_.push_back(name);
  if (order_.size() <= kMaxVerifiedBatches) return;
  known_.erase(order_.front());
  order_.pop_front();
}

}  // namespace entente::envelope
