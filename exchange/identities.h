#pragma once

#include "exchange/exchange.h"

// Later identity documents of parties on file. Accepting a party stays the operator's act (AcceptParty).
namespace entente::exchange {

// Takes one document of `org` in by itself, durably before it counts; one that is on file changes nothing. The newest
// may have expired by now: what follows leads on. Refuses as trust::Directory::Extend does, and with the store's
// faults; two documents for one version are kept as evidence and refused with kEquivocation. Blocks until it is on
// disk.
absl::Status TakeIdentity(const Room& room, const OrgId& org, const v1::SignedIdentity& wire);

}  // namespace entente::exchange
