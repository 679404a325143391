#pragma once

#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "trust/parties.h"

namespace entente::trust {

// When something signed is taken in. What comes back from this node's own journal has the time of its record in both.
struct Arrival {
  absl::Time now;
  std::optional<absl::Time> recorded = std::nullopt;  // when this node is known to have seen the same bytes before
  bool asked = false;  // it answers a question of this node, which may be about what is past

  bool MayBePast() const { return asked || recorded.has_value(); }
};

// Writes what is being taken in to disk, before it counts. What it refuses is not taken.
using Persist = absl::FunctionRef<absl::Status()>;

// What one party's key signed. Borrowed.
struct PartySignature {
  OrgId org;
  KeyId key_id;
  ByteView payload_type, body, signature;
  absl::Time at;  // when the body says that it was made
};
// Whether the signature holds and its key counts ("When a key counts" of docs/formats/identity.md). Refuses with
// kUnknownParty for an organisation that is not on file, kNoKey, kKeyUse, kTime, kRevoked, kFreeze and kSignature.
absl::Status CheckPartySignature(const Parties& parties, const PartySignature& signature, const Arrival& arrival);

}  // namespace entente::trust
