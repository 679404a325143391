#pragma once

#include "exchange/exchange.h"

// What peers remember of this node's journal, and this node of theirs (docs/formats/session.md).
namespace entente::exchange {

// A head that a peer remembers of this node, against the journal. kRolledBack when the peer has seen a longer or another
// history, signed by this node; OK otherwise, also for heads that this node did not sign (they prove nothing).
absl::Status CheckRememberedHead(const Room& room, const v1::SignedBody& seen);
// Keeps the newest head of `peer`, checked before, so that an older one is known for what it is. Does not wait; where the
// disk refuses, an older head stays.
void RememberHead(const Room& room, const OrgId& peer, const v1::SignedBody& head);

}  // namespace entente::exchange
