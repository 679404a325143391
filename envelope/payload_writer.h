#pragma once

#include <vector>

#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/envelope.h"

// Private to envelope/.
namespace entente::envelope {

// Writes a v1::Payload with its length in front and zeros behind, copying each content once: building the message first
// would hold a 32 MiB content twice more. Everything is borrowed; outlives the writer.
class PayloadWriter {
 public:
  // `whole`: the batch travels complete, so audit paths are left out.
  PayloadWriter(const v1::SignedBody& batch, const std::vector<Sealable>& statements, bool whole);
  // How long length and payload will be, given that the seal's values change but not their widths.
  size_t SizeWithLength(const v1::SealBody& seal) const;
  Bytes Write(const v1::SignedBody& seal, size_t padded) const;

 private:
  const std::vector<Sealable>& statements_;
  Bytes batch_;
  std::vector<Bytes> entries_;  // each entry without its content
  size_t size_ = 0;             // of batch and statements as written
};

}  // namespace entente::envelope
