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
  // `beside`: what stands behind batch, statements and seal. `batch` is null in an envelope of notices. `whole`: the batch travels
  // complete, so audit paths are left out.
  PayloadWriter(const v1::SignedBody* batch, const std::vector<Sealable>& statements, bool whole, const v1::Payload& beside);
  // How long length and payload will be, given that the seal's values change but not their widths.
  size_t SizeWithLength(const v1::SealBody& seal) const;
  Bytes Write(const v1::SignedBody& seal, size_t padded) const;

 private:
  const std::vector<Sealable>& statements_;
  Bytes batch_, beside_;
  std::vector<Bytes> entries_;  // each entry without its content
  size_t size_ = 0;             // of everything but the seal, as written
};

}  // namespace entente::envelope
