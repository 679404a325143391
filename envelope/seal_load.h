#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/secret.h"
#include "envelope/header.h"
#include "envelope/load.h"

// Private to envelope/: what sealing has in common, whoever can open it (docs/formats/envelope.md).
namespace entente::envelope {

// The content key and the slots that hold it; no slots in group mode.
struct Keying {
  crypto::SecretBytes content_key;
  Bytes slots;
};
// The header of an envelope made now, but for its mode, route tag and slots.
Header NewHeader(absl::Time now);
// Seals `load` under `header`, which needs no size class yet. `keying` gets the hash of the finished header. Refuses
// with kLimit over 64 MiB, as `keying` does, and with kHsm where a token does not sign.
absl::StatusOr<Bytes> SealLoad(const trust::Self& self, const Load& load, Header header,
                               absl::FunctionRef<absl::StatusOr<Keying>(const Digest& h0)> keying, absl::Time now);
// Of what the payload says, so that two payloads get two keys, whatever the machine's generator does.
Digest HashOfSaid(const trust::Self& self, const Load& load, absl::Time now);

}  // namespace entente::envelope
